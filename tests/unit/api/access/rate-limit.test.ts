import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createRateLimiter, rateLimitHeader } from '../../../../api/access/rate-limit.ts'

it('lets a burst through, then one at a time, and says when', () => {
  const limiter = createRateLimiter('key', { perMinute: 60, burst: 3 })
  const at = (now: number) => {
    const { allowed, remaining, retrySeconds, resetSeconds } = limiter.take('a', now)
    return [allowed, remaining, retrySeconds, resetSeconds]
  }
  expect(at(0)).toEqual([true, 2, 0, 1])
  expect(at(0)).toEqual([true, 1, 0, 2])
  expect(at(0)).toEqual([true, 0, 0, 3])
  expect(at(0)).toEqual([false, 0, 1, 3])
  expect(at(999)).toEqual([false, 0, 1, 3])
  expect(at(1000)).toEqual([true, 0, 0, 3])
  expect(at(60_000)).toEqual([true, 2, 0, 1])
  expect(limiter.policy).toBe('"key";q=3;w=3')
  expect(rateLimitHeader('key', limiter.look('a', 60_000))).toBe('"key";r=1;t=2')
})

it('counts nothing when it only looks, and each caller for himself', () => {
  const limiter = createRateLimiter('key', { perMinute: 1, burst: 1 })
  expect([1, 2, 3].map(() => limiter.look('a', 0).allowed)).toEqual([true, true, true])
  expect([limiter.take('a', 0), limiter.take('b', 0)].map((one) => one.allowed)).toEqual([
    true,
    true,
  ])
  expect(limiter.look('a', 0).allowed).toBe(false)
})

it('forgets those who came longest ago when it knows too many', () => {
  const limiter = createRateLimiter('address', { perMinute: 1, burst: 1 }, 4)
  for (const caller of ['a', 'b', 'c', 'd']) limiter.take(caller, 0)
  const mayAsk = () => ['a', 'b', 'c', 'd', 'e'].filter((one) => limiter.look(one, 0).allowed)
  expect(mayAsk()).toEqual(['e'])
  limiter.take('e', 0)
  expect(mayAsk()).toEqual(['a', 'b'])
})

it('never lets more through than the burst and what came since, whatever the times', () => {
  const rule = fc.record({
    perMinute: fc.integer({ min: 1, max: 7000 }),
    burst: fc.integer({ min: 1, max: 50 }),
  })
  const pauses = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 })
  fc.assert(
    fc.property(rule, pauses, ({ perMinute, burst }, steps) => {
      const limiter = createRateLimiter('key', { perMinute, burst })
      let now = 0
      let passed = 0
      for (const step of steps) {
        now += step
        const { allowed, retrySeconds, remaining } = limiter.take('a', now)
        if (allowed) passed++
        expect(allowed).toBe(retrySeconds === 0)
        expect(remaining).toBeLessThan(burst)
      }
      expect(passed).toBeLessThanOrEqual(burst + (now * perMinute) / 60_000 + 1e-6)
    }),
  )
})
