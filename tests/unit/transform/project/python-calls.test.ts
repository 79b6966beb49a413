import { describe, expect, it } from 'vitest'
import { readPythonCalls } from '../../../../transform/project/python-calls.ts'
import { emptyReport } from '../../../../transform/project/report.ts'

function read(source: string) {
  const report = emptyReport()
  const calls = readPythonCalls('models/m.py', source, report)
  return { calls, problems: report.problems.map(({ message, at }) => `${at?.line} ${message}`) }
}

const model = (body: string) => `def model(dbt, session):\n${body}\n    return None\n`

describe('calls of a Python model', () => {
  it('are found with their literal arguments, in order', () => {
    const { calls, problems } = read(
      model(`
    dbt.config(materialized="table", tags=['a', "b"], meta={"x": -1.5, 'y': None}, on=True)
    a = dbt.ref("pack" "age", 'model', v=2)
    b = dbt.source(
        "raw",  # which one
        'events',
    ).filter(dbt.config.get("limit", 1_000))
    c = dbt.config.meta_get("k", (1,), )`),
    )
    expect(problems).toEqual([])
    expect(calls.map(({ at, ...call }) => call)).toEqual([
      {
        function: 'config',
        positional: [],
        named: { materialized: 'table', tags: ['a', 'b'], meta: { x: -1.5, y: null }, on: true },
      },
      { function: 'ref', positional: ['package', 'model'], named: { v: 2 } },
      { function: 'source', positional: ['raw', 'events'], named: {} },
      { function: 'config.get', positional: ['limit', 1000], named: {} },
      { function: 'config.meta_get', positional: ['k', [1]], named: {} },
    ])
    expect(calls[1]?.at).toEqual({ file: 'models/m.py', line: 4, column: 9 })
  })

  it('are not those in comments, strings or other objects', () => {
    const { calls } = read(
      model(`
    # dbt.ref('a')
    """dbt.ref('b')"""
    x = 'dbt.ref("c")' + r'\\\\' + "\\"dbt.ref('d')"
    my.dbt.ref('e'); adbt.ref('f'); dbt.refs('g'); dbt.ref
    y = f"{dbt.ref('h')} {{dbt.ref('i')}}"`),
    )
    expect(calls.map(({ positional }) => positional)).toEqual([['h']])
  })

  it.each([
    ['x = dbt.ref(name)', 'the arguments of dbt.ref() must be literals'],
    ['x = dbt.config(a=1 + 2)', 'the arguments of dbt.config() must be literals'],
    ['x = dbt.ref(f"a{b}")', 'the arguments of dbt.ref() must be literals'],
  ])('are a problem in %j', (line, reason) => {
    expect(read(model(`    ${line}`)).problems).toEqual([
      `2 This Python model cannot be used: ${reason}.`,
    ])
  })

  it.each([
    ['x = 1', 'it needs exactly one function model(dbt, session), and has 0'],
    ['def model(session, dbt): pass', 'the first argument of model() must be dbt'],
  ])('need a model function: %j', (source, reason) => {
    expect(read(source).problems).toEqual([`1 This Python model cannot be used: ${reason}.`])
  })
})
