/**
 * Streams out of PostgreSQL, with connections of their own, so that exports never take those of the quick requests.
 * One statement is one snapshot for as long as it is read.
 */
import type { PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import { openPostgres } from '../../core/clients/postgres.ts'
import { problem } from '../../core/problems.ts'
import type { ParameterValue } from '../sql-endpoint/parse-value.ts'
import { explainPostgresError } from './postgres-errors.ts'
import { type PoolStats, poolStats } from './postgres-source.ts'
import { sessionSql } from './session.ts'

export type TextRow = readonly (string | null)[]

export interface RowCursor {
  /** At most so many rows, none at the end. @throws `api/timeout`, `api/database-unavailable`, … */
  read(maxRows: number): Promise<readonly TextRow[]>
  /** Stops the statement and gives the connection back; may be called at any time, more than once. */
  close(): Promise<void>
}

export interface PostgresExports {
  /** Starts a statement that gives text. @throws `api/too-many-exports`, `api/database-unavailable` */
  open(text: string, values: readonly ParameterValue[]): Promise<RowCursor>
  /** Connections at work and idle, and exports that wait for one. */
  stats(): PoolStats
  /** Stops the statements that are still read. */
  close(): Promise<void>
}

export type PostgresExportsOptions = {
  readonly url: string
  readonly schema: string
  /** Cursors that may be open; more are refused at once. */
  readonly maxAtOnce: number
  /** Milliseconds from the start of a statement to its last row. */
  readonly timeoutMs: number
}

/** Opens the source; connections are made when they are needed. */
export function openPostgresExports(options: PostgresExportsOptions): PostgresExports {
  const { url, schema, maxAtOnce, timeoutMs } = options
  const pool = openPostgres({
    url,
    maxConnections: maxAtOnce,
    applicationName: 'millrace-api-export',
  })
  const prepared = new WeakSet<PoolClient>()
  const cursors = new Set<RowCursor>()
  let opening = 0

  async function connect(): Promise<PoolClient> {
    const client = await pool.connect()
    if (prepared.has(client)) return client
    try {
      await client.query(sessionOf(schema, timeoutMs))
    } catch (error) {
      client.release(true)
      throw error
    }
    prepared.add(client)
    return client
  }

  return {
    async open(text, values) {
      if (opening + cursors.size >= maxAtOnce) throw problem('api/too-many-exports', {})
      opening++
      try {
        const client = await connect()
        const onClose = () => cursors.delete(cursor)
        const cursor = startCursor(client, { text, values, timeoutMs, onClose })
        cursors.add(cursor)
        return cursor
      } catch (error) {
        throw explainPostgresError(error, timeoutMs)
      } finally {
        opening--
      }
    },
    stats: () => poolStats(pool),
    close: async () => {
      await Promise.all([...cursors].map((cursor) => cursor.close()))
      if (!pool.ending) await pool.end()
    },
  }
}

/**
 * What holds for every statement: rows come in the order of the table (no parallel or shared scans), and a server that
 * works on the first row notices that nobody waits for it any more.
 */
function sessionOf(schema: string, timeoutMs: number): string {
  return `${sessionSql(schema)};
    set statement_timeout = ${Math.trunc(timeoutMs)}; set max_parallel_workers_per_gather = 0;
    set synchronize_seqscans = off; set client_connection_check_interval = 1000`
}

type Started = {
  readonly text: string
  readonly values: readonly ParameterValue[]
  readonly timeoutMs: number
  readonly onClose: () => unknown
}

function startCursor(client: PoolClient, started: Started): RowCursor {
  const { text, values, timeoutMs } = started
  const cursor = client.query(
    new Cursor<(string | null)[]>(text, [...values], { rowMode: 'array' }),
  )
  let closing: Promise<void> | undefined
  let isBusy = false
  let isLate = false
  let failed = false

  async function finish(): Promise<void> {
    clearTimeout(deadline)
    try {
      // A statement at work is stopped by closing its connection; between two batches both are in order.
      const isUsable = !isBusy && !failed
      if (isUsable) await cursor.close()
      client.release(!isUsable)
    } catch {
      client.release(true)
    } finally {
      started.onClose()
    }
  }

  const close = () => {
    closing ??= finish()
    return closing
  }
  const deadline = setTimeout(() => {
    isLate = true
    void close()
  }, timeoutMs)

  return {
    async read(maxRows) {
      if (isLate) throw problem('api/timeout', { timeoutMs })
      isBusy = true
      try {
        return await cursor.read(maxRows)
      } catch (error) {
        failed = true
        throw isLate
          ? problem('api/timeout', { timeoutMs })
          : explainPostgresError(error, timeoutMs)
      } finally {
        isBusy = false
      }
    },
    close,
  }
}
