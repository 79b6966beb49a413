import { describe, expect, it } from 'vitest'
import { createAnswerCache } from '../../../../api/sql-endpoint/answer-cache.ts'

function cacheOf(maxBytes = 10_000) {
  const time = { ms: 0 }
  const cache = createAnswerCache<string>({
    maxBytes,
    sizeOf: (text) => text.length,
    clock: { now: () => time.ms },
  })
  let made = 0
  const make = async () => `answer ${++made}`
  return { cache, time, make, count: () => made }
}

describe('the answer cache', () => {
  it('asks once for all who wait, and keeps the answer for its seconds', async () => {
    const { cache, time, make, count } = cacheOf()
    const all = await Promise.all(Array.from({ length: 50 }, () => cache.get('a', 10, make)))
    expect(new Set(all)).toEqual(new Set(['answer 1']))
    time.ms = 9999
    expect(await cache.get('a', 10, make)).toBe('answer 1')
    time.ms = 10_000
    expect(await cache.get('a', 10, make)).toBe('answer 2')
    expect(count()).toBe(2)
  })

  it('keeps nothing that was asked for before it was cleared', async () => {
    const { cache, make } = cacheOf()
    let release = (_: string) => {}
    const old = cache.get('a', 10, () => new Promise((resolve) => (release = resolve)))
    cache.clear()
    const fresh = cache.get('a', 10, make)
    release('old')
    expect([await old, await fresh]).toEqual(['old', 'answer 1'])
    expect(cache.peek('a')).toBe('answer 1')
  })

  it('tells a failure to all who wait, and keeps it for nobody', async () => {
    const { cache, make } = cacheOf()
    const fail = async () => await Promise.reject(new Error('down'))
    const results = await Promise.allSettled([cache.get('a', 10, fail), cache.get('a', 10, fail)])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await cache.get('a', 10, make)).toBe('answer 1')
  })

  it('forgets what was not used for longest when it has no room', async () => {
    const { cache } = cacheOf(4000)
    const big = 'x'.repeat(1000)
    for (const key of ['a', 'b']) await cache.get(key, 10, async () => big)
    cache.peek('a')
    await cache.get('c', 10, async () => big)
    expect([cache.peek('a'), cache.peek('b'), cache.peek('c')]).toEqual([big, undefined, big])
    await cache.get('huge', 10, async () => 'x'.repeat(5000))
    expect(cache.peek('huge')).toBeUndefined()
    expect(cache.peek('a')).toBe(big)
  })
})
