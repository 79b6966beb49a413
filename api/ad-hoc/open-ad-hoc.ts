/** The service behind `POST /api/sql`, made from what the command line knows. */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { openPool, type Pool, type PoolOptions } from './pool.ts'
import type { AdHocService } from './routes.ts'

export type AdHocOptions = Omit<PoolOptions, 'log' | 'clock'> &
  Pick<AdHocService, 'describedTables'>

/** Begins to start the child processes; end them with `pool.close()`. */
export async function openAdHoc(
  options: AdHocOptions,
  log: Log,
  clock: Clock,
): Promise<AdHocService & { readonly pool: Pool }> {
  const { describedTables, ...rest } = options
  const pool = await openPool({ ...rest, log, clock })
  const { roles, schemas } = options.settings
  return { pool, roles, schemas, describedTables }
}
