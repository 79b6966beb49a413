/** The HTTP API as a Hono app; whoever calls this decides how it listens. */
import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { problem } from '../core/problems.ts'
import { anonymous } from './access/principal.ts'
import { describeAdHoc } from './ad-hoc/describe.ts'
import { type AdHocService, addAdHocRoutes } from './ad-hoc/routes.ts'
import type { ApiEnvironment } from './http/environment.ts'
import { addHealthRoutes, type ReadinessChecks } from './http/health.ts'
import { type ApiMetrics, createApiMetrics } from './http/metrics.ts'
import { addMetricsRoute, metricsForLoopback } from './http/metrics-route.ts'
import { observeRequests } from './http/observe-requests.ts'
import { isForCallers, problemResponse } from './http/problem-response.ts'
import type { Tracer } from './http/tracer.ts'
import { openApiDocument } from './openapi/document.ts'
import { describePredictions } from './predictions/describe.ts'
import { addPredictionRoutes } from './predictions/routes.ts'
import type { PredictionService } from './predictions/service.ts'
import type { PostgresSource } from './sources/postgres-source.ts'
import { describeSqlEndpoints } from './sql-endpoint/describe.ts'
import type { Endpoint } from './sql-endpoint/parse-endpoint.ts'
import { addSqlRoute } from './sql-endpoint/route.ts'
import { describeTables } from './tables/describe.ts'
import { addTablesRoutes } from './tables/routes.ts'
import type { TableService } from './tables/service.ts'

export type ApiDependencies = ReadinessChecks & {
  readonly endpoints: readonly Endpoint[]
  readonly postgres: Pick<PostgresSource, 'query'>
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
  /** `api.log_share`. Default 1. */
  readonly logShare?: number
  readonly log: Log
  readonly clock: Clock
}

/** Makes the app: health, the SQL endpoints, and problem details for everything that goes wrong. */
export function createApi(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { log, clock, endpoints, postgres, tracer } = dependencies
  const { metrics = createApiMetrics(), metricsRoles = [], logShare = 1 } = dependencies
  const app = new Hono<ApiEnvironment>()
  app.use(observeRequests({ log, clock, metrics, tracer, logShare }))
  app.use(requestId(), secureHeaders())
  app.use('/metrics', metricsForLoopback(metrics))
  app.use((context, next) => {
    context.set('principal', anonymous)
    return next()
  })
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) => {
        const { method } = context.req
        const allowed = [...methods, 'OPTIONS']
        const response =
          method === 'OPTIONS'
            ? context.body(null, 204)
            : problemResponse(context, problem('api/method-not-allowed', { method, allowed }))
        response.headers.set('allow', allowed.join(', '))
        return response
      },
    }),
  )
  addHealthRoutes(app, dependencies)
  addMetricsRoute(app, metrics, metricsRoles)
  for (const endpoint of endpoints) addSqlRoute(app, endpoint, postgres)
  addTablesRoutes(app, dependencies.tables)
  if (dependencies.predictions !== undefined) addPredictionRoutes(app, dependencies.predictions)
  if (dependencies.adHoc !== undefined) addAdHocRoutes(app, dependencies.adHoc)
  const document = JSON.stringify(describe(dependencies))
  app.get('/openapi.json', (context) =>
    context.body(document, 200, { 'content-type': 'application/json' }),
  )
  app.notFound((context) =>
    problemResponse(context, problem('api/not-found', { path: context.req.path })),
  )
  app.onError((error, context) => {
    if (!isForCallers(error) || error.cause !== undefined) {
      const level = isForCallers(error) ? 'warn' : 'error'
      const request_id = context.get('requestId')
      log[level]({ event: 'request.failed', request_id, path: context.req.path, err: error })
    }
    return problemResponse(context, error)
  })
  return app
}

function describe({ endpoints, adHoc, predictions }: ApiDependencies) {
  const model = predictions === undefined ? [] : [describePredictions(predictions.computes)]
  const sql = adHoc === undefined ? [] : [describeAdHoc(adHoc.schemas)]
  return openApiDocument([describeSqlEndpoints(endpoints), describeTables(), ...model, ...sql])
}
