import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { queryRows, type Row } from '../../../core/clients/duckdb.ts'
import { openPublishFixture, type PublishFixture } from '../../support/publish-fixture.ts'
import {
  buildRepository,
  compileRepository,
  createSources,
  landEvents,
  type RawEvent,
} from '../../support/repository-models.ts'

const compiled = await compileRepository()

let fixture: PublishFixture
beforeEach(async () => {
  fixture = await openPublishFixture(inject('services').postgresUrl)
  await createSources(fixture.lake)
})
afterEach(async () => {
  await fixture[Symbol.asyncDispose]()
})

const rows = (sql: string): Promise<Row[]> => fixture.lake.read((c) => queryRows(c, sql))

/** Lands and builds; a model or data test that fails fails the test, with its own words. */
async function build(events: readonly RawEvent[], fullRefresh = false): Promise<void> {
  if (events.length > 0) await landEvents(fixture.lake, events)
  const result = await buildRepository(fixture.lake, compiled, fullRefresh)
  const failed = result.results.filter(({ status }) => status !== 'success' && status !== 'pass')
  expect(failed.map(({ name, message }) => `${name}: ${message}`)).toEqual([])
  expect(result.outcome).toBe('committed')
}

const unregistered = 900_001
const at = (time: string) => `2024-11-25T${time}Z`
const visit = (user_id: number, action: string, time: string, more: Partial<RawEvent> = {}) => ({
  user_id,
  action,
  at: at(time),
  ...more,
})

it('compile without a problem', () => {
  expect(compiled.graph.problems).toEqual([])
  expect(compiled.graph.warnings).toEqual([])
})

describe('on a lake without events', () => {
  it('build, and every data test passes', async () => {
    await build([])
    expect(await rows('select count(*) as n from lake.marts.users')).toEqual([{ n: 2_000n }])
    expect(await rows('select active_users from lake.marts.active_users')).toEqual([
      { active_users: 0n },
    ])
  })
})

describe('duplicate events', () => {
  it('count once by event_id, within a landing and across landings; without event_id all count', async () => {
    await build([
      visit(1, 'login', '10:00:00', { event_id: 'a' }),
      visit(1, 'login', '10:00:00', { event_id: 'a' }),
      visit(1, 'search', '10:01:00'),
      visit(1, 'search', '10:01:00'),
    ])
    await build([
      // An earlier Kafka time does not make a later delivery the first.
      visit(1, 'login', '10:00:00', { event_id: 'a', kafka: at('09:00:00') }),
      visit(2, 'login', '11:00:00', { event_id: 'b' }),
    ])
    expect(await rows('select id, action from lake.marts.user_activity order by id')).toEqual([
      { id: 1n, action: 'login' },
      { id: 3n, action: 'search' },
      { id: 4n, action: 'search' },
      { id: 6n, action: 'login' },
    ])
  })
})

describe('incremental models', () => {
  it('give the same rows as a full refresh', async () => {
    const batch = (n: number): RawEvent[] =>
      Array.from({ length: 60 }, (_, index) => ({
        user_id: (index * 7 + n) % 11,
        action: ['login', 'view_product', 'add_to_cart', 'purchase'][index % 4] ?? 'login',
        at: new Date(Date.UTC(2024, 10, 25, n, index * 3)).toISOString(),
        kafka: new Date(Date.UTC(2024, 10, 25, 20 - n, 59 - index)).toISOString(),
        // Every tenth id came before, in this landing or in an earlier one.
        ...(index % 3 === 0 ? {} : { event_id: `e${(n * 60 + index) % 100}` }),
        details: { price_cents: index * 100, quantity: 1 + (index % 2) },
      }))
    const tables = ['staging.stg_user_activity', 'marts.user_activity', 'marts.daily_funnel']
    const contents = async () =>
      await Promise.all(tables.map((table) => rows(`select * from lake.${table} order by all`)))
    for (const n of [1, 2, 3, 4]) await build(batch(n))
    const incremental = await contents()
    expect(incremental[0]?.length).toBeGreaterThan(100)
    await build([], true)
    expect(await contents()).toEqual(incremental)
  })
})

describe('users', () => {
  it('who are known only by events have no name, and sign up with their first event', async () => {
    await build([
      visit(unregistered, 'login', '12:00:00'),
      visit(unregistered, 'search', '09:30:00'),
      visit(5_000_000_000, 'login', '09:00:00'),
    ])
    expect(
      await rows(
        `select name, email, signup_date::varchar as signup_date from lake.marts.users
         where user_id > 2000`,
      ),
    ).toEqual([{ name: null, email: null, signup_date: '2024-11-25 09:30:00' }])
  })
})

