/** What a statement says of the tables that its rows are of: versions, age, and whether they are still what was checked. */
import { z } from 'zod'
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
}

const stateSchema = z.array(
  z.tuple([
    z.string(),
    z.string(),
    z.string().nullable(),
    z.string().nullable(),
    z.string(),
    z.string(),
  ]),
)

const empty: AnswerState = {
  versions: undefined,
  asOf: undefined,
  identity: '',
  contracts: new Map(),
}

/** @param text JSON of `stateExpression` */
export function readAnswerState(text: string | null): AnswerState {
  if (text === null) return empty
  const tables = stateSchema.parse(JSON.parse(text))
  const labelled = tables.filter(([, , version, asOf]) => version !== null && asOf !== null)
  const times = labelled.map(([, , , asOf]) => asOf ?? '').sort()
  return {
    versions:
      labelled.length === 0
        ? undefined
        : labelled.map(([, name, version]) => `${dictionaryKey(name)}=${version}`).join(', '),
    asOf: times[0],
    identity: JSON.stringify(
      tables.map(([schema, name, version, , source]) => [schema, name, version, source]),
    ),
    contracts: new Map(tables.map(([schema, name, , , , hash]) => [keyOf(schema, name), hash])),
  }
}

/** Tells whether the tables promise what they did when the endpoint was checked. */
export function isAsChecked(state: AnswerState, facts: EndpointFacts): boolean {
  if (!facts.hasLedger) return true
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
