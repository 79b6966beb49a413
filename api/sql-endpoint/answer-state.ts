/** What a statement says of the tables that its rows are of: versions, age, and whether they are still what was checked. */
import { dictionaryKey } from '../http/structured-fields.ts'
import type { EndpointFacts } from './facts.ts'

export type AnswerState = {
  /** Dictionary of RFC 9651: `users=57, user_activity=61`; undefined when no table was published. */
  readonly versions: string | undefined
  /** The oldest of the tables, ISO 8601. */
  readonly asOf: string | undefined
  /** Which rows these are, for entity tags. */
  readonly identity: string
  /** `schema.table` → hash of its contract. */
  readonly contracts: ReadonlyMap<string, string>
  /** `millrace.published` is there, which it was not when the endpoint was checked. */
  readonly ledgerCame: boolean
}

const empty: AnswerState = {
  versions: undefined,
  asOf: undefined,
  identity: '',
  contracts: new Map(),
  ledgerCame: false,
}

/** Of the ledger: version, hash of the contract, as of (`- -`: not known), source. */
const line = /^(\d+) (-?\d+) (\S+) (\S+) (.*)$/

/** @param text what `stateExpression` gave for the same facts */
export function readAnswerState(text: string | null, facts: EndpointFacts): AnswerState {
  if (text === null) return empty
  const { relations, hasLedger } = facts
  if (!hasLedger) return { ...empty, ledgerCame: true }
  const lines = text.split('\n')
  const tables = relations.flatMap(({ schema, name }, index) => {
    const match = line.exec(lines[index] ?? '')
    if (match === null) return []
    const [, version = '', contract = '', day = '', time = '', source = ''] = match
    return [{ key: keyOf(schema, name), name, version, contract, source, asOf: isoOf(day, time) }]
  })
  const labelled = tables.flatMap(({ name, version, asOf }) =>
    asOf === undefined ? [] : [{ label: `${dictionaryKey(name)}=${version}`, asOf }],
  )
  return {
    versions:
      labelled.length === 0
        ? undefined
        : labelled
            .map(({ label }) => label)
            .sort()
            .join(', '),
    asOf: labelled.map(({ asOf }) => asOf).sort()[0],
    // A new contract may mask other columns of the same version.
    identity: JSON.stringify(tables.map((one) => [one.key, one.version, one.source, one.contract])),
    contracts: new Map(tables.map(({ key, contract }) => [key, contract])),
    ledgerCame: false,
  }
}

/** `2024-11-25`, `12:00:00.5+00` → `2024-11-25T12:00:00.500000Z`; sessions are in UTC. */
function isoOf(day: string, time: string): string | undefined {
  const match = /^(\d\d:\d\d:\d\d)(?:\.(\d+))?\+00$/.exec(time)
  return match === null ? undefined : `${day}T${match[1]}.${(match[2] ?? '').padEnd(6, '0')}Z`
}

/** Tells whether the tables promise what they did when the endpoint was checked. */
export function isAsChecked(state: AnswerState, facts: EndpointFacts): boolean {
  if (!facts.hasLedger) return !state.ledgerCame
  const published = facts.relations.filter((one) => one.published !== undefined)
  return (
    published.length === state.contracts.size &&
    published.every(
      (one) => state.contracts.get(keyOf(one.schema, one.name)) === one.published?.contract,
    )
  )
}

function keyOf(schema: string, name: string): string {
  return `${schema}.${name}`
}
