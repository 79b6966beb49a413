/** A publish that is told to stop: what PostgreSQL carries out for it, an index or a merge, is stopped there too. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { openPostgres } from '../../core/clients/postgres.ts'

/** How often a statement that has to stop is told so again: between two statements nothing listens. */
const cancelAgainMs = 50

/**
 * Cancels the statements of a connection, by another one, from the signal on until it is released. What is undone or
 * dropped then is left alone.
 */
export async function cancelOn(
  signal: AbortSignal | undefined,
  client: PoolClient,
  postgresUrl: string,
): Promise<Disposable> {
  if (signal === undefined) return { [Symbol.dispose]: () => {} }
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  let isReleased = false
  const cancel = async () => {
    const pool = openPostgres({ url: postgresUrl, maxConnections: 1 })
    try {
      while (!isReleased) {
        await pool.query(
          `select pg_cancel_backend(pid) from pg_stat_activity
           where pid = $1 and state = 'active' and query !~* '^(rollback|drop table if exists)'`,
          [rows[0]?.pid],
        )
        await sleep(cancelAgainMs)
      }
    } finally {
      await pool.end()
    }
  }
  // Where PostgreSQL cannot be told, it does not answer the publish either.
  const onAbort = () => void cancel().catch(() => {})
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  return {
    [Symbol.dispose]: () => {
      isReleased = true
      signal.removeEventListener('abort', onAbort)
    },
  }
}
