/** Features, labels and their export on real lakes: what was known when, and nothing else. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describe as describeProject } from '../../../cli/ml/feature-project.ts'
import { type ExportOptions, exportFeatures } from '../../../ml/features/export.ts'
import { findFeatureSet } from '../../../ml/features/feature-set.ts'
import { findLeaks } from '../../../ml/features/lint.ts'
import {
  anyEvent,
  busyDay,
  dayMs,
  type FeatureLake,
  heartbeat,
  openFeatureLake,
  type WorldEvent,
  worldDays,
  worldStart,
} from '../../support/feature-world.ts'
import { compileRepository } from '../../support/repository-models.ts'

const live = await compileRepository({ history_loaded_until: '2026-01-05' })
const loading = await compileRepository()
/** The rule about landing times switched off. */
const careless = await compileRepository({ history_loaded_until: '2999-01-01' })

const day = (days: number) => worldStart + days * dayMs
const at = (days: number) => `timestamp '${new Date(day(days)).toISOString()}'`

/** Everything that the table says of instants up to a day, without when it was computed. */
const featuresUpTo = (lake: FeatureLake, days: number) =>
  lake.rows(
    `select * exclude (known_through) from lake.features.user_purchase_features
     where as_of <= ${at(days)} order by as_of, user_id`,
  )

async function buildWorld(
  events: readonly WorldEvent[],
  compiled = live,
  model = 'user_purchase_features',
): Promise<FeatureLake> {
  const lake = await openFeatureLake()
  await lake.land(events)
  await lake.build(compiled, { select: [`+${model}`] })
  return lake
}

describe('the future of an instant', () => {
  const instant = busyDay
  const pulse = [heartbeat(day(0)), heartbeat(day(instant) + dayMs / 4)]
  const known = ({ happened, landed }: WorldEvent) =>
    happened < day(instant) && landed < day(instant)

  it('may be shuffled, replaced or removed, and no feature of then or before changes', async () => {
    const world = fc.record({
      events: fc.array(anyEvent, { minLength: 60, maxLength: 120 }),
      others: fc.array(anyEvent, { minLength: 30, maxLength: 60 }),
      change: fc.constantFrom('shuffle', 'replace', 'remove'),
    })
    await fc.assert(
      fc.asyncProperty(world, async ({ events, others, change }) => {
        const past = [...pulse, ...events.filter(known)]
        const future = events.filter((event) => !known(event))
        const unknown = others.filter((event) => !known(event))
        const changed = { shuffle: shuffled(future), replace: unknown, remove: [] }[change] ?? []
        await using before = await buildWorld([...past, ...future])
        await using after = await buildWorld([...past, ...changed])
        const features = await featuresUpTo(before, instant)
        expect(features.length).toBeGreaterThan(10)
        expect(await featuresUpTo(after, instant)).toEqual(features)
      }),
      { numRuns: 4, endOnFailure: true },
    )
  })

  it('is told from history that was loaded afterwards, which counts when it happened', async () => {
    const loadedAt = day(worldDays)
    const events = fc.sample(anyEvent, { seed: 4, numRuns: 150 })
    const loaded = events.map((event) => ({ ...event, landed: loadedAt }))
    const late = { ...heartbeat(day(3)), user_id: 1, landed: loadedAt + 5 * dayMs }
    await using before = await buildWorld([...pulse, ...loaded], careless)
    const landedLater = [...pulse, ...loaded].map((event) => ({ ...event, landed: loadedAt }))
    await using after = await buildWorld([...landedLater, late], loading)
    const features = await featuresUpTo(before, instant)
    expect(features.length).toBeGreaterThan(10)
    expect(await featuresUpTo(after, instant)).toEqual(features)
  })

  it('shows in the features as soon as landing times are disregarded', async () => {
    const late = { ...heartbeat(day(instant - 1)), user_id: 1, landed: day(instant) + 1 }
    const visit = { ...heartbeat(day(instant - 2)), user_id: 1 }
    await using before = await buildWorld([...pulse, visit], careless)
    await using after = await buildWorld([...pulse, visit, late], careless)
    expect(await featuresUpTo(after, instant)).not.toEqual(await featuresUpTo(before, instant))
  })
})

/** The same moments, with what happened dealt out anew. */
function shuffled(events: readonly WorldEvent[]): WorldEvent[] {
  return events.map(({ happened, landed }, index) => {
    const other = events[(index * 7 + 3) % events.length]
    return { ...heartbeat(happened), ...other, happened, landed }
  })
}

