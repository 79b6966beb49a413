import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import {
  openPublishFixture,
  type PublishFixture,
  request,
} from '../../../support/publish-fixture.ts'

let fixture: PublishFixture
beforeEach(async () => {
  fixture = await openPublishFixture(inject('services').postgresUrl)
})
afterEach(async () => {
  await fixture[Symbol.asyncDispose]()
})

/** Publishes one value. @returns its type and its text in PostgreSQL */
async function published(expression: string): Promise<{ type: string; text: string | null }> {
  await fixture.build(`create or replace table lake.marts.t as select ${expression} as v`)
  await fixture.publish([request('t')])
  const [row] = await fixture.rows<{ type: string; text: string | null }>(
    `select format_type(atttypid, atttypmod) as type, (select v::text from t) as text
     from pg_attribute where attrelid = 't'::regclass and attname = 'v'`,
  )
  if (row === undefined) throw new Error('no column v')
  return row
}

describe('a value keeps its type and every digit', () => {
  it.each([
    ['123::bigint', 'bigint', '123'],
    ['12::utinyint', 'smallint', '12'],
    ['4294967295::uinteger', 'bigint', '4294967295'],
    ['18446744073709551615::ubigint', 'numeric(20,0)', '18446744073709551615'],
    ['1234567890.123456789::decimal(38,9)', 'numeric(38,9)', '1234567890.123456789'],
    ['0.1::double', 'double precision', '0.1'],
    ['true', 'boolean', 'true'],
    [
      `timestamp '2024-11-25 12:00:00.123456'`,
      'timestamp without time zone',
      '2024-11-25 12:00:00.123456',
    ],
    [`timestamptz '2024-11-25 12:00:00+02'`, 'timestamp with time zone', '2024-11-25 10:00:00+00'],
    [`date '0044-03-15'`, 'date', '0044-03-15'],
    [`time '23:59:59.5'`, 'time without time zone', '23:59:59.5'],
    [
      `'0f8fad5b-d9cb-469f-a165-70867728950e'::uuid`,
      'uuid',
      '0f8fad5b-d9cb-469f-a165-70867728950e',
    ],
    [`'\\x00\\xFF'::blob`, 'bytea', '\\x00ff'],
    ['[1, 2, null]', 'integer[]', '{1,2,NULL}'],
    [`{'a': 1, 'b': [true]}`, 'jsonb', '{"a": 1, "b": [true]}'],
    [`[{'a': 1}]`, 'jsonb', '[{"a": 1}]'],
    [`map {'k': 1.5}`, 'jsonb', '{"k": 1.5}'],
    [`'{"b":1,"a":[]}'::json`, 'jsonb', '{"a": [], "b": 1}'],
    [`'Grüße, 世界 🌍'`, 'text', 'Grüße, 世界 🌍'],
    [`''`, 'text', ''],
    ['null::varchar', 'text', null],
    ['null::json', 'jsonb', null],
  ])('%s is %s %s', async (expression, type, text) => {
    expect(await published(expression)).toEqual({ type, text })
  })
})

describe('a NUL character, which PostgreSQL cannot hold', () => {
  it('becomes U+FFFD in text', async () => {
    expect((await published(`'a' || chr(0) || chr(0) || 'b'`)).text).toBe('a\ufffd\ufffdb')
  })

  it('becomes U+FFFD in JSON, and an escaped backslash before u0000 stays text', async () => {
    const json = String.raw`{"a":"\u0000\u0000\u0000x","b":"\\u0000","c":"\\\u0000"}`
    const { text } = await published(`'${json}'::json`)
    expect(JSON.parse(text ?? '')).toEqual({
      a: '\ufffd\ufffd\ufffdx',
      b: String.raw`\u0000`,
      c: '\\\ufffd',
    })
  })
})

it('converts into the types of a hand-made table', async () => {
  await fixture.rows(`set timezone = 'America/New_York'`)
  await fixture.rows(
    `create table t (id int primary key, at timestamp, amount numeric(10, 2), raw json, label char(3), who uuid)`,
  )
  const merged = request('t', { strategy: 'merge', uniqueKey: ['id'] })
  await fixture.build(
    `create table lake.marts.t as select 1::bigint as id, timestamptz '2024-11-25 12:00:00Z' as at,
       1.005::decimal(12, 3) as amount, '{"a": 1}'::json as raw, 'abc' as label,
       '0f8fad5b-d9cb-469f-a165-70867728950e' as who`,
  )
  expect(await fixture.publish([merged])).toMatchObject([{ written: 1n }])
  const [row] = await fixture.rows('select id, at::text, amount::text, raw, label, who from t')
  expect(row).toEqual({
    id: 1,
    at: '2024-11-25 12:00:00',
    amount: '1.01',
    raw: { a: 1 },
    label: 'abc',
    who: '0f8fad5b-d9cb-469f-a165-70867728950e',
  })
  await fixture.build('update lake.marts.t set id = 1')
  expect(await fixture.publish([merged])).toMatchObject([{ rows: 1n, written: 0n }])
})
