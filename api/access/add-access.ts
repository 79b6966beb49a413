/** What every request passes before its route: who calls, from where, and how often. */
import type { Context, MiddlewareHandler } from 'hono'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { isOwnHost } from '../../core/own-host.ts'
import { problem } from '../../core/problems.ts'
import { announce } from '../http/api-response.ts'
import type { ApiEnvironment } from '../http/environment.ts'
import { problemResponse } from '../http/problem-response.ts'
import type { Access, NotIdentified } from './access.ts'
import { addressGroup, callerAddress, isHandedOn } from './caller-address.ts'
import { type Allowance, type RateLimiter, rateLimitHeader } from './rate-limit.ts'

/** Whoever watches the process has no key, and a limit would make a busy server look like a dead one. */
const probes: ReadonlySet<string> = new Set(['/livez', '/readyz'])

/**
 * Refuses requests for another host than this machine where access is open: a page of another site can point its own
 * name at 127.0.0.1 and read what is served there, but its requests still carry that name. A proxy on this machine often
 * asks for it by its own name, whoever is behind; most say for whom they ask, and then it is not this machine.
 */
export function hostCheck({ everyone }: Access): MiddlewareHandler<ApiEnvironment> {
  if (everyone === undefined) return (_, next) => next()
  return (context, next) => {
    const host = context.req.header('host') ?? new URL(context.req.url).host
    const handedOn = isHandedOn((name) => context.req.header(name))
    if (!isOwnHost(host, 'localhost') || handedOn) throw problem('api/foreign-host', {})
    return next()
  }
}

/** Sets the principal, or answers 401 or 429. */
export function accessCheck(
  access: Access,
  log: Log,
  clock: Clock,
): MiddlewareHandler<ApiEnvironment> {
  const { everyone, identify, perAddress, perCaller } = access
  if (everyone !== undefined && perAddress === undefined) {
    return (context, next) => {
      if (!probes.has(context.req.path)) context.set('principal', everyone)
      return next()
    }
  }
  return async (context, next) => {
    if (probes.has(context.req.path)) return await next()
    const from = addressOf(context, access)
    const address = addressGroup(from)
    const ofAddress = perAddress?.take(address, clock.now())
    if (perAddress !== undefined && ofAddress?.allowed === false) {
      return withLimit(context, tooMany(context, ofAddress.retrySeconds), perAddress, ofAddress)
    }
    const header = (name: string) => context.req.header(name)
    const found =
      everyone ??
      (await identify({
        authorization: header('authorization'),
        apiKey: header('x-api-key'),
        address,
      }))
    if (found.kind === 'nobody') {
      const { reason } = found
      log.info({
        event: 'access.refused',
        request_id: context.get('requestId'),
        address: from,
        reason,
      })
      return refuse(context, found)
    }
    context.set('principal', found)
    const limiter = found.kind === 'anonymous' ? undefined : perCaller
    const ofCaller = limiter?.take(found.id, clock.now())
    if (limiter !== undefined && ofCaller?.allowed === false) {
      return withLimit(context, tooMany(context, ofCaller.retrySeconds), limiter, ofCaller)
    }
    await next()
    withLimit(context, context.res, limiter ?? perAddress, ofCaller ?? ofAddress)
    return
  }
}

function addressOf(context: Context<ApiEnvironment>, { proxies }: Access): string {
  const peer = context.env?.incoming?.socket.remoteAddress
  return callerAddress(peer, context.req.header('x-forwarded-for'), proxies)
}

/** RFC 6750: who sent nothing is told the scheme, who sent something wrong is told that too, and nothing else. */
function refuse(context: Context<ApiEnvironment>, { sent, waitSeconds }: NotIdentified): Response {
  if (waitSeconds > 0) return tooMany(context, waitSeconds)
  const response = problemResponse(context, problem('api/unauthorized', {}))
  const scheme = sent ? 'Bearer error="invalid_token"' : 'Bearer'
  response.headers.set('www-authenticate', scheme)
  return response
}

function tooMany(context: Context<ApiEnvironment>, seconds: number): Response {
  const response = problemResponse(context, problem('api/too-many-requests', { seconds }))
  response.headers.set('retry-after', String(seconds))
  return response
}

/** `RateLimit` and `RateLimit-Policy`, as draft-ietf-httpapi-ratelimit-headers has them. */
function withLimit(
  context: Context<ApiEnvironment>,
  response: Response,
  limiter: RateLimiter | undefined,
  allowance: Allowance | undefined,
): Response {
  if (limiter === undefined || allowance === undefined) return response
  announce(context, response, {
    'ratelimit-policy': limiter.policy,
    ratelimit: rateLimitHeader(limiter.name, allowance),
  })
  return response
}
