import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  type UserActivityEvent,
  userActions,
  userActivityEventSchema,
} from '../../../../core/contracts/user-activity.ts'
import { categories, products } from '../../../../ingest/producer/catalogue.ts'
import { openPopulation } from '../../../../ingest/producer/population.ts'
import {
  populationOf,
  type SimulationOptions,
  simulate,
} from '../../../../ingest/producer/simulate.ts'
import { purchasePropensity } from '../../../../ingest/producer/user-model.ts'

// They generate much; a busy machine takes long over it.
vi.setConfig({ testTimeout: 120_000 })

const end = Date.UTC(2024, 10, 25)
const usual: SimulationOptions = { seed: 7, users: 300, events: 20_000, end, days: 60 }

const anySimulation = fc.record({
  seed: fc.nat(),
  users: fc.integer({ min: 1, max: 500 }),
  events: fc.integer({ min: 1, max: 3_000 }),
  end: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map(Number),
  days: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.double({ min: 0.01, max: 1, noNaN: true })),
})

function eventsOf(options: SimulationOptions): readonly UserActivityEvent[] {
  return [...simulate(options)].map(({ text }) => userActivityEventSchema.parse(JSON.parse(text)))
}

describe('simulate', () => {
  it('gives the same bytes for the same options', () => {
    fc.assert(
      fc.property(anySimulation, (options) => {
        const texts = () => [...simulate(options)].map(({ text }) => text)
        expect(texts()).toEqual(texts())
      }),
      { numRuns: 10 },
    )
  })

  it('gives exactly as many events as asked for, in time order, within the span', () => {
    fc.assert(
      fc.property(anySimulation, (options) => {
        const times = [...simulate(options)].map(({ at }) => at)
        expect(times).toHaveLength(options.events)
        expect(times).toEqual(times.toSorted((one, other) => one - other))
        expect(Math.min(...times)).toBeGreaterThanOrEqual(
          options.end - options.days * 86_400_000 - 1,
        )
        expect(Math.max(...times)).toBeLessThanOrEqual(options.end)
      }),
      { numRuns: 15 },
    )
  })

  it('writes events by the contract, each with a name of its own', () => {
    const events = eventsOf(usual)
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(events.length)
    for (const event of events) {
      expect(userActions).toContain(event.action)
      expect(event.user_id).toBeLessThanOrEqual(usual.users)
      const product = products.find(({ productId }) => productId === event.product_id)
      if (['view_product', 'add_to_cart', 'purchase'].includes(event.action)) {
        expect(event.details?.['price_cents']).toBe(product?.priceCents)
      }
    }
  })

  it('shares no event id between simulations', () => {
    const ids = (options: SimulationOptions) => eventsOf(options).map(({ event_id }) => event_id)
    const small = { ...usual, events: 500 }
    const first = new Set(ids(small))
    for (const other of [{ seed: 8 }, { end: end + 1 }, { events: 501 }, { users: 301 }]) {
      expect(ids({ ...small, ...other }).filter((id) => first.has(id))).toEqual([])
    }
  })

  it('keeps the order of the funnel in every session', () => {
    for (const session of Map.groupBy(eventsOf(usual), ({ session_id }) => session_id).values()) {
      const viewed = new Set<number | undefined>()
      const cart = new Set<number | undefined>()
      let checkedOut = false
      expect(new Set(session.map(({ user_id }) => user_id)).size).toBe(1)
      for (const [index, { action, product_id: product }] of session.entries()) {
        if (action === 'login') expect(index).toBe(0)
        if (action === 'view_product') viewed.add(product)
        if (action === 'add_to_cart') expect(viewed).toContain(product)
        if (action === 'add_to_cart') cart.add(product)
        if (action === 'remove_from_cart') expect(cart.delete(product)).toBe(true)
        if (action === 'checkout') expect(cart.size).toBeGreaterThan(0)
        if (action === 'checkout') checkedOut = true
        if (action === 'purchase') expect(checkedOut && cart.has(product)).toBe(true)
      }
    }
  })

  it('has quiet and busy hours for a user, and a heavy tail over users', () => {
    const events = eventsOf({ ...usual, events: 40_000 })
    const counts = [...Map.groupBy(events, ({ user_id }) => user_id).values()]
      .map((own) => own.length)
      .sort((one, other) => other - one)
    const top = counts.slice(0, 30).reduce((sum, count) => sum + count, 0)
    expect(top / events.length).toBeGreaterThan(0.25) // the most active tenth
    const busiest = [...Map.groupBy(events, ({ user_id }) => user_id).values()].find(
      (own) => own.length === counts[0],
    )
    const hours = Map.groupBy(busiest ?? [], ({ timestamp }) => new Date(timestamp).getUTCHours())
    const perHour = Array.from({ length: 24 }, (_, hour) => hours.get(hour)?.length ?? 0)
    expect(Math.max(...perHour)).toBeGreaterThan(5 * Math.min(...perHour))
  })

  it('goes on for ever at a rate when it is live, from the start on', () => {
    const start = end
    const live = { start, eventsPerSecond: 200 }
    const events = simulate({ ...usual, events: Number.POSITIVE_INFINITY, live })
    const times = Array.from({ length: 10_000 }, () => events.next().value?.at ?? 0)
    expect(times[0]).toBeGreaterThanOrEqual(start)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    // After the sessions of the first minutes have filled up it is 200 a second.
    const seconds = ((times.at(-1) ?? 0) - (times[5_000] ?? 0)) / 1_000
    expect(5_000 / seconds).toBeGreaterThan(150)
    expect(5_000 / seconds).toBeLessThan(250)
  })
})

