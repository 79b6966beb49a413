/** The API on a port: opened after its endpoints were checked, closed after its last answer. */
import type { RequestListener, Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { describePostgres } from '../core/clients/describe-postgres.ts'
import type { Access } from './access/access.ts'
import { openAccess } from './access/open-access.ts'
import { createApi } from './create-api.ts'
import { createAdmission } from './http/admission.ts'
import {
  answerClientErrors,
  createUnreadableRecorder,
  type OnClientError,
  type RecordUnreadable,
} from './http/client-error.ts'
import { guardDoor } from './http/door.ts'
import { createKnownRequests, type KnownRequests } from './http/known-requests.ts'
import { malformedRequest } from './http/problem-response.ts'
import { createRecorder } from './http/record-request.ts'
import { drainOnAbort, listenOn } from './http/server.ts'
import { openPredictionService } from './predictions/service.ts'
import { openMetrics } from './serve/open-metrics.ts'
import { closing, openLakeOf, openParts, type Parts } from './serve/open-parts.ts'
import type { ServeOptions } from './serve/options.ts'
import { readinessOf } from './serve/readiness.ts'
import { listenForPublishes } from './sources/publish-notices.ts'
import {
  checkEndpoint,
  checkEndpoints,
  type EndpointSources,
} from './sql-endpoint/check-endpoints.ts'
import { loadEndpoints } from './sql-endpoint/load-endpoints.ts'
import type { Endpoint } from './sql-endpoint/parse-endpoint.ts'
import { type EndpointService, openEndpointService } from './sql-endpoint/service.ts'
import { watchEndpoints } from './sql-endpoint/watch-endpoints.ts'

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
  const endpoints = await loadEndpoints(options.projectDir)
  const opened = new AsyncDisposableStack()
  try {
    const parts = await openParts(options, endpoints, opened)
    const service = await openService(options, parts, endpoints, opened)
    const { server, port } = await listenOn(service.listener, {
      ...options,
      onClientError: service.onClientError,
    })
    options.log.info({
      event: 'api.listening',
      host: options.host,
      port,
      endpoints: endpoints.length,
    })
    if (options.onReload !== undefined) service.watch(options.onReload, signal)
    const finished = drain(server, service, options, parts, signal)
    const host = options.host.includes(':') ? `[${options.host}]` : options.host
    return {
      url: `http://${host}:${port}`,
      port,
      paths: endpoints.map(({ header }) => header.path),
      isOpen: service.isOpen,
      finished: finished.finally(() => opened.disposeAsync()),
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

/** What answers requests; its endpoints may be exchanged while it does. */
type Service = {
  readonly listener: RequestListener
  readonly onClientError: OnClientError
  readonly isOpen: boolean
  /** From now on /readyz says that the process ends. */
  readonly stop: () => void
  /** Takes changed files into service until the signal aborts. */
  readonly watch: (onReload: NonNullable<ServeOptions['onReload']>, signal: AbortSignal) => void
}

async function openService(
  options: ServeOptions,
  parts: Parts,
  endpoints: readonly Endpoint[],
  opened: AsyncDisposableStack,
): Promise<Service> {
  const { postgresUrl, schema, settings, projectDir, host, log } = options
  const { clock, postgres, tables } = parts
  const database = describePostgres(postgresUrl)
  let sources: EndpointSources = { postgres, schema, lake: parts.lake }
  const checked = async (served: readonly Endpoint[]) => {
    const { cache_bytes: cacheBytes } = settings
    const { seal } = tables
    const sql = openEndpointService({ endpoints: served, sources, seal, cacheBytes, clock })
    await sql.check(database)
    return sql
  }
  let sql = await checked(endpoints)
  await tables.catalog.reload()
  const onPublish = () => sql.onPublish()
  closing(opened, listenForPublishes({ url: postgresUrl, schema, onPublish, log, clock }))
  const access = closing(opened, await openAccess({ host, settings, postgresUrl, log, clock }))
  const limits = { maxInFlight: settings.max_in_flight, maxLagMs: settings.max_lag_ms }
  const admission = createAdmission(limits, parts.lagMs)
  const metrics = openMetrics(parts, schema, admission, () => sql)
  const recordUnreadable = createUnreadableRecorder({ log, metrics })
  let isStopping = false
  const appOf = appMaker({ options, parts, access, metrics, isStopping: () => isStopping })
  let app = appOf(sql)
  return {
    listener: guardDoor(
      listenerOf(() => app, recordUnreadable),
      { admission, metrics, log },
    ),
    onClientError: answerClientErrors(recordUnreadable),
    isOpen: access.everyone !== undefined,
    stop: () => {
      isStopping = true
    },
    watch: (onReload, signal) => {
      const check = async (endpoint: Endpoint) => {
        // The first that reads the lake may be written only now.
        const lake = sources.lake ?? (await openLakeOf(options, [endpoint], opened))
        sources = { ...sources, lake }
        await checkEndpoints([endpoint], (one) => checkEndpoint(one, sources), database)
      }
      const swap = async (served: readonly Endpoint[]) => {
        sql = await checked(served)
        app = appOf(sql)
      }
      void watchEndpoints({ projectDir, endpoints, check, swap, onReload, clock }, signal)
    },
  }
}

type AppParts = {
  readonly options: ServeOptions
  readonly parts: Parts
  readonly access: Access
  readonly metrics: ReturnType<typeof openMetrics>
  readonly isStopping: () => boolean
}

/** An app, and the requests that need not go through it again. */
type App = {
  readonly api: ReturnType<typeof createApi>
  readonly known: KnownRequests | undefined
}

/** Makes the app anew for each set of endpoints; everything else of it is made once. */
function appMaker({ options, parts, access, metrics, isStopping }: AppParts) {
  const { settings, schema, log } = options
  const { clock, tables, adHoc, tracer } = parts
  const predictions = openPredictionService({
    source: parts.postgres,
    predictors: parts.predictors,
    settings: settings.predictions,
    log,
    clock,
    random: Math.random,
  })
  const logShare = settings.log_share
  // Whoever needs credentials, counts against a limit or is traced has to be looked at by the app.
  const isForAll =
    access.everyone !== undefined && access.perAddress === undefined && tracer === undefined
  const record = createRecorder({ log, clock, metrics, logShare })
  return (sql: EndpointService): App => {
    const known =
      isForAll && settings.cors_origins.length === 0
        ? createKnownRequests({ record, clock })
        : undefined
    const { lake } = sql.sources
    const api = createApi({
      ...readinessOf({ parts: { ...parts, lake }, schema, access, predictions }),
      access,
      corsOrigins: settings.cors_origins,
      maxBodyBytes: settings.max_body_bytes,
      sql,
      tables,
      predictions,
      adHoc,
      isStopping,
      metrics,
      metricsRoles: settings.metrics_roles,
      logShare,
      tracer,
      known,
      log,
      clock,
    })
    return { api, known }
  }
}

function drain(
  server: Server,
  { stop: onStopping }: Service,
  { settings }: ServeOptions,
  { clock }: Parts,
  signal: AbortSignal,
): Promise<void> {
  const { drain_ms: drainMs, stop_delay_ms: delayMs } = settings
  return drainOnAbort(server, signal, { onStopping, drainMs, delayMs, clock })
}

/** What cannot even become a request of the web is answered as every other mistake. */
function listenerOf(app: () => App, record: RecordUnreadable): RequestListener {
  const errorHandler = () => malformedRequest(record)
  const ask = getRequestListener((request, env) => app().api.fetch(request, env), { errorHandler })
  return (request, response) => {
    if (app().known?.answer(request, response) !== true) void ask(request, response)
  }
}
