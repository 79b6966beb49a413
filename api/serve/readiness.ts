/** What /readyz looks at. */
import type { Pool } from '../ad-hoc/pool.ts'
import type { ReadinessChecks } from '../http/health.ts'
import { checkPublishedTables } from '../tables/freshness.ts'
import type { Parts } from './open-parts.ts'

/** The checks of the parts that are there. */
export function readinessOf({ watch, adHoc }: Parts, schema: string): ReadinessChecks {
  return {
    checks: {
      postgres: () => watch.query({ text: 'select 1::text', values: [], timeoutMs: 1000 }),
      tables: checkPublishedTables(watch, schema),
    },
    ...(adHoc === undefined ? {} : { optionalChecks: { lake: () => checkAdHoc(adHoc.pool) } }),
  }
}

async function checkAdHoc(pool: Pool): Promise<void> {
  if (pool.state().pids.length === 0) throw new Error('no child runs')
}
