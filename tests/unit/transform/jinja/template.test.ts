import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../../../../transform/jinja/template.ts'
import { HostFunction, makeHostObject, toText } from '../../../../transform/jinja/values.ts'
import cases from './python-jinja-cases.json' with { type: 'json' }

/** What the recorded cases call: the same host that Python Jinja was given when they were recorded. */
function names(isAsync: boolean): ReadonlyMap<string, unknown> {
  const answer = (value: unknown) => (isAsync ? Promise.resolve(value) : value)
  const result = makeHostObject({
    columns: [makeHostObject({ values: new HostFunction('values', () => [11, 22]) })],
    rows: [[11], [22]],
  })
  const star = new HostFunction('star', ({ named }) => {
    const except = named.get('except')
    return `STAR(${toText(named.get('from'))};${Array.isArray(except) ? except.join(',') : ''})`
  })
  const dispatch = new HostFunction('dispatch', ({ positional, named }) => {
    const name = toText(positional[0] ?? named.get('macro_name'))
    const space = toText(positional[1] ?? named.get('macro_namespace'))
    return new HostFunction(name, (args) => `D(${name},${space},${toText(args.positional[0])})`)
  })
  const date = new HostFunction('date', ({ positional: [year, month, day] }) =>
    makeHostObject({
      strftime: new HostFunction('strftime', ({ positional }) =>
        toText(positional[0])
          .replace('%Y', toText(year))
          .replace('%m', toText(month).padStart(2, '0'))
          .replace('%d', toText(day).padStart(2, '0')),
      ),
    }),
  )
  return new Map<string, unknown>([
    ['execute', true],
    ['config', new HostFunction('config', () => '')],
    ['ref', new HostFunction('ref', ({ positional }) => `"${toText(positional[0])}"`)],
    ['source', new HostFunction('source', ({ positional }) => positional.map(toText).join('.'))],
    ['statement', new HostFunction('statement', () => answer(''))],
    ['run_query', new HostFunction('run_query', () => answer(result))],
    ['dbt_utils', makeHostObject({ star })],
    ['adapter', makeHostObject({ dispatch })],
    ['modules', makeHostObject({ datetime: makeHostObject({ date }) })],
    ['var', new HostFunction('var', ({ positional: [, fallback = 'none-set'] }) => fallback)],
  ])
}

describe('a template renders as Python Jinja renders it', () => {
  it.each(cases)('at a stretch: $title', ({ template, output }) => {
    expect(compileTemplate('t.sql', template).renderSync(names(false))).toBe(output)
  })

  it.each(cases)('awaiting host functions: $title', async ({ template, output }) => {
    expect(await compileTemplate('t.sql', template).render(names(true))).toBe(output)
  })
})
