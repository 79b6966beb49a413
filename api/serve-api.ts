/** The API on a port: opened after its endpoints were checked, closed after its last answer. */
import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { describePostgres } from '../core/clients/describe-postgres.ts'
import type { Lake } from '../core/clients/lake.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Settings } from '../core/settings.ts'
import type { Access } from './access/access.ts'
import { openAccess } from './access/open-access.ts'
import { type AdHocOptions, openAdHoc } from './ad-hoc/open-ad-hoc.ts'
import type { Pool } from './ad-hoc/pool.ts'
import { createApi } from './create-api.ts'
import { createAdmission } from './http/admission.ts'
import { guardDoor } from './http/door.ts'
import { watchEventLoop } from './http/event-loop-lag.ts'
import { createApiMetrics } from './http/metrics.ts'
import { malformedRequest } from './http/problem-response.ts'
import { drainOnAbort, listenOn, type Timeouts } from './http/server.ts'
import { createSpanExporter } from './http/span-exporter.ts'
import { createTracer } from './http/tracer.ts'
import type { NamedPredictor } from './predictions/fallback.ts'
import { openPredictionService } from './predictions/service.ts'
import { openLakeSource } from './sources/lake-source.ts'
import { openPostgresSource, type PoolStats } from './sources/postgres-source.ts'
import { listenForPublishes, type PublishNotices } from './sources/publish-notices.ts'
import { checkEndpoint, checkEndpoints } from './sql-endpoint/check-endpoints.ts'
import { loadEndpoints } from './sql-endpoint/load-endpoints.ts'
import type { Endpoint } from './sql-endpoint/parse-endpoint.ts'
import { type EndpointService, openEndpointService } from './sql-endpoint/service.ts'
import { watchEndpoints } from './sql-endpoint/watch-endpoints.ts'
import { checkPublishedTables, readFreshness } from './tables/freshness.ts'
import { openTableService } from './tables/service.ts'

export type ServeOptions = {
  /** The folder above `api/endpoints`. */
  readonly projectDir: string
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly postgresUrl: string
  /** PostgreSQL schema of the published tables. */
  readonly schema: string
  /** `api.*` of the settings. */
  readonly settings: Settings['api']
  /** Undefined: no SQL of callers is run. */
  readonly adHoc?: AdHocOptions | undefined
  /** What computes predictions, the preferred first; the stored scores stand behind them. Default: none. */
  readonly predictors?: readonly NamedPredictor[]
  /** Default: `defaultTimeouts`. */
  readonly timeouts?: Timeouts
  /** Asked for when an endpoint says `source: lake`; read-only. */
  readonly openLake?: (() => Promise<Lake>) | undefined
  /**
   * Endpoint files are watched, and this is called after each change with what is wrong in them; what is broken keeps
   * serving as it was.
   */
  readonly onReload?: ((problems: readonly unknown[]) => void) | undefined
  /** Where spans are sent when `api.traces_url` does not say it (OTLP/HTTP). Default: nowhere. */
  readonly tracesUrl?: string | undefined
  readonly log: Log
  readonly clock?: Clock
}

export type ServedApi = {
  /** `http://127.0.0.1:8080` */
  readonly url: string
  readonly port: number
  /** The paths of the endpoints, sorted by name. */
  readonly paths: readonly string[]
  /** No credentials are asked for; only this machine reaches it. */
  readonly isOpen: boolean
  /** Resolves when the signal came and the last request has been answered. */
  readonly finished: Promise<void>
}

/**
 * Checks the endpoints against the database, then listens until the signal aborts.
 * @returns as soon as it listens
 * @throws `api/no-endpoints`, `api/broken-endpoint`, `api/not-built`, `publish/postgres-unreachable`,
 *   `publish/login-refused`, `api/open-beyond-loopback`, `api/no-credentials`, `api/port-taken`, `api/cannot-listen`
 */
