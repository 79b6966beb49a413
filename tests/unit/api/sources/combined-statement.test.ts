import { describe, expect, it } from 'vitest'
import {
  combinedText,
  combinedValues,
  rowsByCall,
} from '../../../../api/sources/combined-statement.ts'

describe('the text of several calls', () => {
  it('reads the parameters of each from the arrays of all', () => {
    const text = 'select * from t where id = $1::int and day > $2::date or id = $1::int'
    expect(combinedText(text, 2)?.replaceAll('millrace_', '')).toBe(
      `select call.place, rows.*
from unnest((select $1::text[]), (select $2::text[])) with ordinality as call(p1, p2, place)
cross join lateral (
select * from t where id = call.p1::int and day > call.p2::date or id = call.p1::int
) as rows`,
    )
  })

  it.each([
    "select '$1', $1::int",
    'select $$ $1 $$, $1::int',
    'select "$1", $1::int -- $1',
    "select E'\\'$1', $1::int /* $1 */",
  ])('leaves alone what only looks like one: %s', (text) => {
    expect(combinedText(text, 1)).toContain(
      text.replace('$1::int', 'millrace_call.millrace_p1::int'),
    )
  })

  it('tells $1 from $10', () => {
    const text = combinedText(
      `select ${Array.from({ length: 11 }, (_, n) => `$${n + 1}::int`)}`,
      11,
    )
    expect(text).toContain('millrace_p9::int,millrace_call.millrace_p10::int')
  })

  it.each([
    ['a parameter without a cast', 'select $1::int, $1'],
    ['a table of our name', 'select $1::int from millrace_call'],
  ])('is none with %s', (_, text) => {
    expect(combinedText(text, 1)).toBeUndefined()
  })
})

it('writes the values of a parameter as an array', () => {
  const calls = [
    ['a', null],
    ['"', 'NULL'],
    ['\\', '{}'],
  ]
  expect(combinedValues(calls)).toEqual(['{"a","\\"","\\\\"}', '{NULL,"NULL","{}"}'])
})

it('gives each call its rows, in their order', () => {
  const rows = [
    ['2', 'a'],
    ['1', 'b'],
    ['2', 'c'],
  ]
  expect(rowsByCall(rows, 3)).toEqual([[['b']], [['a'], ['c']], []])
})
