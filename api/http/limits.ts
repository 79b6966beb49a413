/** What an address may be, and how large a body. Headers are limited by Node (16 KiB). */
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { problem } from '../../core/problems.ts'
import type { ApiEnvironment } from './environment.ts'

const maxUrlLength = 8192

/** Refuses addresses of more than 8192 characters, and paths that are no text: routes would take them as written. */
export function addressCheck(): MiddlewareHandler<ApiEnvironment> {
  return (context, next) => {
    const { url } = context.req
    if (url.length > maxUrlLength) throw problem('api/url-too-long', { limit: maxUrlLength })
    if (!isText(url)) throw problem('api/malformed-request', {})
    return next()
  }
}

/** Tells whether every `%` of the path begins a character of UTF-8. */
function isText(url: string): boolean {
  if (!url.includes('%')) return true
  const query = url.indexOf('?')
  try {
    decodeURIComponent(query < 0 ? url : url.slice(0, query))
    return true
  } catch {
    return false
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
  return (context, next) => {
    const { method } = context.req
    // To look for a body costs a Request of the web, and these have none that anybody reads.
    return method === 'GET' || method === 'HEAD' ? next() : limit(context, next)
  }
}
