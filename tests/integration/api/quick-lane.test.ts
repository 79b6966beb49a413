import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openPostgresSource, type PostgresSource } from '../../../api/sources/postgres-source.ts'
import { runSql } from '../../support/api.ts'
import { askLane, type LaneValues, processOf, warmUpLane } from '../../support/quick-lane.ts'

const schema = 'quick_lane'
const url = () => inject('services').postgresUrl

let source: PostgresSource
beforeAll(async () => {
  await runSql(url(), `drop schema if exists ${schema} cascade; create schema ${schema}`)
  source = openPostgresSource({ url: url(), schema, maxConnections: 4 })
})
afterAll(async () => {
  await source.close()
  await runSql(url(), `drop schema ${schema} cascade`)
})

const ask = (text: string, values: LaneValues = [], from = source) => askLane(from, text, values)
const process = (from = source) => processOf(from)
const warmUp = (from = source) => warmUpLane(from)

/** Asks for the process after no time at all, until it is that of the line: on a busy machine that takes a while. */
async function inLine(text: string, pid: string, from: PostgresSource): Promise<void> {
  for (;;) {
    const [row] = await ask(text, [0], from)
    if (row?.[0] === pid) return
  }
}

describe('statements that take next to no time', () => {
  it('share a connection, and each has its own answer', async () => {
    await warmUp()
    const texts = [
      'select $1::int * 2',
      `select repeat('é', $1::int % 5000), $1::int`,
      'select n::text from generate_series(1, $1::int % 50) n',
    ]
    const wanted = (text: string, n: number) => {
      if (text === texts[0]) return [[String(n * 2)]]
      if (text === texts[1]) return [['é'.repeat(n % 5000), String(n)]]
      return Array.from({ length: n % 50 }, (_, index) => [String(index + 1)])
    }
    const asked = Array.from({ length: 2000 }, (_, index) => {
      const text = texts[index % texts.length] ?? ''
      return { text, n: (index * 7919) % 100_003 }
    })
    for (let at = 0; at < asked.length; at += 100) {
      const some = asked.slice(at, at + 100)
      const rows = await Promise.all(some.map(({ text, n }) => ask(text, [n])))
      expect(rows).toEqual(some.map(({ text, n }) => wanted(text, n)))
    }
  })

  it('come back when they were slow for a moment', async () => {
    const own = openPostgresSource({ url: url(), schema, maxConnections: 3 })
    const text = 'select pg_backend_pid() from pg_sleep($1::float)'
    try {
      const pid = await warmUp(own)
      await inLine(text, pid, own)
      for (let round = 0; round < 5; round++) {
        await Promise.all([0, 0.022, 0, 0, 0, 0, 0, 0].map((n) => ask(text, [n], own)))
        await Promise.all(Array.from({ length: 12 }, () => ask(text, [0.005], own)))
      }
      // Not for ever: or this does not end.
      await inLine(text, pid, own)
    } finally {
      await own.close()
    }
  })

  it('fail each for itself', async () => {
    await warmUp()
    const text = 'select 12 / $1::int'
    await ask(text, [1])
    const values = Array.from({ length: 200 }, (_, index) => index % 4)
    const found = await Promise.allSettled(values.map((value) => ask(text, [value])))
    for (const [index, one] of found.entries()) {
      const value = values[index] ?? 0
      if (value === 0) {
        expect(one).toMatchObject({
          status: 'rejected',
          reason: { code: 'api/values-out-of-range' },
        })
      } else expect(one).toEqual({ status: 'fulfilled', value: [[String(12 / value)]] })
    }
  })

  it('do not wait for one that has turned slow, which is answered too', async () => {
    const text = 'select $1::text from pg_sleep($2::float)'
    const own = openPostgresSource({ url: url(), schema, maxConnections: 4 })
    try {
      await ask(text, ['quick', 0], own)
      const pid = await warmUp(own)
      const ended: string[] = []
      const slow = ask(text, ['slow', 1], own).then((rows) => {
        ended.push('slow')
        return rows
      })
      const quick = Array.from({ length: 30 }, () => process(own).then(() => ended.push('quick')))
      await Promise.all(quick)
      expect(await slow).toEqual([['slow']])
      expect(ended.at(-1)).toBe('slow')
      expect(ended).toHaveLength(31)
      // Its connection has only lost a statement.
      expect(await warmUp(own)).toBe(pid)
    } finally {
      await own.close()
    }
  })

  it('that have turned slow leave the line all at once', async () => {
    const text = 'select pg_backend_pid() from pg_sleep($1::float)'
    const own = openPostgresSource({ url: url(), schema, maxConnections: 4 })
    try {
      const pid = await warmUp(own)
      await inLine(text, pid, own)
      const found = await Promise.all(Array.from({ length: 30 }, () => ask(text, [0.02], own)))
      const stayed = found.filter(([row]) => row?.[0] === pid)
      expect(found.every((rows) => rows.length === 1)).toBe(true)
      expect(stayed.length).toBeLessThan(5)
    } finally {
      await own.close()
    }
  })

  it('that have turned slow are not run again when they have their rows', async () => {
    const own = openPostgresSource({ url: url(), schema, maxConnections: 4 })
    try {
      const pid = await warmUp(own)
      const processes: unknown[] = []
      // On a busy machine one may take longer than the line allows, and is then run elsewhere.
      for (let round = 0; round < 20 && !processes.includes(pid); round++) {
        const text = `select pg_backend_pid() from pg_sleep($1::float) -- ${round}`
        await inLine(text, pid, own)
        processes.push((await ask(text, [0.021], own))[0]?.[0])
      }
      expect(processes).toContain(pid)
    } finally {
      await own.close()
    }
  })

  it('are answered while their connection is killed again and again', async () => {
    const own = openPostgresSource({ url: url(), schema, maxConnections: 4 })
    const killer = new pg.Client({ connectionString: url() })
    await killer.connect()
    try {
      const text = 'select $1::int + 1'
      await ask(text, [1], own)
      const pid = await warmUp(own)
      const asked = Array.from({ length: 300 }, (_, n) => n)
      const answers = asked.map((n) => ask(text, [n], own))
      await killer.query('select pg_terminate_backend($1::int)', [pid])
      expect(await Promise.all(answers)).toEqual(asked.map((n) => [[String(n + 1)]]))
      expect(await ask(text, [41], own)).toEqual([['42']])
    } finally {
      await killer.end()
      await own.close()
    }
  })

  it('read the table that stands there now', async () => {
    const replace = (value: number, type = 'int') =>
      runSql(
        url(),
        `begin; drop table if exists ${schema}.t; create table ${schema}.t as select ${value}::${type} as a; commit`,
      )
    await replace(0)
    await warmUp()
    const text = 'select a from t'
    await ask(text)
    for (let value = 1; value <= 20; value++) {
      await replace(value, value % 5 === 0 ? 'bigint' : 'int')
      const rows = await Promise.all(Array.from({ length: 10 }, () => ask(text)))
      expect(rows).toEqual(Array(10).fill([[String(value)]]))
    }
  })

  it('are read-only there as everywhere', async () => {
    await runSql(url(), `create table ${schema}.w (a int)`)
    await warmUp()
    const writing = `with w as (insert into w values ($1::int) returning a) select a from w`
    await expect(ask(writing, [1])).rejects.toMatchObject({ code: '25006' })
    const ofLane = await ask(`select current_setting('transaction_read_only')`)
    expect(await ask(`select current_setting('transaction_read_only')`)).toEqual(ofLane)
    expect(ofLane).toEqual([['on']])
  })

  it('are waited for when the source is closed', async () => {
    const own = openPostgresSource({ url: url(), schema, maxConnections: 4 })
    await warmUp(own)
    const answers = Array.from({ length: 20 }, () => process(own))
    await own.close()
    expect(new Set(await Promise.all(answers)).size).toBe(1)
  })
})