describe('rows that were served', () => {
  it('never change, and a full refresh gives the same', async () => {
    const events = fc.sample(anyEvent, { seed: 11, numRuns: 250 })
    const beats = Array.from({ length: 60 }, (_, index) => heartbeat(day(index)))
    await using lake = await openFeatureLake()
    let served: readonly string[] = []
    let since = 0
    // The first landing is on day 0, so instants up to day 2 are of history that is being loaded.
    for (const until of [1.2, 9.4, 9.5, 30, 60]) {
      const isNew = ({ landed }: WorldEvent) => landed >= day(since) && landed < day(until)
      await lake.land([...beats, ...events].filter(isNew))
      await lake.build(loading)
      const rows = await rowsFrom(lake, 2)
      expect(new Set(rows)).toEqual(new Set([...rows, ...served]))
      served = rows
      since = until
    }
    const incremental = await rowsFrom(lake, 0)
    expect(incremental.length).toBeGreaterThan(200)
    await lake.build(loading, { fullRefresh: true })
    expect(await rowsFrom(lake, 0)).toEqual(incremental)
  })
})

describe('rows of history that was loaded', () => {
  it('take in what landed right before its end and arrived a little later', async () => {
    const secondMs = 1_000
    const visit = (user_id: number, landed: number) => ({
      ...heartbeat(day(0.5)),
      user_id,
      landed,
    })
    await using lake = await openFeatureLake()
    // The first landing is on day 0, so history ends with day 2.
    const beats = [0.1, 1, 2 + 20 * (secondMs / dayMs)].map((at) => heartbeat(day(at)))
    await lake.land([...beats, visit(1, day(1))])
    await lake.build(loading)
    await lake.land([visit(2, day(2) - 5 * secondMs), heartbeat(day(3))])
    await lake.build(loading)
    const incremental = await rowsFrom(lake, 0)
    await lake.build(loading, { fullRefresh: true })
    expect(await rowsFrom(lake, 0)).toEqual(incremental)
    expect(incremental.join()).toMatch(/"user_id":"?2\b/)
  })
})

describe('rows of the same events', () => {
  it('are the same in whatever order the events landed', async () => {
    const random = fc.record({
      seconds: fc.array(fc.integer({ min: 1, max: 32 * 86_400 - 1 }), {
        minLength: 16,
        maxLength: 16,
      }),
      products: fc.array(fc.integer({ min: 1, max: 210 }), { minLength: 16, maxLength: 16 }),
    })
    // With 17 visits in 32 days sums of fractions lie half-way between what they are rounded to, again and again.
    const users = fc.sample(random, { seed: 5, numRuns: 60 })
    const events = users.flatMap(({ seconds, products }, index) => {
      const sum = seconds.reduce((total, one) => total + one, 0)
      const last = (57_600 - (sum % 115_200) + 115_200) % 115_200
      return [...seconds, last].map((one, which) => ({
        ...heartbeat(day(35) - one * 1_000),
        user_id: index + 1,
        action: 'view_product',
        session_id: `v${which}`,
        product_id: products[which] ?? 1,
        landed: day(0),
      }))
    })
    const pulse = [heartbeat(day(3)), heartbeat(day(36))]
    const rows = async (order: readonly WorldEvent[]) => {
      await using lake = await buildWorld([...order, ...pulse], careless)
      return await featuresUpTo(lake, 35)
    }
    expect(await rows(events.toReversed())).toEqual(await rows(events))
  })
})

/** Features and labels from a day on, as JSON, without when they were computed. */
async function rowsFrom(lake: FeatureLake, days: number): Promise<string[]> {
  const tables = ['user_purchase_features', 'user_purchase_labels']
  const found = await Promise.all(
    tables.map((table) =>
      lake.rows(
        `select to_json(r)::varchar as text
         from (select * exclude (known_through) from lake.features.${table}) as r
         where as_of >= ${at(days)} order by as_of, user_id`,
      ),
    ),
  )
  return found.flat().map(({ text }) => String(text))
}

const visit = (user_id: number, days: number, actions: readonly string[], more = {}) =>
  actions.map((action, index) => ({
    ...heartbeat(day(days) + index * 60_000),
    user_id,
    action,
    session_id: `v${days}`,
    ...more,
  }))

describe('features', () => {
  it('are what they say', async () => {
    await using lake = await buildWorld([
      ...visit(1, 0.25, ['login', 'view_product', 'view_product'], { product_id: 1 }),
      ...visit(1, 5.5, ['view_product', 'add_to_cart', 'checkout', 'purchase'], {
        product_id: 20,
        details: { price_cents: 500, quantity: 2 },
      }),
      ...visit(1, 8, ['add_to_cart', 'remove_from_cart']),
      ...visit(2, 9.75, ['search']),
      // Goes on at the instant: what comes after it does not count, of the same visit.
      { ...heartbeat(day(10) - 1_000), user_id: 2, action: 'view_product', session_id: 'v9.75' },
      { ...heartbeat(day(10)), user_id: 2, action: 'purchase', session_id: 'v9.75' },
      heartbeat(day(10.5)),
    ])
    const [one, two] = await lake.rows(
      `select * from lake.features.user_purchase_features
       where as_of = ${at(10)} and user_id < 99 order by user_id`,
    )
    expect(one).toMatchObject({
      days_since_visit: 1.999306, // a minute after the beginning of day 8
      days_since_cart: 1.999306,
      days_since_purchase: 4.497917,
      days_since_first_visit: 9.748611,
      visits: 3n,
      visits_7d: 2n,
      buying_visits: 1n,
      buying_visits_7d: 1n,
      revenue_cents: 1_000n,
      revenue_cents_per_buying_visit: 1_000,
      products_per_buying_visit: 1,
      views_30d: 3n,
      carts_7d: 2n,
      carting_visit_share: 0.666667,
      cart_conversion: 0.5,
      // A fifth of what came before is everybody's: 1 of 4 visits buys.
      likely_conversion: Number(((1 + 12 / 4) / (3 + 12)).toFixed(6)),
      minutes_per_visit: 2,
      views_per_visit: 1,
      viewed_categories: 1n,
      favourite_category_share: 1,
      favourite_category_price_cents: 1_349,
      morning_visit_share: 0.333333,
    })
    expect(two).toMatchObject({
      visits: 1n,
      buying_visits: 0n,
      days_since_purchase: null,
      revenue_cents_per_buying_visit: null,
      viewed_categories: null,
      views_30d: 1n,
    })
  })

  it('of the newest instant are what is served', async () => {
    const beats = Array.from({ length: 6 }, (_, index) => heartbeat(day(index)))
    const events = [...visit(1, 0.5, ['login']), ...beats]
    await using lake = await buildWorld(events, live, 'user_purchase_features_latest')
    expect(
      await lake.rows(
        `select user_id, as_of::varchar as as_of from lake.features.user_purchase_features_latest
         order by 1`,
      ),
    ).toEqual([
      { user_id: 1n, as_of: '2026-01-09 00:00:00' },
      { user_id: 99n, as_of: '2026-01-09 00:00:00' },
    ])
  })
})

describe('instants', () => {
  it('are those within the window after some event: a broken clock makes no thousands of years', async () => {
    const dated = { ...heartbeat(Date.UTC(0, 0, 1) - 1_900 * 365 * dayMs), landed: day(0) }
    const beats = [0, 1, 3].map((days) => heartbeat(day(days)))
    await using lake = await buildWorld([dated, ...beats], live, 'int_feature_instants')
    expect(
      await lake.rows(
        `select count(*) as n, count(*) filter (where as_of >= ${at(-1)}) as recent, max(as_of)::varchar as last
         from lake.intermediate.int_feature_instants`,
      ),
    ).toEqual([{ n: 182n, recent: 2n, last: '2026-01-07 00:00:00' }])
  })

  it('are none where every event is dated later than it landed', async () => {
    const dated = { ...heartbeat(day(40)), landed: day(0) }
    await using lake = await buildWorld([dated], live, 'int_feature_instants')
    const found = await lake.rows('from lake.intermediate.int_feature_instants')
    expect(found).toEqual([])
  })
})

describe('labels', () => {
  it('begin with the instant, end with the horizon, and wait for what lands late', async () => {
    const buys = (user_id: number, happened: number, landed = happened) => ({
      ...heartbeat(happened),
      user_id,
      action: 'purchase',
      landed,
    })
    const seen = [1, 2, 3, 4, 5].flatMap((user) => visit(user, 0.5, ['login']))
    const events = [
      ...seen,
      buys(1, day(1)),
      buys(2, day(8) - 1),
      buys(3, day(8)),
      buys(4, day(5), day(10) - 1),
      buys(5, day(5), day(10)),
      heartbeat(day(10.9)),
    ]
    await using lake = await buildWorld(events, live, 'user_purchase_labels')
    expect(
      await lake.rows(
        `select user_id, purchased_within_horizon as bought, horizon_days, known_at::varchar as known_at
         from lake.features.user_purchase_labels where user_id < 99 order by as_of, user_id`,
      ),
    ).toEqual(
      [true, true, false, true, false].map((bought, index) => ({
        user_id: BigInt(index + 1),
        bought,
        horizon_days: 7n,
        known_at: '2026-01-15 00:00:00',
      })),
    )
  })

  it('are given when the stream is an hour past the wait: purchases of other partitions have arrived', async () => {
    const events = [...visit(1, 0.5, ['login']), heartbeat(day(10) + 3_599_000)]
    await using lake = await buildWorld(events, live, 'user_purchase_labels')
    const given = () =>
      lake.rows('select as_of::varchar as as_of from lake.features.user_purchase_labels')
    expect(await given()).toEqual([])
    await lake.land([heartbeat(day(10) + 3_600_000)])
    await lake.build(live)
    expect(await given()).toEqual([{ as_of: '2026-01-06 00:00:00' }])
  })
})

describe('an export', () => {
  const project = describeProject(live.graph)
  const set = findFeatureSet(project, {
    features: 'user_purchase_features',
    labels: 'user_purchase_labels',
  })
  const options: ExportOptions = {
    warmUpDays: 0,
    validationShare: 0.2,
    testShare: 0.2,
    sqlHash: 'a'.repeat(64),
    maxPartRows: 4,
  }
  const nowhere = { fetch: async () => undefined, put: async () => {} }

  it('has each labelled row of its instants once, as its manifest says, and is written once', async () => {
    const events = fc.sample(anyEvent, { seed: 3, numRuns: 300 })
    await using lake = await buildWorld(events, live, 'user_purchase_labels')
    const objects = new Map<string, Uint8Array>()
    const run = (more: Partial<ExportOptions> = {}) =>
      exportFeatures(
        lake.lake,
        set,
        (id) => ({
          fetch: async (path) => objects.get(`${id}/${path}`),
          put: async (path, body) => {
            objects.set(`${id}/${path}`, body)
          },
        }),
        { ...options, ...more },
      )
    const aborted = AbortSignal.timeout(0)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await expect(run({ signal: aborted })).rejects.toThrow()
    expect([...objects.keys()].filter((key) => key.endsWith('manifest.json'))).toEqual([])

    const { manifest, wasThere } = await run()
    expect(wasThere).toBe(false)
    expect(manifest).toMatchObject({
      label: 'purchased_within_7_days',
      horizon_days: 7,
      baseline_features: ['days_since_visit', 'buying_visits'],
    })
    expect(manifest.features).toHaveLength(49)
    const { train, validation, test } = manifest.splits
    expect([train.instants, validation.instants, test.instants]).toEqual([3, 1, 1])
    const gap = (one: { as_of_to: string }, next: { as_of_from: string }) =>
      (Date.parse(next.as_of_from) - Date.parse(one.as_of_to)) / dayMs
    expect([gap(train, validation), gap(validation, test)]).toEqual([7, 7])

    const lines = Object.values(manifest.splits).flatMap(({ files }) =>
      files.flatMap(({ path, sha256, rows, bytes }) => {
        const body = objects.get(`${manifest.export_id}/${path}`) ?? new Uint8Array()
        expect([createHash('sha256').update(body).digest('hex'), body.length]).toEqual([
          sha256,
          bytes,
        ])
        expect(rows).toBeLessThanOrEqual(2 * 4) // by the hash of users: four, give or take a few
        return path.endsWith('.csv') ? Buffer.from(body).toString('utf8').trimEnd().split('\n') : []
      }),
    )
    const columns = set.names.map((name) => `f.${name}::double as ${name}`).join(', ')
    const wanted = await lake.rows(
      `select l.purchased_within_horizon::int as label, ${columns}
       from lake.features.user_purchase_features f
       join lake.features.user_purchase_labels l using (user_id, as_of)
       where f.as_of in (${[3, 10, 17, 24, 31].map((days) => at(days - 1)).join(', ')})`,
    )
    const numbers = (values: readonly unknown[]) =>
      values.map((value) => (value === null || value === '' ? null : Number(value)))
    expect(lines.map((line) => JSON.stringify(numbers(line.split(',')))).sort()).toEqual(
      wanted.map((row) => JSON.stringify(numbers(Object.values(row)))).sort(),
    )

    // What others commit makes no other export, and what comes later does not reach into a pinned one.
    const before = await lake.lake.currentSnapshot()
    await lake.lake.transaction(async (transaction) => {
      await transaction.run('create table lake.ops.other as select 1 as n')
    })
    expect(await run()).toEqual({ manifest, wasThere: true })
    await lake.land([heartbeat(day(60)), heartbeat(day(61))])
    await lake.build(live)
    expect(await run({ snapshot: before })).toEqual({ manifest, wasThere: true })
    expect((await run()).manifest.export_id).not.toBe(manifest.export_id)
    const [path = ''] = [...objects.keys()].filter((key) => key.endsWith('/manifest.json'))
    for (const damaged of ['{"format":', '{"format":2}']) {
      objects.set(path, Buffer.from(damaged))
      await expect(run({ snapshot: before })).rejects.toMatchObject({
        code: 'ml/export-unreadable',
        message: expect.stringContaining(path),
      })
    }
  })

  it('is made of tables that changed in snapshots which upkeep has forgotten', async () => {
    const events = fc.sample(anyEvent, { seed: 3, numRuns: 300 })
    await using lake = await buildWorld(events, live, 'user_purchase_labels')
    const first = await exportFeatures(lake.lake, set, () => nowhere, options)
    await lake.lake.transaction(async (transaction) => {
      await transaction.run('create table lake.ops.other as select 1 as n')
    })
    const newest = await lake.lake.currentSnapshot()
    const forgotten = Array.from({ length: newest }, (_, snapshot) => snapshot)
    await lake.lake.transaction(async (transaction) => {
      await transaction.run(
        `call ducklake_expire_snapshots('lake', versions => [${forgotten.join(', ')}])`,
      )
    })
    expect(await exportFeatures(lake.lake, set, () => nowhere, options)).toEqual(first)
  })

  it('has numbers only, of rows whose label is known', async () => {
    const events = fc.sample(anyEvent, { seed: 3, numRuns: 300 })
    await using lake = await buildWorld(events, live, 'user_purchase_labels')
    const change = (sql: string) =>
      lake.lake.transaction(async (transaction) => {
        await transaction.run(sql)
      })
    const exported = (names: readonly string[]) =>
      exportFeatures(lake.lake, { ...set, names }, () => nowhere, options)
    const table = 'lake.features.user_purchase_features'
    for (const column of [
      'taste varchar',
      'known boolean',
      'ratio double',
      'amount decimal(9, 2)',
    ]) {
      await change(`alter table ${table} add column ${column}`)
    }
    await change(`update ${table} set taste = 'thé', known = true, ratio = 1e300, amount = 1.5
      where user_id = 1`)
    await expect(exported(['visits', 'taste', 'known'])).rejects.toMatchObject({
      code: 'ml/feature-not-a-number',
      message: expect.stringContaining('taste is VARCHAR, known is BOOLEAN'),
    })
    for (const ratio of ['1e300', `'nan'::double`, `'-inf'::double`]) {
      await change(`update ${table} set ratio = ${ratio} where user_id = 1`)
      await expect(exported(['visits', 'ratio'])).rejects.toMatchObject({
        code: 'ml/feature-not-finite',
        message: expect.stringContaining('ratio'),
      })
    }
    const before = await exported(['visits', 'amount'])
    await change(`update lake.features.user_purchase_labels set purchased_within_horizon = null
      where user_id = 2`)
    const after = await exported(['visits', 'amount'])
    expect(after.manifest.splits.train.rows).toBeLessThan(before.manifest.splits.train.rows)
    await change('alter table lake.features.user_purchase_labels drop column horizon_days')
    await expect(exported(['visits'])).rejects.toMatchObject({
      code: 'ml/features-missing',
      message: expect.stringContaining('user_purchase_labels lacks horizon_days'),
    })
  })

  it('is refused while there is too little history, and where the tables are not built', async () => {
    await using lake = await openFeatureLake()
    await expect(exportFeatures(lake.lake, set, () => nowhere, options)).rejects.toMatchObject({
      code: 'ml/no-features',
    })
    await lake.land([heartbeat(day(0)), heartbeat(day(11))])
    await lake.build(live)
    await expect(exportFeatures(lake.lake, set, () => nowhere, options)).rejects.toMatchObject({
      code: 'ml/history-too-short',
    })
  })

  it('is refused when the tables are not what the yml says, or have labels of several horizons', async () => {
    await using lake = await buildWorld(
      [heartbeat(day(0)), heartbeat(day(11.5))],
      live,
      'user_purchase_labels',
    )
    const more = { ...set, names: [...set.names, 'shoe_size'] }
    await expect(exportFeatures(lake.lake, more, () => nowhere, options)).rejects.toMatchObject({
      code: 'ml/features-missing',
    })
    await lake.lake.transaction(async (transaction) => {
      await transaction.run(`update lake.features.user_purchase_labels set horizon_days = 30
        where as_of = ${at(1)}`)
    })
    await expect(exportFeatures(lake.lake, set, () => nowhere, options)).rejects.toMatchObject({
      code: 'ml/mixed-horizons',
    })
  })

  it('is of models that pass the lint', () => {
    expect(findLeaks(project)).toEqual([])
  })
})
