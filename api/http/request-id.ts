/** The name of a request: in its answer, in the log, in problems. A proxy or a caller may give it. */
import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { ApiResponse, announce } from './api-response.ts'
import type { ApiEnvironment } from './environment.ts'

const fit = /^[\w=-]{1,64}$/

/** Names the request. */
export function nameRequest(): MiddlewareHandler<ApiEnvironment> {
  return (context, next) => {
    const given = context.req.header('x-request-id')
    const requestId = given !== undefined && fit.test(given) ? given : randomUUID()
    context.set('requestId', requestId)
    const outgoing = context.env?.outgoing
    if (outgoing instanceof ApiResponse) {
      outgoing.announce({ 'x-request-id': requestId })
      return next()
    }
    return next().then(() => announce(context, context.res, { 'x-request-id': requestId }))
  }
}
