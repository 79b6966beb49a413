/** The metrics of a server: its gauges look at the parts. */
import type { Pool } from '../ad-hoc/pool.ts'
import type { Admission } from '../http/admission.ts'
import { type ApiMetrics, createApiMetrics } from '../http/metrics.ts'
import type { PoolStats } from '../sources/postgres-source.ts'
import type { EndpointService } from '../sql-endpoint/service.ts'
import { readFreshness } from '../tables/freshness.ts'
import type { Parts } from './open-parts.ts'

/** @param sql the endpoints that are in service now */
export function openMetrics(
  { postgres, watch, tables, adHoc, clock }: Parts,
  schema: string,
  admission: Admission,
  sql: () => EndpointService,
): ApiMetrics {
  const metrics = createApiMetrics()
  metrics.observeProcess()
  metrics.observe({
    inFlight: () => admission.inFlight,
    cache: () => sql().cache.stats(),
    tables: readFreshness(watch, schema, () => clock.now()),
    pools: {
      postgres: postgres.stats,
      exports: tables.exports.stats,
      ...(adHoc === undefined ? {} : { ad_hoc: () => adHocStats(adHoc.pool) }),
    },
  })
  return metrics
}

function adHocStats(pool: Pool): PoolStats {
  const { pids, idle, waiting } = pool.state()
  return { inUse: pids.length - idle, idle, waiting }
}
