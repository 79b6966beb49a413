import { describe, expect, it } from 'vitest'
import { compilePattern, flagBits } from '../../../../transform/stdlib/python-pattern.ts'

const matches = (pattern: string, text: string, flags = 0) =>
  compilePattern(pattern, flags, '').exec(text)?.[0]

describe("a pattern of Python's", () => {
  it('may begin with flags, also several times', () => {
    expect(matches('(?i)(?s)a.b', 'xA\nBx')).toBe('A\nB')
    expect(matches('(?m)^b$', 'a\nb\nc')).toBe('b')
  })

  it('may be written with blanks and comments when it is verbose', () => {
    const pattern = `(?ix)
      (from|join) \\s+    # where rows come from
      ([\`"']?)           # a # in a class: [#]
      (\\w+ [#]? \\ x)
    `
    expect(matches(pattern, 'select 1 FROM  orders x')).toBe('FROM  orders x')
    expect(matches('a b # c', 'ab', flagBits.VERBOSE)).toBe('ab')
  })

  it('keeps blanks and # when it is not verbose', () => {
    expect(matches('a b#c', 'a b#c')).toBe('a b#c')
  })

  it('names groups and refers to them by (?P', () => {
    expect(matches('(?P<quote>[\'"]).*?(?P=quote)', 'say "it\'s"')).toBe('"it\'s"')
  })

  it('may have a bracket first in a class, and comments in a group', () => {
    expect(matches('[]a]+', 'x]a]')).toBe(']a]')
    expect(matches('[^]]+(?#until the end)', ']ab]')).toBe('ab')
  })

  it('escapes what need not be escaped', () => {
    expect(matches('\\"\\ \\-\\#[\\"\\-]', '" -#-')).toBe('" -#-')
  })

  it('knows the ends of the text, which are not those of lines', () => {
    expect(matches('(?m)\\Ab', 'a\nb')).toBeUndefined()
    expect(matches('(?m)a\\Z', 'a\nb')).toBeUndefined()
  })

  it('may hold braces that repeat nothing', () => {
    expect(matches('^.*{{\\s*config\\s*\\([^)]+\\)\\s*}}', "{{ config(a='b') }} select")).toBe(
      "{{ config(a='b') }}",
    )
  })
})
