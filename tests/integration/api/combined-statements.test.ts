import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openPostgresSource, type PostgresSource } from '../../../api/sources/postgres-source.ts'
import { examineEndpoint } from '../../../api/sql-endpoint/examine-endpoint.ts'
import { parseEndpoint } from '../../../api/sql-endpoint/parse-endpoint.ts'
import { MillraceError } from '../../../core/errors.ts'
import { endpointFile, runSql } from '../../support/api.ts'
import { askLane, warmUpLane } from '../../support/quick-lane.ts'

const schema = 'combined_statements'
const url = () => inject('services').postgresUrl

beforeAll(() => runSql(url(), `drop schema if exists ${schema} cascade; create schema ${schema}`))
afterAll(() => runSql(url(), `drop schema ${schema} cascade`))

function open(at = url()): PostgresSource & AsyncDisposable {
  const source = openPostgresSource({ url: at, schema, maxConnections: 4 })
  return { ...source, [Symbol.asyncDispose]: () => source.close() }
}

/** The statement that PostgreSQL was sent. */
const isCombined = (row: readonly unknown[] | undefined) => /millrace_call/.test(`${row?.at(-1)}`)

describe('calls of one statement at the same time', () => {
  it('become one statement, whatever the values are', async () => {
    await using own = open()
    await warmUpLane(own)
    const text = 'select $1::text, $2::int, current_query() from generate_series(1, $2::int)'
    const texts = ['', 'NULL', '{}', 'a,b', '"', '\\', `it's`, 'é 💾', ' ', '\n\t', '$1']
    for (let round = 0, together = 0; together < 5; round++) {
      const calls = texts.map((value, index) => [value, (index + round) % 4] as const)
      const found = await Promise.all(calls.map((call) => askLane(own, text, call)))
      for (const [at, rows] of found.entries()) {
        const [value, count] = calls[at] ?? ['', 0]
        expect(rows.map((row) => row.slice(0, 2))).toEqual(Array(count).fill([value, `${count}`]))
      }
      if (found.flat().some(isCombined)) together++
    }
  })

  it('read tables of whatever names', async () => {
    await runSql(
      url(),
      `create table ${schema}.p1 as select n as id, n * 10 as p2, null::text as place from generate_series(1, 20) n`,
    )
    await using own = open()
    await warmUpLane(own)
    const text = `select to_json(p1)::text, p2, current_query() from p1 where p1.id = $1::int order by p2`
    for (let together = 0; together < 3; ) {
      const asked = Array.from({ length: 10 }, (_, n) => n + 1)
      const found = await Promise.all(asked.map((n) => askLane(own, text, [n])))
      expect(found.map((rows) => rows.map((row) => row.slice(0, 2)))).toEqual(
        asked.map((n) => [[`{"id":${n},"p2":${n * 10},"place":null}`, `${n * 10}`]]),
      )
      if (found.flat().some(isCombined)) together++
    }
  })

  it.each([
    ['a limit', 'select n::text from generate_series(1, 10) n limit $1::bigint'],
    ['an aggregate over a parameter alone', 'select sum($1::int)::text from generate_series(1, 3)'],
    ['no group', 'select max(n)::text from generate_series(1, $1::int) n group by ()'],
  ])('are answered also where they cannot be put as one, or next to it: %s', async (_, text) => {
    await using own = open()
    await warmUpLane(own)
    const wanted = (n: number) => {
      if (text.includes('limit')) return Array.from({ length: n }, (_, at) => [`${at + 1}`])
      return [[`${text.includes('sum') ? 3 * n : n}`]]
    }
    // Past the batches after which they are put together, and past the thousand calls apart that follow a failure.
    for (let round = 0; round < 400; round++) {
      const asked = [1, 2, 3, 4, 5]
      const found = await Promise.all(asked.map((n) => askLane(own, text, [n])))
      expect(found).toEqual(asked.map(wanted))
    }
  })

  it('become one also where calls of another one come between them', async () => {
    await using own = open()
    await warmUpLane(own)
    const texts = ['a', 'b'].map((name) => `select '${name}', $1::int, current_query()`)
    const together = [0, 0]
    for (let round = 0; together.some((count) => count < 3); round++) {
      const calls = Array.from({ length: 16 }, (_, at) => ({ which: at % 2, n: at + round }))
      const found = await Promise.all(
        calls.map(({ which, n }) => askLane(own, texts[which] ?? '', [n])),
      )
      for (const [at, [row]] of found.entries()) {
        const { which = 0, n } = calls[at] ?? {}
        expect(row?.slice(0, 2)).toEqual([which === 0 ? 'a' : 'b', `${n}`])
        if (isCombined(row)) together[which] = (together[which] ?? 0) + 1
      }
    }
  })

  it('have no value where none was given, also where the login reads arrays otherwise', async () => {
    const at = new URL(url())
    at.searchParams.set('options', '-c array_nulls=off')
    await using own = open(at.href)
    await warmUpLane(own)
    const text = 'select ($1::text is null)::text, current_query()'
    for (let together = 0; together < 3; ) {
      const found = await Promise.all(Array.from({ length: 8 }, () => askLane(own, text, [null])))
      expect(found.map(([row]) => row?.[0])).toEqual(Array(8).fill('true'))
      if (found.some(([row]) => isCombined(row))) together++
    }
  })

  it('are answered while the source closes, or told so', async () => {
    await using own = open()
    await warmUpLane(own)
    const text = 'select (12 / $1::int)::text, current_query()'
    const call = (n: number) => askLane(own, text, [n])
    for (;;) {
      const found = await Promise.all([1, 2, 3, 4].map(call))
      if (found.some(([row]) => isCombined(row))) break
    }
    const asked = [1, 2, 3, 0, 4, 6]
    const answers = Promise.allSettled(asked.map(call))
    await own.close()
    // Nobody waits for what will not come.
    const late = new Promise<never>((_, fail) => setTimeout(() => fail(new Error('late')), 8000))
    for (const [at, answer] of (await Promise.race([answers, late])).entries()) {
      if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(MillraceError)
      else expect(answer.value[0]?.[0]).toBe(`${12 / Number(asked[at])}`)
    }
  })
})