export async function serveApi(options: ServeOptions, signal: AbortSignal): Promise<ServedApi> {
  const { log, clock = systemClock, postgresUrl } = options
  const endpoints = await loadEndpoints(options.projectDir)
  const { schema, settings } = options
  const needsLake = endpoints.some(({ header }) => header.source === 'lake')
  const opened = needsLake ? await options.openLake?.() : undefined
  const lake = opened && openLakeSource({ lake: opened })
  const adHoc = options.adHoc && (await openAdHoc(options.adHoc, log, clock))
  const postgres = openPostgresSource({
    url: postgresUrl,
    schema,
    maxConnections: settings.postgres_connections,
    maxWaitMs: settings.max_wait_ms,
  })
  // Whoever asks whether PostgreSQL answers must not stand in line behind those whom it answers.
  const watch = openPostgresSource({ url: postgresUrl, schema, maxConnections: 1 })
  const tables = openTableService({ url: postgresUrl, schema, source: postgres, log, settings })
  const sources = { postgres, schema, lake }
  const { seal } = tables
  const { cache_bytes: cacheBytes } = settings
  const serviceOf = (served: readonly Endpoint[]) =>
    openEndpointService({ endpoints: served, sources, seal, cacheBytes, clock })
  let sql = serviceOf(endpoints)
  const lag = watchEventLoop()
  const { traces_url: tracesUrl = options.tracesUrl } = settings
  const spans = tracesUrl === undefined ? undefined : createSpanExporter({ url: tracesUrl, log })
  let access: Access | undefined
  let notices: PublishNotices | undefined
  const closeAll = async () => {
    lag.stop()
    lake?.close()
    await access?.close()
    const open = [postgres, watch, notices, tables.exports, adHoc?.pool, spans].map((one) =>
      one?.close(),
    )
    await Promise.all(open)
  }
  try {
    const database = describePostgres(postgresUrl)
    await sql.check(database)
    await tables.catalog.reload()
    const onPublish = () => sql.onPublish()
    notices = listenForPublishes({ url: postgresUrl, schema, onPublish, log, clock })
    access = await openAccess({ host: options.host, settings, postgresUrl, log, clock })
    const predictions = openPredictionService({
      source: postgres,
      predictors: options.predictors ?? [],
      settings: options.settings.predictions,
      log,
      clock,
      random: Math.random,
    })
    const admission = createAdmission(
      { maxInFlight: settings.max_in_flight, maxLagMs: settings.max_lag_ms },
      lag.milliseconds,
    )
    const metrics = createApiMetrics()
    metrics.observeProcess()
    metrics.observe({
      inFlight: () => admission.inFlight,
      cache: () => sql.cache.stats(),
      tables: readFreshness(watch, schema, () => clock.now()),
      pools: {
        postgres: postgres.stats,
        exports: tables.exports.stats,
        ...(adHoc === undefined ? {} : { ad_hoc: () => adHocStats(adHoc.pool) }),
      },
    })
    let stopping = false
    const known = access
    const appOf = (service: EndpointService) =>
      createApi({
        access: known,
        corsOrigins: settings.cors_origins,
        maxBodyBytes: settings.max_body_bytes,
        sql: service,
        tables,
        predictions,
        adHoc,
        checks: {
          postgres: () => watch.query({ text: 'select 1::text', values: [], timeoutMs: 1000 }),
          tables: checkPublishedTables(watch, schema),
        },
        ...(adHoc === undefined ? {} : { optionalChecks: { lake: () => checkAdHoc(adHoc.pool) } }),
        isStopping: () => stopping,
        metrics,
        metricsRoles: settings.metrics_roles,
        logShare: settings.log_share,
        tracer: spans && createTracer(spans.record, nowNanos),
        log,
        clock,
      })
    let app = appOf(sql)
    const listener = guardDoor(
      listenerOf(() => app),
      { admission, metrics, log },
    )
    const { server, port } = await listenOn(listener, options)
    log.info({ event: 'api.listening', host: options.host, port, endpoints: endpoints.length })
    const swap = async (served: readonly Endpoint[]) => {
      const next = serviceOf(served)
      await next.check(database)
      app = appOf(next)
      sql = next
    }
    if (options.onReload !== undefined) {
      const check = (endpoint: Endpoint) =>
        checkEndpoints([endpoint], (one) => checkEndpoint(one, sources), database)
      const { projectDir, onReload } = options
      void watchEndpoints({ projectDir, endpoints, check, swap, onReload, clock }, signal)
    }
    const onStopping = () => {
      stopping = true
    }
    const { drain_ms: drainMs, stop_delay_ms: delayMs } = settings
    const drain = { onStopping, drainMs, delayMs, clock }
    const finished = drainOnAbort(server, signal, drain).finally(closeAll)
    const host = options.host.includes(':') ? `[${options.host}]` : options.host
    const paths = endpoints.map(({ header }) => header.path)
    const isOpen = access.everyone !== undefined
    return { url: `http://${host}:${port}`, port, paths, isOpen, finished }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** To a microsecond, which Date does not give. */
function nowNanos(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}

/** What cannot even become a request of the web is answered as every other mistake. */
function listenerOf(app: () => ReturnType<typeof createApi>): RequestListener {
  const errorHandler = () => malformedRequest()
  return getRequestListener((request, env) => app().fetch(request, env), { errorHandler })
}

function adHocStats(pool: Pool): PoolStats {
  const { pids, idle, waiting } = pool.state()
  return { inUse: pids.length - idle, idle, waiting }
}

async function checkAdHoc(pool: Pool): Promise<void> {
  if (pool.state().pids.length === 0) throw new Error('no child runs')
}
