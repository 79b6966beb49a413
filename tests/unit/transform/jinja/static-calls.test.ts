import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTemplate } from '../../../../transform/jinja/parse.ts'
import { staticCalls } from '../../../../transform/jinja/static-calls.ts'
import { compileTemplate } from '../../../../transform/jinja/template.ts'
import {
  type Arguments,
  HostFunction,
  makeHostObject,
  toRepr,
} from '../../../../transform/jinja/values.ts'

/** A call as text, so that two of them compare with the types of their arguments. */
function show(name: string, { positional, named }: Arguments): string {
  const keyed = [...named].map(([key, value]) => `${key}=${toRepr(value)}`)
  return `${name}(${[...positional.map(toRepr), ...keyed].join(', ')})`
}

/** What is called when the template is rendered as parsing renders it. */
function renderedCalls(source: string): string[] {
  const calls: string[] = []
  const answers = { ref: 'r', source: 's', config: '', var: 'v', is_incremental: false }
  const functions = Object.entries(answers).map(([name, answer]) => {
    const call = (args: Arguments) => {
      calls.push(show(name, args))
      return answer
    }
    return [name, new HostFunction(name, call)] as const
  })
  const relation = makeHostObject({ schema: 'main', name: 'x' }, () => 'main.x')
  const names = new Map<string, unknown>([...functions, ['this', relation], ['execute', false]])
  compileTemplate('a.sql', source).renderSync(names)
  return calls
}

function callsOf(source: string): string[] | undefined {
  return staticCalls(parseTemplate(source))?.map(({ name, args }) => show(name, args))
}

const text = fc.stringMatching(/^[a-z_]{1,6}$/)
const quoted = fc.oneof(
  text.map((value) => `'${value}'`),
  text.map((value) => `"${value}"`),
  fc.constantFrom("'it\\'s'", "'a' 'b'", "'{{ x }}'", "''"),
)
const { literal } = fc.letrec((tie) => ({
  literal: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    quoted,
    fc.constantFrom('1', '-1', '-0', '+3', '1.5', '-2.0', 'true', 'False', 'none', '1_000'),
    fc.array(tie('literal'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc
      .array(tie('literal'), { minLength: 1, maxLength: 3 })
      .map((items) => `(${items.join(', ')},)`),
    fc
      .array(fc.tuple(quoted, tie('literal')), { maxLength: 3 })
      .map((entries) => `{${entries.map((entry) => entry.join(': ')).join(', ')}}`),
  ),
}))
const call = fc.oneof(
  quoted.map((name) => `ref(${name})`),
  fc.tuple(quoted, quoted).map((names) => `ref(${names.join(', ')})`),
  fc
    .tuple(quoted, fc.constantFrom('v', 'version'), literal)
    .map(([a, b, c]) => `ref(${a}, ${b}=${c})`),
  fc.tuple(quoted, quoted).map((names) => `source(${names.join(',')})`),
  fc
    .array(fc.tuple(text, literal), { maxLength: 3 })
    .map((entries) => `config(${entries.map(([key, value]) => `c_${key}=${value}`).join(', ')})`),
  fc.tuple(quoted, literal).map(([name, fallback]) => `var(${name}, ${fallback})`),
  fc.constantFrom('this', 'this.schema', 'is_incremental()'),
)
const { condition } = fc.letrec((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('is_incremental()', 'execute', 'true', 'false'),
    tie('condition').map((inner) => `not ${inner}`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a} and ${b})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a} or ${b})`),
  ),
}))
const { body } = fc.letrec<{ body: string; part: string }>((tie) => ({
  body: fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join(' ')),
  part: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('select 1', '\n', '{# a comment #}', '{% raw %}{{ ref(x) }}{% endraw %}'),
    call.map((value) => `{{ ${value} }}`),
    call.map((value) => `{%- do ${value} -%}`),
    fc.tuple(condition, tie('body')).map(([test, inner]) => `{% if ${test} %}${inner}{% endif %}`),
    fc
      .tuple(condition, tie('body'), condition, tie('body'), tie('body'))
      .map(
        ([a, one, b, two, three]) =>
          `{% if ${a} %}${one}{% elif ${b} %}${two}{% else %}${three}{% endif %}`,
      ),
  ),
}))

describe('the calls of a plain template', () => {
  it('are those that rendering makes, in the same order and with the same values', () => {
    const property = fc.property(body, (source) => {
      expect(callsOf(source)).toEqual(renderedCalls(source))
    })
    fc.assert(property, { numRuns: 1_000 })
  })

  it('leave out what stands behind is_incremental() and execute', () => {
    const source = `{{ ref('a') }}{% if is_incremental() and x.y() %}{{ ref('b') }}{% endif %}
      {% if execute %}{% set n = run_query('select 1') %}{% else %}{{ ref('c') }}{% endif %}`
    expect(callsOf(source)).toEqual(["ref('a')", 'is_incremental()', "ref('c')"])
  })
})

describe('a template is not plain', () => {
  it.each([
    '{{ ref(name) }}',
    "{{ ref('a' ~ 'b') }}",
    "{{ ref('a') | upper }}",
    "{{ ref('a').schema }}",
    '{{ ref() }}',
    "{{ ref(*['a']) }}",
    "{{ ref('a', x=1) }}",
    "{{ source('a') }}",
    "{{ config({'materialized': 'table'}) }}",
    "{{ config(schema=var('schema', 'x')) }}",
    "{{ config.get('materialized') }}",
    "{{ var('unknown') }}",
    '{{ cents(1) }}',
    '{{ target.name }}',
    '{{ this.schema.upper }}',
    "{% set ref = 1 %}{{ ref('a') }}",
    "{% for x in ['a'] %}{{ ref(x) }}{% endfor %}",
    "{% if target.name == 'dev' %}{{ ref('a') }}{% endif %}",
    "{% if x and is_incremental() %}{{ ref('a') }}{% endif %}",
    '{% macro m() %}{% endmacro %}',
  ])('%s', (source) => {
    expect(callsOf(source)).toBeUndefined()
  })
})
