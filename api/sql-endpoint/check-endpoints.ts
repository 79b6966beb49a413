/** Before traffic, every endpoint is tried against the real database: parsed, typed, its columns named. */
import { explainConnectError, isLoginRefused } from '../../core/clients/postgres.ts'
import { messageOf } from '../../core/errors.ts'
import { type Position, problem } from '../../core/problems.ts'
import { isConnectionLost, isTableMissing, sqlStateOf } from '../sources/postgres-errors.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import { brokenEndpoint, type Endpoint } from './parse-endpoint.ts'

/**
 * Checks all endpoints; nothing of theirs is executed.
 * @param server names the database in messages
 * @throws `publish/postgres-unreachable`, `publish/login-refused`; an AggregateError of `api/broken-endpoint` and `api/not-built`
 */
export async function checkEndpoints(
  endpoints: readonly Endpoint[],
  source: Pick<PostgresSource, 'inspect'>,
  server: string,
): Promise<void> {
  const problems: unknown[] = []
  for (const endpoint of endpoints) {
    try {
      await checkEndpoint(endpoint, source)
    } catch (error) {
      if (error instanceof Error && (isConnectionLost(error) || isLoginRefused(error))) {
        throw explainConnectError(error, server)
      }
      problems.push(explain(endpoint, error))
    }
  }
  if (problems.length === 1) throw problems[0]
  if (problems.length > 0) throw new AggregateError(problems, 'endpoints')
}

async function checkEndpoint(
  endpoint: Endpoint,
  source: Pick<PostgresSource, 'inspect'>,
): Promise<void> {
  // LIMIT 0 plans the statement and reads nothing.
  const text = `${before}${endpoint.sql.text}\n) as answer limit 0`
  const values = endpoint.sql.names.map(() => null)
  const { columns } = await source.inspect({ text, values, timeoutMs: 10_000 })
  const twice = columns.find((column, index) => columns.indexOf(column) !== index)
  const at = { file: endpoint.file }
  if (twice !== undefined)
    throw brokenEndpoint(endpoint.name, `two columns are named ${twice}.`, at)
  if (columns.includes('?column?')) {
    throw brokenEndpoint(endpoint.name, 'a column has no name; give it one with `as`.', at)
  }
}

const before = 'select * from (\n'

function explain(endpoint: Endpoint, error: unknown): unknown {
  if (!(error instanceof Error) || sqlStateOf(error) === undefined) return error
  const reason = `${messageOf(error)}.`
  const at = positionOf(endpoint, error)
  if (isTableMissing(error)) {
    return problem('api/not-built', { endpoint: endpoint.name, reason }, { at, cause: error })
  }
  return brokenEndpoint(endpoint.name, reason, at)
}

/** PostgreSQL counts characters from 1 in the text it was sent. */
function positionOf(endpoint: Endpoint, error: unknown): Position {
  const given =
    typeof error === 'object' && error !== null && 'position' in error ? Number(error.position) : 0
  const sent = [...`${before}${endpoint.sql.text}`].slice(0, Math.max(0, given - 1)).join('')
  const offset = sent.length - before.length
  const inside = given > 0 && offset >= 0 && offset < endpoint.sql.text.length
  return inside ? endpoint.positionOf(offset) : { file: endpoint.file }
}
