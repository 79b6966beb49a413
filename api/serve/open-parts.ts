/** Everything of a server that holds something open: connections, child processes, timers. */
import { type Clock, systemClock } from '../../core/clock.ts'
import { type AdHocOptions, openAdHoc } from '../ad-hoc/open-ad-hoc.ts'
import type { Pool } from '../ad-hoc/pool.ts'
import type { AdHocService } from '../ad-hoc/routes.ts'
import { watchEventLoop } from '../http/event-loop-lag.ts'
import { createSpanExporter } from '../http/span-exporter.ts'
import { createTracer, type Tracer } from '../http/tracer.ts'
import type { NamedPredictor } from '../predictions/fallback.ts'
import { type LakeSource, openLakeSource } from '../sources/lake-source.ts'
import { openPostgresSource, type PostgresSource } from '../sources/postgres-source.ts'
import type { Endpoint } from '../sql-endpoint/parse-endpoint.ts'
import { openTableService, type TableService } from '../tables/service.ts'
import type { ServeOptions } from './options.ts'

export type Parts = {
  readonly postgres: PostgresSource
  /** For looking at PostgreSQL; who asks whether it answers must not stand in line behind those whom it answers. */
  readonly watch: PostgresSource
  /** Undefined: no endpoint reads it at start, or none is configured. */
  readonly lake: LakeSource | undefined
  readonly tables: TableService
  /** Undefined: no SQL of callers is run. */
  readonly adHoc: (AdHocService & { readonly pool: Pool }) | undefined
  /** Undefined: no traces. */
  readonly tracer: Tracer | undefined
  /** What computes predictions, the preferred first. */
  readonly predictors: readonly NamedPredictor[]
  /** By how many milliseconds the event loop is late. */
  readonly lagMs: () => number
  readonly clock: Clock
}

/**
 * Opens what the endpoints and the settings ask for.
 * @param opened closes all of it, also when the rest cannot be opened
 */
export async function openParts(
  options: ServeOptions,
  endpoints: readonly Endpoint[],
  opened: AsyncDisposableStack,
): Promise<Parts> {
  const { postgresUrl: url, schema, settings, log, clock = systemClock } = options
  const lag = watchEventLoop()
  opened.defer(lag.stop)
  const lake = await openLakeOf(options, endpoints, opened)
  const adHoc = options.adHoc && (await openAdHocOf(options.adHoc, options, clock, opened))
  const postgres = closing(
    opened,
    openPostgresSource({
      url,
      schema,
      maxConnections: settings.postgres_connections,
      maxWaitMs: settings.max_wait_ms,
    }),
  )
  const watch = closing(opened, openPostgresSource({ url, schema, maxConnections: 1 }))
  const tables = openTableService({ url, schema, source: postgres, log, settings })
  closing(opened, tables.exports)
  const tracer = tracerOf(options, opened)
  const computing = options.openPredictors && closing(opened, options.openPredictors(postgres))
  const predictors = computing?.predictors ?? []
  const lagMs = lag.milliseconds
  return { postgres, watch, lake, tables, adHoc, tracer, predictors, lagMs, clock }
}

/** The part, which is closed with all others. */
export function closing<Part extends { close(): unknown }>(
  opened: AsyncDisposableStack,
  part: Part,
): Part {
  opened.defer(async () => {
    await part.close()
  })
  return part
}

/** Opens the lake when one of the endpoints reads it; undefined: none does, or no lake is configured. */
export async function openLakeOf(
  { openLake, settings }: ServeOptions,
  endpoints: readonly Endpoint[],
  opened: AsyncDisposableStack,
): Promise<LakeSource | undefined> {
  if (!endpoints.some(({ header }) => header.source === 'lake')) return undefined
  const lake = await openLake?.()
  return lake && closing(opened, openLakeSource({ lake, maxWaitMs: settings.max_wait_ms }))
}

async function openAdHocOf(
  adHoc: AdHocOptions,
  { log }: ServeOptions,
  clock: Clock,
  opened: AsyncDisposableStack,
): Promise<Parts['adHoc']> {
  const service = await openAdHoc(adHoc, log, clock)
  closing(opened, service.pool)
  return service
}

function tracerOf(
  { settings, tracesUrl, log }: ServeOptions,
  opened: AsyncDisposableStack,
): Tracer | undefined {
  const url = settings.traces_url ?? tracesUrl
  if (url === undefined) return undefined
  return createTracer(closing(opened, createSpanExporter({ url, log })).record, nowNanos)
}

/** To a microsecond, which Date does not give. */
function nowNanos(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}