describe('purchasePropensity', () => {
  const options = { ...usual, users: 800, events: 120_000 }
  const population = openPopulation(populationOf(options))
  const users = Array.from({ length: options.users }, (_, index) => population.user(index + 1))
  const last30Days = (at: string) => Date.parse(at) >= end - 30 * 86_400_000

  it('ranks the users as their simulated purchases do', () => {
    const buyers = new Set<number>()
    for (const { action, timestamp, user_id } of eventsOf(options)) {
      if (action === 'purchase' && last30Days(timestamp)) buyers.add(user_id)
    }
    const scored = users.map((user) => ({
      bought: buyers.has(user.userId),
      propensity: purchasePropensity(user, { x: 0.75 }),
    }))
    expect(areaUnderCurve(scored)).toBeGreaterThan(0.8)
  })

  it('is calibrated: what it promises is how many buy', () => {
    const buyers = new Set<number>()
    for (const { action, timestamp, user_id } of eventsOf(options)) {
      if (action === 'purchase' && last30Days(timestamp)) buyers.add(user_id)
    }
    // The middle of the last 30 days of 60 stands for them.
    const promised = users.reduce((sum, user) => sum + purchasePropensity(user, { x: 0.75 }), 0)
    expect(buyers.size / promised).toBeGreaterThan(0.85)
    expect(buyers.size / promised).toBeLessThan(1.15)
  })

  it('rises with activity, intent, focus and appeal, and falls with price sensitivity', () => {
    const user = users[0]
    if (user === undefined) throw new Error('no user')
    const base = purchasePropensity(user)
    expect(
      purchasePropensity({ ...user, sessionsPerDay: 2 * user.sessionsPerDay }),
    ).toBeGreaterThan(base)
    expect(purchasePropensity({ ...user, intent: user.intent + 1 })).toBeGreaterThan(base)
    expect(purchasePropensity({ ...user, focus: user.focus + 0.1 })).toBeGreaterThan(base)
    const dear = { ...user, priceSensitivity: user.priceSensitivity + 0.1 }
    expect(purchasePropensity(dear)).toBeLessThan(base)
    const appeals = categories.map((_, favourite) => purchasePropensity({ ...user, favourite }))
    expect(appeals.indexOf(Math.max(...appeals))).toBe(
      categories.findIndex(({ name }) => name === 'coffee'),
    )
  })
})

function areaUnderCurve(scored: readonly { bought: boolean; propensity: number }[]): number {
  const ranked = scored.toSorted((one, other) => one.propensity - other.propensity)
  const buyers = ranked.filter(({ bought }) => bought).length
  let rankSum = 0
  for (const [index, { bought }] of ranked.entries()) if (bought) rankSum += index + 1
  return (rankSum - (buyers * (buyers + 1)) / 2) / (buyers * (ranked.length - buyers))
}