describe('sessions', () => {
  it('are those named by the sender, and else runs without a pause of over 30 minutes', async () => {
    const purchase = { details: { price_cents: 250, quantity: 2 }, session_id: 's' }
    await build([
      visit(1, 'view_product', '10:00:00', { session_id: 's' }),
      visit(1, 'purchase', '13:00:00', purchase),
      visit(2, 'view_product', '10:00:00', { session_id: 's' }),
      visit(3, 'view_product', '10:30:00'),
      visit(3, 'login', '10:00:00'),
      visit(3, 'view_product', '11:00:01'),
    ])
    expect(
      await rows(
        `select user_id, session_id, event_count, purchase_count, revenue_cents, duration_seconds,
           has_purchase, is_inferred
         from lake.intermediate.int_user_sessions order by user_id, started_at`,
      ),
    ).toEqual([
      session(1n, 's', 2n, {
        purchase_count: 1n,
        revenue_cents: 500n,
        has_purchase: true,
        duration_seconds: 10_800n,
      }),
      session(2n, 's', 1n),
      session(3n, null, 2n, { duration_seconds: 1_800n }),
      session(3n, null, 1n),
    ])
  })
})

function session(
  user_id: bigint,
  session_id: string | null,
  event_count: bigint,
  more: object = {},
) {
  const plain = { purchase_count: 0n, revenue_cents: 0n, duration_seconds: 0n, has_purchase: false }
  return { user_id, session_id, event_count, ...plain, is_inferred: session_id === null, ...more }
}

describe('money', () => {
  it('is whole cents; what is no price counts as none', async () => {
    await build([
      visit(1, 'purchase', '10:00:00', { details: { price_cents: 1999, quantity: 3 } }),
      visit(1, 'purchase', '10:00:01', { details: { price_cents: 'free' } }),
      visit(1, 'purchase', '10:00:02', { details: { price_cents: -5 } }),
      visit(1, 'purchase', '10:00:03', { details: { price_cents: 9e18, quantity: 9e18 } }),
      visit(1, 'purchase', '10:00:04', { details: [1] }),
      visit(1, 'purchase', '10:00:05'),
    ])
    expect(
      await rows('select total_purchases, revenue_cents from lake.marts.purchases_by_user'),
    ).toEqual([{ total_purchases: 6n, revenue_cents: 5_997n }])
  })
})

describe('the 30-day window', () => {
  it('counts users once, and neither old events nor those dated in the future', async () => {
    const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
    await build([
      { user_id: 1, action: 'login', at: ago(1) },
      { user_id: 1, action: 'login', at: ago(2) },
      { user_id: 2, action: 'login', at: ago(29.99) },
      { user_id: 3, action: 'login', at: ago(30.01) },
      { user_id: 4, action: 'login', at: ago(-1) },
    ])
    expect(await rows('select active_users from lake.marts.active_users')).toEqual([
      { active_users: 2n },
    ])
    expect(
      await rows(
        `select metric_name, metric_value::varchar as value from lake.marts.aggregated_metrics
         where metric_name in ('future_events', 'active_users') order by 1`,
      ),
    ).toEqual([
      { metric_name: 'active_users', value: '2.000000' },
      { metric_name: 'future_events', value: '1.000000' },
    ])
  })
})

describe('counts by day and month', () => {
  it('go by UTC, and a late event counts on its own day', async () => {
    await build([
      { user_id: 1, action: 'view_product', at: '2024-11-30T23:59:59Z' },
      { user_id: 1, action: 'view_product', at: '2024-12-01T00:00:00Z' },
    ])
    await build([
      {
        user_id: 1,
        action: 'add_to_cart',
        at: '2024-11-30T20:00:00-03:00',
        kafka: '2024-12-05T00:00:00Z',
      },
    ])
    expect(
      await rows(
        `select day::varchar as day, viewers, carters, view_to_cart_rate::varchar as rate
         from lake.marts.daily_funnel order by day`,
      ),
    ).toEqual([
      { day: '2024-11-30', viewers: 1n, carters: 1n, rate: '1.000000' },
      { day: '2024-12-01', viewers: 1n, carters: 0n, rate: '0.000000' },
    ])
    expect(
      await rows(
        `select month::varchar as month, event_count, active_days
         from lake.marts.monthly_user_activity order by month`,
      ),
    ).toEqual([
      { month: '2024-11-01', event_count: 2n, active_days: 1n },
      { month: '2024-12-01', event_count: 1n, active_days: 1n },
    ])
    expect(
      await rows('select count(*) as n from lake.staging.stg_user_activity where is_late'),
    ).toEqual([{ n: 1n }])
  })
})
