/** Statements that a source takes for quick. */
import { createHash } from 'node:crypto'
import type { PostgresSource } from '../../api/sources/postgres-source.ts'

export type LaneValues = readonly (string | number | null)[]

/** As an endpoint asks whose answer its parameters and tables decide. */
export function askLane(source: PostgresSource, text: string, values: LaneValues = []) {
  return source.rows({
    name: `lane-${createHash('md5').update(text).digest('hex')}`,
    text,
    values,
    isCombinable: values.length > 0,
    timeoutMs: 5000,
  })
}

/** PostgreSQL's process that answers. */
export async function processOf(source: PostgresSource): Promise<string | null | undefined> {
  return (await askLane(source, 'select pg_backend_pid()'))[0]?.[0]
}

/** Asks until the statements share one connection, as they do once they are known to be quick. */
export async function warmUpLane(source: PostgresSource): Promise<string> {
  for (;;) {
    const pids = await Promise.all(Array.from({ length: 12 }, () => processOf(source)))
    const [pid] = pids
    if (pid !== undefined && pid !== null && new Set(pids).size === 1) return pid
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
