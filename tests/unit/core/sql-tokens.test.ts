import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokenizeSql } from '../../../core/sql-tokens.ts'

const sqlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '$$',
        '$t$',
        '--',
        '/*',
        '*/',
        '\n',
        ':',
        '::',
        ';',
        '\\',
        'e',
        "''",
      ),
      fc.constantFrom(':days', 'select', '1', ' ', 'é', '😀', '$1', ':='),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))

const parametersOf = (sql: string) =>
  tokenizeSql(sql)
    .filter((token) => token.kind === 'parameter')
    .map((token) => token.text)

describe('tokenizeSql', () => {
  it('puts every character of any text into exactly one token, in order', () => {
    fc.assert(
      fc.property(sqlish, (sql) => {
        const tokens = tokenizeSql(sql)
        expect(tokens.map((token) => token.text).join('')).toBe(sql)
        let offset = 0
        for (const token of tokens) {
          expect(token.start).toBe(offset)
          expect(token.text.length).toBeGreaterThan(0)
          offset += token.text.length
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('takes a quoted text as one closed token, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const quoted of [
          `'${text.replaceAll("'", "''")}'`,
          `"${text.replaceAll('"', '""')}"`,
        ]) {
          const tokens = tokenizeSql(`${quoted};`)
          expect(tokens.map((token) => token.text)).toEqual([quoted, ';'])
          expect(tokens[0]?.closed).toBe(true)
        }
      }),
    )
  })

  it.each([
    ['select :days', [':days']],
    ['select :a::int + :b', [':a', ':b']],
    ['select a::int', []],
    ["select ':days', \":days\", $$ :days $$, $x$ $$ :days $x$, E'\\' :days'", []],
    ['-- :days\n/* :days /* :days */ :days */ select :n', [':n']],
    ['select a := 1, x[1:2]', []],
    ["select '''' || :a", [':a']],
    ["select E'a' \n '\\' :a' || :b", [':b']],
    ["select E'a' '\\' || :b", [':b']],
  ])('finds the parameters of %s', (sql, expected) => {
    expect(parametersOf(sql)).toEqual(expected)
  })

  it.each(["'a", '"a', "'a''", '$$ a $', '/* a /* b */', "e'a\\'"])(
    'says that %s is not closed',
    (sql) => {
      expect(tokenizeSql(sql).at(-1)?.closed).toBe(false)
    },
  )

  it.each(["''", "''''", "e'\\\\'", '$$$$', '/**/', '--'])('says that %s is closed', (sql) => {
    expect(tokenizeSql(sql)).toMatchObject([{ closed: true }])
  })
})
