/** What every answer says to browsers, and the request's id in it. */
import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { ApiEnvironment } from './environment.ts'

/** No answer is a page: nothing is loaded or framed. An answer that is one brings a policy of its own. */
export function securityHeaders(): MiddlewareHandler<ApiEnvironment> {
  return secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    xFrameOptions: 'DENY',
    overwrite: false,
  })
}

/** Hono's own middleware sets it beforehand, and a route that makes its Response itself does not take it over. */
export function requestIdHeader(): MiddlewareHandler<ApiEnvironment> {
  return async (context, next) => {
    await next()
    context.res.headers.set('x-request-id', context.get('requestId'))
  }
}
