import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { buildNumbers } from '../../../support/build-numbers.ts'
import {
  openPublishFixture,
  type PublishFixture,
  request,
} from '../../../support/publish-fixture.ts'

type Seen = { low: number; high: number; fewest: number; most: number }

let fixture: PublishFixture
beforeEach(async () => {
  fixture = await openPublishFixture(inject('services').postgresUrl)
})
afterEach(async () => {
  await fixture[Symbol.asyncDispose]()
})

/** Asks as fast as it can until told to stop. @returns what was wrong, and how often it asked */
async function poll(query: pg.QueryConfig | string, stop: AbortSignal, isolation?: string) {
  const client = new pg.Client(fixture.url)
  await client.connect()
  const wrong: string[] = []
  const builds = new Set<number>()
  let answers = 0
  try {
    while (!stop.aborted) {
      if (isolation !== undefined) {
        await client.query(`begin isolation level ${isolation}`)
        // The snapshot is taken here, before any published table is touched.
        await client.query('select count(*) from pg_class')
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
      }
      const { rows } = await client.query<Seen>(query)
      if (isolation !== undefined) await client.query('commit')
      answers++
      const [row] = rows
      const { rowCount } = buildNumbers
      if (
        row === undefined ||
        row.low !== row.high ||
        row.fewest !== rowCount ||
        row.most !== rowCount
      ) {
        wrong.push(JSON.stringify(row))
      } else builds.add(row.low)
    }
  } catch (error) {
    wrong.push(String(error))
  } finally {
    await client.end()
  }
  return { wrong: wrong.slice(0, 5), answers, builds }
}

async function buildAndPublish(build: number): Promise<void> {
  await fixture.build(...buildNumbers.statements(build))
  await fixture.publish(buildNumbers.requests)
}

describe('a reader who asks at full speed', () => {
  it('never sees an error, an empty or a mixed set of tables during ten publishes', async () => {
    await fixture.rows(buildNumbers.tables)
    await buildAndPublish(1)
    const stop = new AbortController()
    const pollers = [
      poll(buildNumbers.look, stop.signal),
      poll(buildNumbers.join, stop.signal),
      // A prepared statement keeps its plan from one publish to the next.
      poll({ name: 'look', text: buildNumbers.look }, stop.signal),
      poll({ name: 'join', text: buildNumbers.join }, stop.signal),
    ]
    for (let build = 2; build <= 11; build++) await buildAndPublish(build)
    stop.abort()
    for (const { wrong, answers, builds } of await Promise.all(pollers)) {
      expect(wrong).toEqual([])
      expect(answers).toBeGreaterThan(20)
      expect(builds.size).toBeGreaterThan(3)
    }
  })

  it('never finds a table empty in a repeatable-read transaction', async () => {
    await fixture.build('create table lake.marts.swapped as select range as id from range(400)')
    await fixture.publish([request('swapped')])
    const look =
      'select 1 as low, 1 as high, count(*)::int as fewest, count(*)::int as most from swapped'
    const stop = new AbortController()
    const pollers = [1, 2, 3].map(() => poll(look, stop.signal, 'repeatable read'))
    for (let build = 2; build <= 11; build++) {
      await fixture.build(
        'create or replace table lake.marts.swapped as select range as id from range(400)',
      )
      await fixture.publish([request('swapped')])
    }
    stop.abort()
    for (const { wrong, answers } of await Promise.all(pollers)) {
      expect(wrong).toEqual([])
      expect(answers).toBeGreaterThan(5)
    }
  })
})

describe('a reader who stays for long', () => {
  const orders = (id: number) => `create or replace table lake.marts.orders as select ${id} as id`
  const waits = { snapshotMs: 200, lockMs: 700 }

  it('with the table in his hands neither stops the publish nor sees it, and others read the new rows', async () => {
    await fixture.build(orders(1))
    await fixture.publish([request('orders')])
    const reader = await fixture.pool.connect()
    try {
      await reader.query('begin')
      await reader.query('select * from orders')
      await fixture.build(orders(2))
      await fixture.publish([request('orders')], { waits })
      expect(await fixture.rows('select id from orders')).toEqual([{ id: 2 }])
      await reader.query('commit')
    } finally {
      reader.release()
    }
  })

  it('with an old snapshot goes on seeing the old rows', async () => {
    await fixture.build(orders(1))
    await fixture.publish([request('orders')])
    const reader = await fixture.pool.connect()
    try {
      await reader.query('begin isolation level repeatable read')
      await reader.query('select count(*) from pg_class')
      await fixture.build(orders(2))
      await fixture.publish([request('orders')], { waits })
      expect((await reader.query('select id from orders')).rows).toEqual([{ id: 1 }])
      expect(await fixture.rows('select id from orders')).toEqual([{ id: 2 }])
      await reader.query('commit')
    } finally {
      reader.release()
    }
  })

  it('is named when the columns have to change under him', async () => {
    await fixture.build(orders(1))
    await fixture.publish([request('orders')])
    const reader = await fixture.pool.connect()
    try {
      await reader.query(`set application_name = 'long-report'`)
      await reader.query('begin')
      await reader.query('select * from orders')
      await fixture.build('create or replace table lake.marts.orders as select 2 as id, 3 as more')
      await expect(fixture.publish([request('orders')], { waits })).rejects.toMatchObject({
        code: 'publish/blocked',
        message: expect.stringContaining('long-report'),
        exitCode: 3,
      })
      await reader.query('commit')
    } finally {
      reader.release()
    }
    expect(await fixture.rows('select * from orders')).toEqual([{ id: 1 }])
    await fixture.publish([request('orders')])
    expect(await fixture.rows('select * from orders')).toEqual([{ id: 2, more: 3 }])
  })

  it('and takes a second table never dies of a deadlock with the publish', async () => {
    const both = [request('a'), request('b')]
    const build = (n: number) =>
      fixture.build(
        ...['a', 'b'].map((t) => `create or replace table lake.marts.${t} as select ${n} as id`),
      )
    await build(1)
    await fixture.publish(both)
    await build(2)
    const reader = await fixture.pool.connect()
    try {
      await reader.query('begin')
      await reader.query('select * from b')
      const publishing = fixture.publish(both, { waits: { snapshotMs: 100, lockMs: 20_000 } })
      for (let time = 0; time < 10; time++) {
        await new Promise((resolve) => setTimeout(resolve, 200))
        await reader.query('select * from a')
        await reader.query('commit')
        await reader.query('begin')
        await reader.query('select * from b')
      }
      await reader.query('commit')
      expect(await publishing).toMatchObject([{ outcome: 'swapped' }, { outcome: 'swapped' }])
    } finally {
      reader.release()
    }
  })
})
