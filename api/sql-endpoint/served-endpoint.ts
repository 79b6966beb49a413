/** An endpoint in service: what is known of it, learned again when its tables promise something else. */
import { createHash } from 'node:crypto'
import { problem } from '../../core/problems.ts'
import { explainPostgresError } from '../sources/postgres-errors.ts'
import { examineMs } from '../sources/postgres-source.ts'
import { type AnswerState, readAnswerState } from './answer-state.ts'
import { tableRolesOf } from './check-table-roles.ts'
import type { EndpointFacts } from './facts.ts'
import type { Endpoint } from './parse-endpoint.ts'
import { type StatementKind, statementOf } from './statement.ts'

/** A statement, and the name by which connections keep it. */
type MadeStatement = { readonly name?: string; readonly text: string }

export type CheckedEndpoint = {
  readonly facts: EndpointFacts
  /** Callers need one of each. */
  readonly tableRoles: readonly (readonly string[])[]
  /** Made once for each kind. */
  statement(kind: StatementKind): MadeStatement
  /** Most answers are of the same versions as the one before, whose reading is kept. */
  readState(text: string | null): AnswerState
}

export interface ServedEndpoint {
  readonly endpoint: Endpoint
  /** Stands for the whole file in keys and tags. */
  readonly fingerprint: string
  /** What is known; asks the database the first time. @throws what the check throws */
  checked(): Promise<CheckedEndpoint>
  /** What is known, at once. */
  known(): CheckedEndpoint | undefined
  /** Asks the database again; calls at the same time share one answer. */
  checkAgain(): Promise<CheckedEndpoint>
}

export function createServedEndpoint(
  endpoint: Endpoint,
  check: (endpoint: Endpoint) => Promise<EndpointFacts>,
): ServedEndpoint {
  let known: CheckedEndpoint | undefined
  let checking: Promise<CheckedEndpoint> | undefined

  const checkAgain = () => {
    checking ??= check(endpoint)
      .then((facts) => {
        known = toChecked(endpoint, facts)
        return known
      })
      .finally(() => {
        checking = undefined
      })
    return checking
  }
  return {
    endpoint,
    fingerprint: hashOf(endpoint.content),
    known: () => known,
    checked: async () => known ?? (await checkAgain()),
    checkAgain,
  }
}

/** An endpoint that does not fit its tables any more is no fault of whoever calls it, nor is a database that is away. */
export function explainRecheck(error: unknown): unknown {
  const isAuthors =
    error instanceof Error &&
    'code' in error &&
    /^api\/(broken-endpoint|not-built)$/.test(`${error.code}`)
  return isAuthors
    ? problem('api/table-missing', {}, { cause: error })
    : explainPostgresError(error, examineMs)
}

/**
 * Sizes of pages of which statements are kept, here and by every connection to PostgreSQL, which needs some 60 kB for
 * each. Other sizes are planned anew.
 */
const maxStatements = 8

function toChecked(endpoint: Endpoint, facts: EndpointFacts): CheckedEndpoint {
  const statements = new Map<string, MadeStatement>()
  let last = { text: '', state: readAnswerState(null, facts) }
  return {
    facts,
    tableRoles: tableRolesOf(endpoint.header, facts),
    readState(text) {
      if (text !== null && text !== last.text) last = { text, state: readAnswerState(text, facts) }
      return text === null ? readAnswerState(null, facts) : last.state
    },
    statement(kind) {
      const key = `${kind.isMasked} ${kind.limit} ${kind.isContinued}`
      const made = statements.get(key)
      if (made !== undefined) return made
      const text = statementOf(endpoint, facts, kind)
      if (statements.size >= maxStatements) return { text }
      const statement = { text, name: `endpoint_${hashOf(text)}` }
      statements.set(key, statement)
      return statement
    },
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}
