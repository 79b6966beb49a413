/** One log line per request. The query string stays out: it can hold what a person typed. */
import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { ApiEnvironment } from './environment.ts'

/** Logs `request.finished` when the answer is ready. */
export function requestLog(log: Log, clock: Clock): MiddlewareHandler<ApiEnvironment> {
  return async (context, next) => {
    const start = clock.now()
    await next()
    log.info({
      event: 'request.finished',
      request_id: context.get('requestId'),
      method: context.req.method,
      path: context.req.path,
      status: context.res.status,
      elapsed_ms: clock.now() - start,
    })
  }
}