describe('what an endpoint asks decides whether its calls may be one', () => {
  it.each([
    ['select id, :p as p from things', true],
    ['select id from things where id = :p', true],
    ['select r, :p as p from noise', false],
    ['select (select count(*) from wrapped) as n, :p as p', false],
    ['select (select random()) as r, :p as p', false],
    ['select (select now()) as r, :p as p', false],
    ['select (select vÄ()) as r, :p as p', false],
    [String.raw`select (select U&"r\0061ndom"()) as r, :p as p`, false],
    ['select (select 1 ### 5) as r, :p as p', false],
  ])('%s', async (sql, expected) => {
    await runSql(
      url(),
      `set search_path = ${schema};
       create table if not exists things (id int);
       create or replace view noise as select gen_random_uuid() as r;
       create or replace view wrapped as select * from things;
       create or replace function "vÄ"() returns float8 volatile language sql as 'select random()';
       create or replace function any_of(int, int) returns float8 volatile language sql as 'select random()';
       drop operator if exists ### (int, int)`,
    )
    if (sql.includes('###')) {
      await runSql(
        url(),
        `set search_path = ${schema}; create operator ### (function = any_of, leftarg = int, rightarg = int)`,
      )
    }
    await using own = open()
    const header = 'path: /api/x\nsummary: x\nparameters: { p: { type: integer } }'
    const endpoint = parseEndpoint('api/endpoints/x.sql', endpointFile(header, sql))
    const facts = await own.examine((ask) => examineEndpoint(endpoint, schema, ask))
    expect(facts.isRepeatable).toBe(expected)
  })
})
