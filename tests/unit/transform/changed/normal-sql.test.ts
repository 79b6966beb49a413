import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalSql } from '../../../../transform/changed/normal-sql.ts'

const same = (left: string, right: string) => normalSql(left) === normalSql(right)

describe('the normal form of SQL', () => {
  it('ignores comments of both kinds, and how the text is laid out', () => {
    expect(same('select 1 -- one\n', 'select\n  1')).toBe(true)
    expect(same('select /* all */ *\nfrom {{ ref("a") }}', 'select *  from {{ ref("a") }}')).toBe(
      true,
    )
    expect(same("{# it's a note #}select 1", 'select 1')).toBe(true)
  })

  it('keeps what stands in strings and quoted names', () => {
    expect(same("select 'a  b'", "select 'a b'")).toBe(false)
    expect(same("select '-- a'", "select '-- b'")).toBe(false)
    expect(same('select 1 as "a  b"', 'select 1 as "a b"')).toBe(false)
    expect(same("select '{{ a }}  x'", "select '{{ a }} x'")).toBe(false)
  })

  it('keeps tags, and where they stand', () => {
    expect(same('select {{ a }}, 1', 'select 1, {{ a }}')).toBe(false)
    expect(same('select {{ a }}', 'select {{ b }}')).toBe(false)
    expect(same('{% if a %}select 1{% endif %}', '{% if b %}select 1{% endif %}')).toBe(false)
  })

  it('leaves a text alone in which a control tag stands inside a string or a comment', () => {
    const text = "select '{% if a %}x{% endif %}' -- note"
    expect(normalSql(text)).toBe(text)
    const comment = 'select 1 -- {% if a %}\n, 2 {% endif %}'
    expect(normalSql(comment)).toBe(comment)
  })

  it('is never the same for two texts that differ outside of blanks and comments', () => {
    const piece = fc.constantFrom(
      "'a b'",
      'x',
      '1',
      '{{ v }}',
      '"q q"',
      ',',
      ' ',
      '\n',
      '-- c\n',
      '/* d */',
    )
    fc.assert(
      fc.property(fc.array(piece), fc.array(piece), (left, right) => {
        const meaning = (parts: readonly string[]) =>
          parts
            .map((part) => (/^(\s|--|\/\*)/.test(part) ? ' ' : part))
            .join('')
            .replaceAll(/ (?=(?:[^'"]|'[^']*'|"[^"]*")*$)/g, '\n')
            .replaceAll(/\n+/g, '\n')
            .trim()
        const isSame = same(left.join(''), right.join(''))
        expect(isSame).toBe(meaning(left) === meaning(right))
      }),
    )
  })
})
