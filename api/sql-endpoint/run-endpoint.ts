/** One endpoint's answer: PostgreSQL writes the JSON of each row, so numbers stay as exact as they are there. */
import { problem } from '../../core/problems.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import type { Endpoint } from './parse-endpoint.ts'
import type { ParameterValue } from './parse-value.ts'

export type EndpointAnswer = {
  /** JSON. */
  readonly body: string
  /** More rows were there than `row_limit`. */
  readonly truncated: boolean
}

/** Lines before the author's SQL, so that positions of errors can be counted. */
const before = 'select to_json(answer)::text from (\n'

/** The statement that is sent; one row more than allowed is asked for, to see that there are more. */
export function statementOf(endpoint: Endpoint, limit: number): string {
  return `${before}${endpoint.sql.text}\n) as answer limit ${limit}`
}

/**
 * Runs an endpoint.
 * @throws `api/no-row`, and what the source throws
 */
export async function runEndpoint(
  endpoint: Endpoint,
  values: ReadonlyMap<string, ParameterValue>,
  source: Pick<PostgresSource, 'query'>,
): Promise<EndpointAnswer> {
  const { header, name, sql } = endpoint
  const limit = header.shape === 'object' ? 1 : header.row_limit
  const rows = await source.query({
    name: `endpoint_${name}`,
    text: statementOf(endpoint, limit + 1),
    values: sql.names.map((parameter) => values.get(parameter) ?? null),
    timeoutMs: header.timeout_ms,
  })
  const truncated = rows.length > limit
  if (header.shape === 'array') return { body: `[${rows.slice(0, limit).join(',')}]`, truncated }
  const [row] = rows
  if (row === undefined) throw problem('api/no-row', {})
  if (truncated) throw new Error(`${name} has shape object, but its SQL gave more than one row`)
  return { body: row, truncated: false }
}
