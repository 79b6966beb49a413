/** Records every request of the app, when the last byte of its answer is out. */
import type { ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { ApiResponse } from './api-response.ts'
import type { ApiEnvironment } from './environment.ts'
import { clientLeft, createRecorder, type RecordOptions } from './record-request.ts'
import type { RequestSpan, Tracer } from './tracer.ts'

export type ObserveOptions = RecordOptions & {
  /** Undefined: no traces. */
  readonly tracer?: Tracer | undefined
}

/** Observes every request. Put it first, so that what others refuse is seen too. */
export function observeRequests(options: ObserveOptions): MiddlewareHandler<ApiEnvironment> {
  const { clock, tracer } = options
  const record = createRecorder(options)
  return async (context, next) => {
    const start = clock.now()
    const span = tracer?.start(context.req.method, context.req.header('traceparent'))
    const outgoing = context.env?.outgoing
    if (outgoing === undefined || !('socket' in outgoing)) {
      await next()
      record(seenBy(context, { start, span, bytes: undefined, status: context.res.status }))
      return
    }
    onceWritten(outgoing as ServerResponse, (status, bytes) => {
      record(seenBy(context, { start, span, bytes, status }))
    })
    await next()
  }
}

/** Calls back when an answer is out, or its client gone. @param seen `bytes` with those of its headers */
export function onceWritten(
  outgoing: ServerResponse,
  seen: (status: number, bytes: number) => void,
): void {
  const { socket } = outgoing
  const written = socket?.bytesWritten ?? 0
  outgoing.once('close', () => {
    // An answer that was not written whole has reached nobody.
    const replaced = outgoing instanceof ApiResponse ? outgoing.replacedBy : undefined
    const status = replaced ?? (outgoing.writableFinished ? outgoing.statusCode : clientLeft)
    seen(status, (socket?.bytesWritten ?? written) - written)
  })
}

type Seen = {
  readonly start: number
  readonly span: RequestSpan | undefined
  readonly status: number
  readonly bytes: number | undefined
}

function seenBy(context: Context<ApiEnvironment>, seen: Seen) {
  return {
    ...seen,
    requestId: context.get('requestId'),
    method: context.req.method,
    path: context.req.path,
    route: routeOf(context),
    problemCode: context.get('problemCode'),
    principal: context.get('principal')?.id,
  }
}

/** The pattern of the handler; there are as many as routes were added. */
export function routeOf(context: Context<ApiEnvironment>): string {
  const found = matchedRoutes(context).findLast(({ path }) => !path.includes('*'))
  return found?.path ?? 'unmatched'
}
