import { describe, expect, it } from 'vitest'
import { type Condition, conditionToSql, createBinder } from '../../../../api/tables/condition.ts'
import { parseFilter, parseLogic } from '../../../../api/tables/parse-filter.ts'
import { columnOf } from './columns.ts'

function toSql(condition: Condition) {
  const binder = createBinder()
  return { sql: conditionToSql(condition, binder), values: binder.values }
}

const filter = (name: string, text: string) => toSql(parseFilter(name, text, columnOf))
const logic = (kind: 'and' | 'or', text: string) => toSql(parseLogic(kind, text, columnOf))

describe('a filter on a column', () => {
  it.each([
    ['id', 'eq.5', '"id" = $1::bigint', ['5']],
    ['id', 'neq.-9223372036854775808', '"id" <> $1::bigint', ['-9223372036854775808']],
    ['score', 'gte.1.50', '"score" >= $1::numeric', ['1.50']],
    ['ratio', 'lt.NaN', '"ratio" < $1::float8', ['NaN']],
    ['name', "eq.x'; drop table users; --", '"name" = $1::text', ["x'; drop table users; --"]],
    ['name', 'eq.', '"name" = $1::text', ['']],
    ['name', 'like.A*_%', '"name" like $1::text', ['A%_%']],
    ['name', 'not.ilike.*b', 'not ("name" ilike $1::text)', ['%b']],
    ['born', 'lte.2024-02-29', '"born" <= $1::date', ['2024-02-29']],
    ['seen', 'gt.2024-01-01', '"seen" > $1::timestamptz', ['2024-01-01T00:00:00Z']],
    [
      'seen',
      'gt.2024-01-01T10:00:00+02:00',
      '"seen" > $1::timestamptz',
      ['2024-01-01T10:00:00+02:00'],
    ],
    [
      'at',
      'eq.2024-01-01T00:00',
      `"at" = ($1::timestamptz at time zone 'utc')`,
      ['2024-01-01T00:00Z'],
    ],
    ['flag', 'eq.true', '"flag" = $1::boolean', ['true']],
    ['flag', 'is.false', '"flag" is false', []],
    ['doc', 'is.null', '"doc" is null', []],
    ['doc', 'not.is.null', 'not ("doc" is null)', []],
    ['name', 'is.not_null', '"name" is not null', []],
    ['id', 'in.(1,2,3)', '"id" in ($1::bigint, $2::bigint, $3::bigint)', ['1', '2', '3']],
    [
      'name',
      'in.("a,b",c d,"e\\"f\\\\")',
      '"name" in ($1::text, $2::text, $3::text)',
      ['a,b', 'c d', 'e"f\\'],
    ],
    ['odd "name"', 'eq.1', '"odd ""name""" = $1::text', ['1']],
  ])('reads %s=%s', (name, text, sql, values) => {
    expect(filter(name, text)).toEqual({ sql, values })
  })

  it.each([
    ['id', '5', 'operator'],
    ['id', 'equals.5', 'operator'],
    ['id', 'gtee.5', 'did you mean gte'],
    ['id', 'constructor.5', 'operator'],
    ['id', 'not.not.eq.5', 'operator'],
    ['id', 'eq.5 or 1=1', 'whole number'],
    ['id', 'eq.9223372036854775808', 'whole number'],
    ['id', 'eq.1.0', 'whole number'],
    ['id', 'in.()', 'whole number'],
    ['id', 'in.1,2', 'needs ('],
    ['id', 'in.(1,2', 'needs )'],
    ['id', 'in.(1,2))', 'after its )'],
    ['id', `in.(${Array.from({ length: 501 }, () => 1)})`, 'more than 500'],
    ['score', 'eq.1e', 'number'],
    ['flag', 'eq.yes', 'true or false'],
    ['born', 'eq.2024-02-30', 'date'],
    ['seen', 'eq.yesterday', 'instant'],
    ['clock', 'eq.25:00', 'time'],
    ['uid', 'eq.1234', 'UUID'],
    ['id', 'like.1*', 'only for text'],
    ['name', 'like.a\\', 'backslash'],
    ['name', 'eq.a\0b', 'zero byte'],
    ['name', `eq.${'a'.repeat(2001)}`, 'characters'],
    ['name', 'is.true', 'is.null'],
    ['name', 'is.nothing', 'is.null'],
    ['name', 'in.("a)', 'never closed'],
    ['doc', 'eq.{}', 'is.null'],
    ['tags', 'eq.{}', 'is.null'],
  ])('refuses %s=%s', (name, text, reason) => {
    expect(() => filter(name, text)).toThrow(
      expect.objectContaining({
        code: 'api/invalid-filter',
        message: expect.stringContaining(reason),
      }),
    )
  })

  it('passes on what the lookup of a column says', () => {
    expect(() => filter('nobody', 'eq.1')).toThrow('no column nobody')
  })
})

describe('a logical filter', () => {
  it.each([
    ['or', '(id.eq.1,name.is.null)', '("id" = $1::bigint or "name" is null)', ['1']],
    [
      'and',
      '(id.gt.1,not.or(score.lt.2,name.in.(a,"b)")),not.and(flag.is.true))',
      '("id" > $1::bigint and not (("score" < $2::numeric or "name" in ($3::text, $4::text))) and not (("flag" is true)))',
      ['1', '2', 'a', 'b)'],
    ],
    [
      'or',
      '(name.not.like.a.b*,name.eq."x,y")',
      '(not ("name" like $1::text) or "name" = $2::text)',
      ['a.b%', 'x,y'],
    ],
    ['or', '("odd ""name""".eq.1)', 'x', []],
  ] as const)('reads %s=%s', (kind, text, sql, values) => {
    if (sql === 'x') expect(() => logic(kind, text)).toThrow('no column')
    else expect(logic(kind, text)).toEqual({ sql, values })
  })

  it.each([
    ['id.eq.1', 'needs ('],
    ['()', 'no column'],
    ['(id.eq.1', 'needs )'],
    ['(id.eq.1,)', 'no column'],
    ['(id.eq.1) or true', 'after its )'],
    ['(id=1)', 'no column'],
    ['(id.1)', 'operator'],
    ['(id)', 'needs .'],
    [`${'(and'.repeat(9)}(id.eq.1${')'.repeat(10)}`, 'nested more than 8'],
    [`(${Array.from({ length: 101 }, () => 'id.eq.1')})`, 'more than 100 conditions'],
  ])('refuses or=%s', (text, reason) => {
    expect(() => logic('or', text)).toThrow(reason)
  })
})
