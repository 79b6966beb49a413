/** One endpoint's answer: PostgreSQL writes the JSON of each row, so numbers stay as exact as they are there. */
import { problem } from '../../core/problems.ts'
import type { LakeSource } from '../sources/lake-source.ts'
import { isShapeError } from '../sources/postgres-errors.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import type { Caller } from '../sources/running-statements.ts'
import { type AnswerState, isAsChecked } from './answer-state.ts'
import type { ParameterValue } from './parse-value.ts'
import type { CheckedEndpoint, ServedEndpoint } from './served-endpoint.ts'
import { explainRecheck } from './served-endpoint.ts'
import { lakeStatementOf, stateExpression } from './statement.ts'

export type EndpointQuestion = {
  /** Values of `$1`, `$2`, … */
  readonly values: readonly ParameterValue[]
  /** The caller may not see personal data. */
  readonly hidesPersonalData: boolean
  readonly limit: number
  /** Page keys of the row before. */
  readonly after?: readonly (string | null)[] | undefined
  /** Undefined: the answer is for others, too. */
  readonly caller?: Caller | undefined
}

export type EndpointAnswer = {
  /** JSON. */
  readonly rows: string
  /** More rows were there than `limit`. */
  readonly truncated: boolean
  /** Page keys of the last row, when there are more. */
  readonly last: readonly (string | null)[] | undefined
  readonly state: AnswerState
  readonly isTaggable: boolean
}

export type AnswerSources = {
  readonly postgres: Pick<PostgresSource, 'rows'>
  readonly lake?: LakeSource | undefined
}

const maxAttempts = 3

/**
 * Runs an endpoint. When its tables turn out not to be those it was checked with, the answer is dropped, because it may
 * show what is personal data now, and the endpoint is checked and run again.
 * @throws `api/no-row`, `api/table-missing`, and what the source throws
 */
export async function runEndpoint(
  served: ServedEndpoint,
  question: EndpointQuestion,
  sources: AnswerSources,
): Promise<EndpointAnswer> {
  if (served.endpoint.header.source === 'lake') return await runOnLake(served, question, sources)
  for (let attempt = 1; ; attempt++) {
    const checked = served.known() ?? (await served.checked().catch(rethrow))
    try {
      const answer = await runChecked(served, checked, question, sources)
      if (isAsChecked(answer.state, checked.facts)) return answer
      if (attempt === maxAttempts) throw problem('api/table-missing', {})
    } catch (error) {
      if (!isShapeError(error) || attempt === maxAttempts) throw error
    }
    await served.checkAgain().catch(rethrow)
  }
}

function rethrow(error: unknown): never {
  throw explainRecheck(error)
}

async function runChecked(
  { endpoint }: ServedEndpoint,
  checked: CheckedEndpoint,
  question: EndpointQuestion,
  { postgres }: AnswerSources,
): Promise<EndpointAnswer> {
  const { values, after, limit, caller } = question
  const isMasked = question.hidesPersonalData && checked.facts.isMasked
  const statement = checked.statement({ isMasked, limit, isContinued: after !== undefined })
  const { shape, timeout_ms: timeoutMs } = endpoint.header
  const bound = after === undefined ? values : [...values, ...after]
  const isCombinable = checked.facts.isRepeatable && bound.length > 0
  const rows = await postgres.rows({ ...statement, values: bound, isCombinable, timeoutMs, caller })
  const [json, text = null, more, ...keys] = rows[0] ?? []
  const state = checked.readState(text)
  const { isTaggable } = checked.facts
  if (shape === 'array') {
    const truncated = more === 'true'
    const last = truncated && keys.length > 0 ? keys : undefined
    return { rows: `[${json ?? ''}]`, truncated, last, state, isTaggable }
  }
  if (json === undefined || json === null) throw problem('api/no-row', {})
  if (rows.length > 1) throw severalRows(endpoint.name)
  return { rows: json, truncated: false, last: undefined, state, isTaggable }
}

function severalRows(name: string): Error {
  return new Error(`${name} has shape object, but its SQL gave more than one row`)
}

async function runOnLake(
  served: ServedEndpoint,
  { values, limit, caller }: EndpointQuestion,
  { lake }: AnswerSources,
): Promise<EndpointAnswer> {
  if (lake === undefined) throw problem('api/lake-unavailable', {})
  const { header, name } = served.endpoint
  const { facts } = await served.checked().catch(rethrow)
  const text = lakeStatementOf(served.endpoint, facts, limit)
  const found = await lake.query({ text, values, timeoutMs: header.timeout_ms, caller })
  const { snapshot, asOf } = found
  const state: AnswerState = {
    versions: `lake=${snapshot}`,
    asOf,
    identity: `${snapshot}`,
    contracts: new Map(),
    ledgerCame: false,
  }
  const rest = { last: undefined, state, isTaggable: false }
  const truncated = found.rows.length > limit
  if (header.shape === 'array') {
    return { ...rest, rows: `[${found.rows.slice(0, limit).join(',')}]`, truncated }
  }
  const [row] = found.rows
  if (row === undefined) throw problem('api/no-row', {})
  if (truncated) throw severalRows(name)
  return { ...rest, rows: row, truncated: false }
}

/** The state of the tables alone: whether a caller has the answer already costs no query. */
export async function askState(
  checked: CheckedEndpoint,
  { postgres }: AnswerSources,
): Promise<AnswerState> {
  const text = `select ${stateExpression(checked.facts)}`
  const [row] = await postgres.rows({ text, values: [], timeoutMs: 5000 })
  return checked.readState(row?.[0] ?? null)
}
