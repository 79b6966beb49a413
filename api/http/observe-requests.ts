/**
 * One log line and one count for each request, when its last byte is out. The query string stays out of both: it can hold
 * what a person typed.
 */
import type { ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Clock } from '../../core/clock.ts'
import { type Log, withoutRedaction } from '../../core/log.ts'
import type { ApiEnvironment } from './environment.ts'
import type { ApiMetrics } from './metrics.ts'
import type { RequestSpan, Tracer } from './tracer.ts'

export type ObserveOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: ApiMetrics
  /** Undefined: no traces. */
  readonly tracer?: Tracer | undefined
  /** Of the requests that went well and quickly, this share gets a line in the log. */
  readonly logShare: number
}

/** A request that took longer than so many milliseconds is always logged. */
const slowMs = 1000
const longestPath = 500

/** Status of a request whose client left before its answer. */
const clientLeft = 499

/** Observes every request. Put it first, so that what others refuse is seen too. */
export function observeRequests(given: ObserveOptions): MiddlewareHandler<ApiEnvironment> {
  const { clock, tracer } = given
  const options = { ...given, log: withoutRedaction(given.log) }
  return async (context, next) => {
    const start = clock.now()
    const span = tracer?.start(context.req.method, context.req.header('traceparent'))
    const outgoing = context.env?.outgoing
    if (outgoing === undefined || !('socket' in outgoing)) {
      await next()
      finish(options, context, { start, span, status: context.res.status })
      return
    }
    const { socket } = outgoing
    const written = socket?.bytesWritten ?? 0
    outgoing.once('close', () => {
      const bytes = (socket?.bytesWritten ?? written) - written
      finish(options, context, { start, span, bytes, status: statusOf(outgoing as ServerResponse) })
    })
    await next()
  }
}

/** An answer that was not written whole has reached nobody. */
function statusOf(outgoing: ServerResponse): number {
  return outgoing.writableFinished ? outgoing.statusCode : clientLeft
}

type Observed = {
  readonly start: number
  readonly span: RequestSpan | undefined
  readonly status: number
  /** On the wire, headers included. */
  readonly bytes?: number
}

function finish(options: ObserveOptions, context: Context<ApiEnvironment>, seen: Observed): void {
  const { metrics, clock } = options
  const { status, span } = seen
  const { method } = context.req
  const route = routeOf(context)
  const elapsedMs = clock.now() - seen.start
  const problemCode = context.get('problemCode')
  metrics.answered({ route, method, status, seconds: elapsedMs / 1000, problemCode })
  span?.end({ route, status, problemCode })
  const level = levelOf(status)
  const isPlain = level === 'info' && elapsedMs < slowMs
  if (isPlain && options.logShare < 1 && Math.random() >= options.logShare) return
  options.log[level]({
    event: status === clientLeft ? 'request.disconnected' : 'request.finished',
    request_id: context.get('requestId'),
    ...(span === undefined ? {} : { trace_id: span.traceId }),
    method,
    path: context.req.path.slice(0, longestPath),
    route,
    status,
    ...(problemCode === undefined ? {} : { code: problemCode }),
    elapsed_ms: elapsedMs,
    ...(seen.bytes === undefined ? {} : { bytes: seen.bytes }),
    principal: context.get('principal')?.id,
  })
}

/** What is our fault is an error; what is down or too much is a warning. */
function levelOf(status: number): 'error' | 'warn' | 'info' {
  if (status === 503 || status === 504) return 'warn'
  return status >= 500 ? 'error' : 'info'
}

/** The pattern of the handler; there are as many as routes were added. */
function routeOf(context: Context<ApiEnvironment>): string {
  const found = matchedRoutes(context).findLast(({ path }) => !path.includes('*'))
  return found?.path ?? 'unmatched'
}
