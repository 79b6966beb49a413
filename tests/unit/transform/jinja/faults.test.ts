import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { compileTemplate } from '../../../../transform/jinja/template.ts'
import { HostFunction } from '../../../../transform/jinja/values.ts'

const names = new Map<string, unknown>([
  ['text', 'abc'],
  ['list', [1, 2]],
  ['dict', new Map([['a', 1]])],
  ['f', new HostFunction('f', () => 1)],
])

function faultOf(template: string) {
  try {
    compileTemplate('models/a.sql', template).renderSync(names)
  } catch (error) {
    if (isProblem(error)) return error
    throw error
  }
  throw new Error('it rendered')
}

describe('a template that cannot be read', () => {
  it.each([
    ['select {{ a', 1, 8, /never closed with }}/],
    ['a\n  {% if x %}b', 2, 3, /never closed with {% endif %}/],
    ['{% nope %}', 1, 1, /unknown tag nope/],
    ['{{ 1 + }}', 1, 8, /a value was expected/],
    ['{{ (1] }}', 1, 6, /\) was expected/],
    ['{# open', 1, 1, /comment is never closed/],
    ["{{ 'open }}", 1, 4, /unexpected character '/],
    ['{% endfor %}', 1, 1, /unknown tag endfor/],
  ])('says where and what: %s', (template, line, column, reason) => {
    const fault = faultOf(template)
    expect(fault.code).toBe('model/template-syntax')
    expect(fault.at).toEqual({ file: 'models/a.sql', line, column })
    expect(fault.message).toMatch(reason)
  })
})

describe('a template that cannot be rendered', () => {
  it.each([
    ['a\n{{ nope.x }}', 2, 8, /nope is undefined/],
    ['{{ nope() }}', 1, 4, /nope is undefined/],
    ['{{ text() }}', 1, 4, /cannot be called/],
    ['{{ 1 / 0 }}', 1, 6, /division by zero/],
    ["{{ 1 + 'a' }}", 1, 6, /means nothing/],
    ['{{ text | uper }}', 1, 9, /no filter uper; did you mean upper/],
    ['{% set a, b = [1] %}', 1, 1, /2 names are set here from 1 values/],
    ['{% for x in 5 %}{% endfor %}', 1, 1, /5 \(int\) cannot be iterated/],
    ['{% break %}', 1, 1, /outside a loop/],
  ])('says where and what: %s', (template, line, column, reason) => {
    const fault = faultOf(template)
    expect(fault.code).toBe('model/template-failed')
    expect(fault.at).toEqual({ file: 'models/a.sql', line, column })
    expect(fault.message).toMatch(reason)
  })

  it('names the macro and the places it was called from', () => {
    const fault = faultOf('{% macro m() %}\n{{ nope.x }}{% endmacro %}\n{{ m() }}')
    expect(fault.at).toMatchObject({ line: 2, column: 8 })
    expect(fault.message).toMatch(/in macro m \(called from models\/a.sql:3:4\)/)
  })
})

describe('a template', () => {
  it.each([
    '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
    '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}',
    "{{ 'x' * 1000000000 }}",
    '{{ [1] * 100000000 }}',
    '{% set n = namespace(l=[1]) %}{% for i in range(40) %}{% set n.l = n.l + n.l %}{% endfor %}',
    '{% set n = namespace(t=(1,)) %}{% for i in range(40) %}{% set n.t = n.t + n.t %}{% endfor %}',
    '{% set l = [1] %}{% for i in range(40) %}{% do l.extend(l) %}{% endfor %}',
    '{{ range(1000000000) }}',
    '{{ [1] | slice(1000000000) }}',
    "{{ [1] | batch(1000000000, 'x') }}",
    "{{ 'x' | indent(1000000000) }}",
    "{% set ns = namespace(t='x') %}{% for i in range(40) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}",
  ])('cannot run for ever nor eat the heap: %s', (template) => {
    expect(faultOf(template).code).toBe('model/template-failed')
  })

  it('extends a list by more items than a call takes arguments', () => {
    const grow =
      '{% set l = range(100000) | list %}{% for i in range(3) %}{% do l.extend(l) %}{% endfor %}'
    const rendered = compileTemplate('a.sql', `${grow}{{ l | length }}`).renderSync(names)
    expect(rendered).toBe('800000')
  })

  it.each([
    '{{ text.constructor }}',
    '{{ text.__proto__ }}',
    "{{ list['constructor'] }}",
    '{{ dict.constructor }}',
    '{{ f.constructor }}',
    '{{ f.call }}',
    '{{ loop.constructor }}',
    "{{ {}['__proto__'] }}",
    '{{ namespace().constructor }}',
    "{{ ''.sub.constructor }}",
    "{{ dict | attr('constructor') }}",
  ])('reaches no prototype: %s', (template) => {
    const rendered = () => compileTemplate('a.sql', template).renderSync(names)
    let text = ''
    try {
      text = rendered()
    } catch (error) {
      expect(isProblem(error)).toBe(true)
    }
    expect(text).toBe('')
  })

  it('renders or fails with a catalogued problem, whatever its bytes', () => {
    const pieces = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      '-',
      ' ',
      'if',
      'endif',
      'for',
      'x',
      'in',
      'set',
      '=',
      'macro',
      'endmacro',
      'm',
      '(',
      ')',
      '[',
      ']',
      '1',
      "'",
      '"',
      '|',
      'join',
      '.',
      ',',
      ':',
      'else',
      'endfor',
      'raw',
      'endraw',
      'call',
      'endcall',
      'text',
      'list',
      'dict',
      'is',
      'not',
      '\\',
      '\n',
      '~',
      '**',
      '//',
      '%',
      'return',
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 25 }),
        (parts) => {
          try {
            compileTemplate('a.sql', parts.join('')).renderSync(names)
          } catch (error) {
            if (!isProblem(error)) throw error
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
