/** CORS: which sites' pages may read the answers. Credentials are headers here, never cookies. */
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { problem } from '../../core/problems.ts'
import type { ApiEnvironment } from './environment.ts'

const exposed = [
  ...['ETag', 'Link', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-As-Of', 'X-Model-Version'],
  ...['X-Request-Id', 'X-Table-Version', 'X-Total-Count', 'X-Total-Count-Is', 'X-Truncated'],
  'Content-Disposition',
]
const accepted = ['Accept', 'Authorization', 'Content-Type', 'If-None-Match', 'X-Api-Key']

/** Undefined when no site is named. @throws `config/invalid-value` when one is not written as browsers send it */
export function corsOf(origins: readonly string[]): MiddlewareHandler<ApiEnvironment> | undefined {
  const wrong = origins.find((origin) => !isOrigin(origin))
  if (wrong !== undefined) {
    const reason = 'a site is written as https://app.example.com, without a path; * is all of them.'
    throw problem('config/invalid-value', { path: 'api.cors_origins', value: wrong, reason })
  }
  if (origins.length === 0) return undefined
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'HEAD', 'POST'],
    allowHeaders: [...accepted, 'X-Request-Id'],
    exposeHeaders: exposed,
    maxAge: 600,
  })
}

function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text)
}
