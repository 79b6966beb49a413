import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { logicReader } from '../../../../transform/changed/logic.ts'
import { compileFiles, type Files } from '../../../support/project.ts'

const files: Files = {
  'models/a.sql': "select {{ cents('x') }} as x from {{ ref('s') }}",
  'models/plain.sql': "select * from {{ ref('s') }}",
  'models/asks.sql': "select {{ var('n', 1) }} as n, '{{ target.name }}' as t from {{ ref('s') }}",
  'macros/cents.sql':
    "{% macro cents(c) %}{{ return(adapter.dispatch('halves')(c)) }}{% endmacro %}",
  'macros/halves.sql': '{% macro default__halves(c) %}({{ c }} / 2){% endmacro %}',
  'macros/other.sql': '{% macro other() %}1{% endmacro %}',
  'seeds/s.csv': 'x\n1\n',
}

async function logicOf(name: string, change: Files = {}, vars: Record<string, unknown> = {}) {
  const { graph } = await compileFiles({ ...files, ...change }, { vars })
  const read = logicReader({
    graph,
    sha256: (text) => hash('sha256', text),
    vars,
    environment: {},
    target: { name: 'test' },
    release: '1',
  })
  const node = [...graph.nodes.values()].find((one) => one.name === name)
  if (node === undefined) throw new Error(`no node ${name}`)
  return read(node)
}

async function changedParts(name: string, change: Files, vars: Record<string, unknown> = {}) {
  const before = await logicOf(name)
  const after = await logicOf(name, change, vars)
  return Object.entries(after.logic).flatMap(([part, text]) =>
    Object.entries(before.logic).some(([key, old]) => key === part && old === text) ? [] : [part],
  )
}

describe('the logic of a node', () => {
  it('is another when its code is, not when a comment is', async () => {
    expect(
      await changedParts('plain', { 'models/plain.sql': "select 1 from {{ ref('s') }}" }),
    ).toEqual(['code'])
    expect(
      await changedParts('plain', { 'models/plain.sql': "-- all\nselect *\nfrom {{ ref('s') }}" }),
    ).toEqual([])
  })

  it('is another when a macro that it uses is, also by dispatch, and not when others are', async () => {
    const halves = {
      'macros/halves.sql': '{% macro default__halves(c) %}({{ c }} / 3){% endmacro %}',
    }
    expect(await changedParts('a', halves)).toEqual(['macros'])
    expect(await changedParts('plain', halves)).toEqual([])
    expect(
      await changedParts('a', { 'macros/other.sql': '{% macro other() %}2{% endmacro %}' }),
    ).toEqual([])
  })

  it('is another for all when a macro of dbt is overridden', async () => {
    const override = {
      'macros/o.sql':
        '{% macro generate_alias_name(custom_alias_name=none, node=none) %}{{ node.name }}{% endmacro %}',
    }
    expect(await changedParts('plain', override)).toEqual(['macros'])
  })

  it('is another when a variable that it reads is', async () => {
    expect(await changedParts('asks', {}, { n: 2 })).toEqual(['values'])
    expect(await changedParts('plain', {}, { n: 2 })).toEqual([])
  })

  it('is another when its config or its columns are', async () => {
    const tagged = {
      'models/plain.sql': "{{ config(materialized='table') }}select * from {{ ref('s') }}",
    }
    expect(await changedParts('plain', tagged)).toEqual(['code', 'config'])
    const typed = {
      'models/p.yml': 'models: [{name: plain, columns: [{name: x, data_type: int}]}]',
    }
    expect(await changedParts('plain', typed)).toEqual(['config'])
  })

  it('is another when the rows of a seed are', async () => {
    expect(await changedParts('s', { 'seeds/s.csv': 'x\n2\n' })).toEqual(['code'])
  })
})

describe('what has to run each time', () => {
  it.each([
    ['select now() as t', 'its SQL is another each time: now(), random() or the like'],
    ['select * from {{ ref("s") }} where x > current_date', 'its SQL reads the clock'],
    ["select '{{ run_started_at }}' as t", 'its template reads the clock'],
    ["{% set r = run_query('select 1') %}select 1 as x", 'its template queries the database'],
    ['select * from raw.events', 'it reads raw.events, neither ref nor source'],
    ["select * from 'a.parquet'", "it reads 'a.parquet', neither ref nor source"],
    ["select * from read_csv('a.csv')", 'it reads read_csv, neither ref nor source'],
  ])('is %s', async (sql, reason) => {
    const { volatile } = await logicOf('plain', { 'models/plain.sql': sql })
    expect(volatile).toBe(reason)
  })

  it.each([
    "with a as (select * from {{ ref('s') }}), b as materialized (select * from a) select * from b join a using (x)",
    "select extract(year from x) as y from {{ ref('s') }}",
    "select x is distinct from 2 as d from {{ ref('s') }} cross join unnest([1, 2])",
    "select * from (select * from {{ ref('s') }}) as inner_rows",
    "-- from raw.events\nselect * from {{ ref('s') }}",
  ])('is not %s', async (sql) => {
    const { volatile } = await logicOf('plain', { 'models/plain.sql': sql })
    expect(volatile).toBeUndefined()
  })
})
