/** The HTTP API as a Hono app; whoever calls this decides how it listens. */
import { Hono, type MiddlewareHandler } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { problem } from '../core/problems.ts'
import type { Access } from './access/access.ts'
import { accessCheck, hostCheck } from './access/add-access.ts'
import { type AdHocService, addAdHocRoutes } from './ad-hoc/routes.ts'
import { describeFeatures } from './describe-features.ts'
import { corsOf } from './http/cors.ts'
import type { ApiEnvironment } from './http/environment.ts'
import { addHealthRoutes, type ReadinessChecks } from './http/health.ts'
import type { KnownRequests } from './http/known-requests.ts'
import { addressCheck, requestBodyLimit } from './http/limits.ts'
import { type ApiMetrics, createApiMetrics } from './http/metrics.ts'
import { addMetricsRoute, metricsForLoopback } from './http/metrics-route.ts'
import { observeRequests } from './http/observe-requests.ts'
import { isForCallers, problemResponse } from './http/problem-response.ts'
import { nameRequest } from './http/request-id.ts'
import type { Tracer } from './http/tracer.ts'
import { addOpenApiRoutes } from './openapi/routes.ts'
import { addPredictionRoutes } from './predictions/routes.ts'
import type { PredictionService } from './predictions/service.ts'
import { addSqlRoutes } from './sql-endpoint/route.ts'
import type { EndpointService } from './sql-endpoint/service.ts'
import { addTablesRoutes } from './tables/routes.ts'
import type { TableService } from './tables/service.ts'

export type ApiDependencies = ReadinessChecks & {
  readonly access: Access
  /** Sites whose pages may read the answers. Default none. */
  readonly corsOrigins?: readonly string[]
  /** Of one request. Default 1 MiB. */
  readonly maxBodyBytes?: number
  readonly sql: EndpointService
  readonly tables: TableService
  /** Undefined: there is no `/api/predictions`. */
  readonly predictions?: PredictionService | undefined
  /** Undefined: there is no `POST /api/sql`. */
  readonly adHoc?: AdHocService | undefined
  /** Default: metrics of this app alone. */
  readonly metrics?: ApiMetrics
  /** Callers need one of these to read /metrics from elsewhere. Default: nobody may. */
  readonly metricsRoles?: readonly string[]
  /** Undefined: no traces. */
  readonly tracer?: Tracer | undefined
  /** Learns what everybody may have and is kept; undefined: every request is for the app. */
  readonly known?: KnownRequests | undefined
  /** `api.log_share`. Default 1. */
  readonly logShare?: number
  readonly log: Log
  readonly clock: Clock
}

/** Makes the app: health, the SQL endpoints, and problem details for everything that goes wrong. */
export function createApi(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { log, clock, tracer } = dependencies
  const { metrics = createApiMetrics(), metricsRoles = [], logShare = 1 } = dependencies
  const app = new Hono<ApiEnvironment>()
  app.use(observeRequests({ log, clock, metrics, tracer, logShare }))
  app.use(nameRequest())
  app.use('/metrics', metricsForLoopback(metrics))
  app.use(...accessChecks(dependencies))
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) => {
        const { method } = context.req
        const allowed = [...methods, 'OPTIONS']
        const response =
          method === 'OPTIONS'
            ? new Response(null, { status: 204 }) // context.body() keeps the type of what was found before
            : problemResponse(context, problem('api/method-not-allowed', { method, allowed }))
        response.headers.set('allow', allowed.join(', '))
        return response
      },
    }),
  )
  addHealthRoutes(app, dependencies)
  addMetricsRoute(app, metrics, metricsRoles)
  addTablesRoutes(app, dependencies.tables)
  if (dependencies.predictions !== undefined) addPredictionRoutes(app, dependencies.predictions)
  if (dependencies.adHoc !== undefined) addAdHocRoutes(app, dependencies.adHoc)
  // Behind our own, which a path like /api/{area}/{name} would hide.
  addSqlRoutes(app, dependencies.sql, dependencies.known)
  const isOpen = dependencies.access.everyone !== undefined
  addOpenApiRoutes(app, { features: describeFeatures(dependencies), isOpen })
  app.notFound((context) =>
    problemResponse(context, problem('api/not-found', { path: context.req.path })),
  )
  app.onError((error, context) => {
    // What fails because its client has left is no failure of ours.
    const hasLeft = context.env?.outgoing?.destroyed === true
    if (!isForCallers(error) || error.cause !== undefined) {
      const level = hasLeft ? 'info' : isForCallers(error) ? 'warn' : 'error'
      const request_id = context.get('requestId')
      log[level]({ event: 'request.failed', request_id, path: context.req.path, err: error })
    }
    return problemResponse(context, error)
  })
  return app
}

/** In the order of `docs/decisions/0003-api.md`: whatever is refused is refused before it costs much. */
function accessChecks(dependencies: ApiDependencies): MiddlewareHandler<ApiEnvironment>[] {
  const { access, log, clock, corsOrigins = [], maxBodyBytes = 1024 ** 2 } = dependencies
  const cors = corsOf(corsOrigins)
  return [
    hostCheck(access),
    addressCheck(),
    ...(cors === undefined ? [] : [cors]),
    accessCheck(access, log, clock),
    requestBodyLimit(maxBodyBytes),
  ]
}
