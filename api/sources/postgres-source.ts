/** PostgreSQL as the API sees it: read-only, UTC, every statement with a time limit. */
import type { CustomTypesConfig, Pool, PoolClient } from 'pg'
import { openPostgres } from '../../core/clients/postgres.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import type { ParameterValue } from '../sql-endpoint/parse-value.ts'
import { createExpectedWait } from './expected-wait.ts'
import { explainPostgresError, isConnectionLost } from './postgres-errors.ts'

export type SourceQuery = {
  /** One text has one name: the server keeps its parsed statement under it. */
  readonly name?: string
  readonly text: string
  readonly values: readonly ParameterValue[]
  readonly timeoutMs: number
}

export interface PostgresSource {
  /** The first column of every row, as text. @throws `api/database-unavailable`, `api/timeout`, … */
  query(query: SourceQuery): Promise<string[]>
  /** All columns of every row, as PostgreSQL writes them. @throws as `query` */
  rows(query: SourceQuery): Promise<(string | null)[][]>
  /** The same with the columns' names, and with PostgreSQL's own errors. */
  inspect(query: SourceQuery): Promise<{ readonly columns: readonly string[] }>
  /** Connections at work and idle, and requests that wait for one. */
  stats(): PoolStats
  /** Ends when the running statements have ended. */
  close(): Promise<void>
}

export type PoolStats = { readonly inUse: number; readonly idle: number; readonly waiting: number }

export type PostgresSourceOptions = {
  readonly url: string
  /** Where unqualified table names are looked up. */
  readonly schema: string
  readonly maxConnections?: number
  /** Requests that may wait for a connection; the rest are refused at once. Default 500. */
  readonly maxWaiting?: number
  /** Who would wait longer than so many milliseconds is refused at once, too. Default 1000. */
  readonly maxWaitMs?: number
}

/** No value is parsed. */
const asText: CustomTypesConfig = { getTypeParser: () => (text: string) => text }

/** Opens the source; connections are made when they are needed. */
export function openPostgresSource(options: PostgresSourceOptions): PostgresSource {
  const maxConnections = options.maxConnections ?? 10
  const pool = openPostgres({ url: options.url, maxConnections, applicationName: 'millrace-api' })
  const { maxWaiting = 500, maxWaitMs = 1000 } = options
  const wait = createExpectedWait(maxConnections)
  const timeouts = new WeakMap<PoolClient, number>()

  async function run(query: SourceQuery, types?: CustomTypesConfig) {
    const { waitingCount } = pool
    if (waitingCount >= maxWaiting || wait.milliseconds(waitingCount) > maxWaitMs) {
      throw problem('api/overloaded', {})
    }
    const client = await pool.connect()
    const start = performance.now()
    let lost: Error | undefined
    try {
      await prepareSession(client, query.timeoutMs, options.schema, timeouts)
      const { name, text } = query
      const values = [...query.values]
      const named = name === undefined ? {} : { name }
      const how = { ...named, ...(types === undefined ? {} : { types }) }
      return await client.query<(string | null)[]>({ ...how, text, values, rowMode: 'array' })
    } catch (error) {
      if (error instanceof Error && isConnectionLost(error)) lost = error
      throw error
    } finally {
      client.release(lost)
      wait.held(performance.now() - start)
    }
  }

  return {
    async query(query) {
      try {
        const { rows } = await run(query)
        return rows.map((row) => row[0] ?? 'null')
      } catch (error) {
        throw explainPostgresError(error, query.timeoutMs)
      }
    },
    async rows(query) {
      try {
        return (await run(query, asText)).rows
      } catch (error) {
        throw explainPostgresError(error, query.timeoutMs)
      }
    },
    async inspect(query) {
      const { fields } = await run(query)
      return { columns: fields.map((field) => field.name) }
    },
    stats: () => poolStats(pool),
    close: () => endPool(pool),
  }
}

/** A session is set up once, and again only when a statement has another time limit than the one before. */
async function prepareSession(
  client: PoolClient,
  timeoutMs: number,
  schema: string,
  timeouts: WeakMap<PoolClient, number>,
): Promise<void> {
  const current = timeouts.get(client)
  if (current === timeoutMs) return
  const limit = `set statement_timeout = ${Math.trunc(timeoutMs)}`
  const once = `set default_transaction_read_only = on; set timezone = 'UTC'; set search_path = ${quoteIdent(schema)}`
  await client.query(current === undefined ? `${once}; ${limit}` : limit)
  timeouts.set(client, timeoutMs)
}

/** What `pg` says of a pool. */
export function poolStats(pool: Pool): PoolStats {
  const { totalCount, idleCount, waitingCount } = pool
  return { inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount }
}

async function endPool(pool: Pool): Promise<void> {
  if (!pool.ending) await pool.end()
}
