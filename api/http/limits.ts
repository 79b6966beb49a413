/** How large a request may be: its address, and its body. Headers are limited by Node (16 KiB). */
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { problem } from '../../core/problems.ts'
import type { ApiEnvironment } from './environment.ts'
import { problemResponse } from './problem-response.ts'

const maxUrlLength = 8192

/** Refuses addresses of more than 8192 characters. */
export function urlLimit(): MiddlewareHandler<ApiEnvironment> {
  return async (context, next) => {
    if (context.req.url.length <= maxUrlLength) return await next()
    return problemResponse(context, problem('api/url-too-long', { limit: maxUrlLength }))
  }
}

/** Refuses larger bodies, whether they say their length or not. */
export function requestBodyLimit(maxSize: number): MiddlewareHandler<ApiEnvironment> {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw problem('api/body-too-large', { limit: maxSize })
    },
  })
  return async (context, next) => {
    const { method } = context.req
    // To look for a body costs a Request of the web, and these have none that anybody reads.
    return method === 'GET' || method === 'HEAD' ? await next() : await limit(context, next)
  }
}
