/** Random templates from the grammar: mostly readable, meaning nothing. */
import fc from 'fast-check'

const names = fc.constantFrom(
  'text',
  'list',
  'dict',
  'f',
  'host',
  'x',
  'loop',
  'varargs',
  'm',
  'caller',
)
const attributes = fc.constantFrom(
  'append',
  'items',
  'keys',
  'upper',
  'split',
  'format',
  'constructor',
  '__proto__',
  'prototype',
  '__class__',
  '__globals__',
  'toString',
  'valueOf',
  'length',
  'call',
  'apply',
  'bind',
  'index',
  'get',
)
const filters = fc.constantFrom(
  'join',
  'map',
  'select',
  'sort',
  'list',
  'length',
  'tojson',
  'first',
  'round',
  'attr',
  'batch',
  'groupby',
  'replace',
  'indent',
  'format',
  'default',
  'string',
  'int',
  'slice',
  'unique',
  'sum',
)
const tests = fc.constantFrom(
  'defined',
  'none',
  'string',
  'mapping',
  'callable',
  'odd',
  'in',
  'iterable',
)
const operators = fc.constantFrom(
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '**',
  '~',
  '==',
  '!=',
  '<',
  '<=',
  'in',
  'not in',
  'and',
  'or',
)

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression')
  const args = fc.array(inner, { maxLength: 3 }).map((parts) => parts.join(', '))
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      names,
      fc.integer({ min: -3, max: 10_000_000_000 }).map(String),
      fc.constantFrom(
        '1.5',
        'none',
        'true',
        "'%s'",
        "'{0.__class__}'",
        "'{}'",
        "'constructor'",
        "'a'",
      ),
      args.map((text) => `[${text}]`),
      args.map((text) => `(${text},)`),
      fc.tuple(inner, inner).map(([key, value]) => `{${key}: ${value}}`),
      fc
        .tuple(inner, operators, inner)
        .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      fc.tuple(inner, attributes).map(([object, name]) => `${object}.${name}`),
      fc.tuple(inner, inner).map(([object, index]) => `${object}[${index}]`),
      fc.tuple(inner, inner, inner).map(([object, from, to]) => `${object}[${from}:${to}]`),
      fc.tuple(inner, args).map(([callee, given]) => `${callee}(${given})`),
      fc
        .tuple(inner, filters, args)
        .map(([value, name, given]) => `(${value} | ${name}(${given}))`),
      fc.tuple(inner, tests).map(([value, name]) => `(${value} is ${name})`),
      fc
        .tuple(inner, inner, inner)
        .map(([then, test, otherwise]) => `(${then} if ${test} else ${otherwise})`),
      fc.tuple(names, args).map(([name, given]) => `namespace(${name}=[${given}])`),
    ),
  }
})

/** A template of a few nested blocks. */
export const { template: randomTemplate } = fc.letrec<{ template: string; block: string }>(
  (tie) => {
    const body = tie('template')
    return {
      template: fc.array(tie('block'), { maxLength: 4 }).map((blocks) => blocks.join('')),
      block: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.string({ maxLength: 4 }),
        expression.map((text) => `{{ ${text} }}`),
        fc.tuple(names, expression).map(([name, value]) => `{% set ${name} = ${value} %}`),
        expression.map((text) => `{% do ${text} %}`),
        fc
          .tuple(expression, body, body)
          .map(([test, yes, no]) => `{% if ${test} %}${yes}{%- else -%}${no}{% endif %}`),
        fc
          .tuple(names, expression, body)
          .map(([name, items, inner]) => `{% for ${name} in ${items} %}${inner}{% endfor %}`),
        fc
          .tuple(names, body)
          .map(
            ([name, inner]) =>
              `{% macro m(${name}=1) %}${inner}{{ caller() if caller }}{% endmacro %}{{ m() }}`,
          ),
        fc
          .tuple(expression, body)
          .map(([value, inner]) => `{% call m(${value}) %}${inner}{% endcall %}`),
        fc.tuple(names, body).map(([name, inner]) => `{% set ${name} %}${inner}{% endset %}`),
        fc.constantFrom(
          '{% break %}',
          '{% continue %}',
          '{{ return(1) }}',
          '{# note #}',
          '{% raw %}{{{% endraw %}',
        ),
      ),
    }
  },
)
