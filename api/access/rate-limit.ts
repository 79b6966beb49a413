/**
 * How many requests a caller may make: each has a bucket that fills evenly (GCRA: one number per caller, the time at
 * which his bucket is full again). Memory is bounded; beyond it those who came longest ago are forgotten.
 *
 * hono-rate-limiter 0.5.4 was looked at: its windows let twice the limit through at their border, and its memory
 * grows with every address that comes within two of them.
 */
import { createRecentMap } from './recent-map.ts'

export type RateRule = {
  readonly perMinute: number
  /** Requests that may come at once, after a pause. */
  readonly burst: number
}

export type Allowance = {
  readonly allowed: boolean
  /** Requests that may come at once now. */
  readonly remaining: number
  /** Until the bucket is full. */
  readonly resetSeconds: number
  /** Until the next request may come; 0 when it may come now. */
  readonly retrySeconds: number
}

export type RateLimiter = {
  readonly name: string
  /** `RateLimit-Policy` of every answer. */
  readonly policy: string
  /** Counts a request. */
  readonly take: (caller: string, now: number) => Allowance
  /** What `take` would say; nothing is counted. */
  readonly look: (caller: string, now: number) => Allowance
}

/** A limiter of its own. @param name says in headers what is limited */
export function createRateLimiter(
  name: string,
  { perMinute, burst }: RateRule,
  maxCallers = 50_000,
): RateLimiter {
  const interval = 60_000 / perMinute
  const capacity = interval * burst
  const fullAt = createRecentMap<number>(maxCallers)

  function judge(caller: string, now: number): Allowance & { readonly next: number } {
    const before = Math.max(fullAt.get(caller) ?? 0, now)
    const next = before + interval
    const room = now + capacity - next
    const allowed = room > -1e-6 // the intervals are fractions
    const used = (allowed ? next : before) - now
    return {
      allowed,
      next,
      remaining: Math.max(0, Math.floor((capacity - used) / interval + 1e-6)),
      resetSeconds: Math.ceil(used / 1000),
      retrySeconds: allowed ? 0 : Math.ceil(-room / 1000),
    }
  }

  return {
    name,
    policy: `"${name}";q=${burst};w=${Math.ceil(capacity / 1000)}`,
    look: judge,
    take: (caller, now) => {
      const allowance = judge(caller, now)
      if (!allowance.allowed) return allowance
      fullAt.set(caller, allowance.next)
      return allowance
    },
  }
}

/** `RateLimit` of one answer. */
export function rateLimitHeader(name: string, { remaining, resetSeconds }: Allowance): string {
  return `"${name}";r=${remaining};t=${resetSeconds}`
}
