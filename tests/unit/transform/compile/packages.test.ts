import { describe, expect, it } from 'vitest'
import { compileFiles, type Files } from '../../../support/project.ts'

const tools: Files = {
  'dbt_packages/tools/dbt_project.yml': `
name: tools
vars: {days: 1, unit: hour}
models: {tools: {+materialized: table, +tags: [tool]}}
`,
  'dbt_packages/tools/macros/m.sql': `
{% macro twice(x) %}{{ return(adapter.dispatch('twice', 'tools')(x)) }}{% endmacro %}
{% macro default__twice(x) %}({{ x }} * 2){% endmacro %}
{% macro duckdb__half(x) %}({{ x }} / 2){% endmacro %}
{% test even(model, column_name) %}select * from {{ model }} where {{ column_name }} % 2 = 1{% endtest %}`,
  'dbt_packages/tools/models/base/t.sql': "select {{ var('days') }} as n, '{{ var('unit') }}' as u",
  'dbt_packages/tools/models/base/t.yml': `
models: [{name: t, columns: [{name: n, data_tests: [not_null]}]}]
sources: [{name: raw, tables: [{name: events}]}]
desciption: the warnings of a package are for its author
`,
}

async function compiled(files: Files) {
  const { graph, sql: all } = await compileFiles(files)
  expect(graph.problems.map(({ message }) => message)).toEqual([])
  expect(graph.warnings).toEqual([])
  const sql = (id: string) => all.get(id)
  return { graph, sql }
}

describe('a package in dbt_packages', () => {
  it('brings models, sources, tests and macros under its own name', async () => {
    const { graph, sql } = await compiled({
      ...tools,
      'models/a.sql':
        "select {{ tools.twice('n') }} as id from {{ ref('tools', 't') }}, {{ ref('t') }}, {{ source('raw', 'events') }}",
      'models/a.yml': 'models: [{name: a, columns: [{name: id, data_tests: [tools.even]}]}]',
    })
    expect(sql('model.shop.a')).toBe(
      'select (n * 2) as id from "lake"."main"."t", "lake"."main"."t", "lake"."raw"."events"',
    )
    expect(graph.nodes.get('model.tools.t')).toMatchObject({
      materialized: 'table',
      package: 'tools',
      fqn: ['tools', 'base', 't'],
      file: 'dbt_packages/tools/models/base/t.sql',
    })
    expect([...graph.sources.keys()]).toEqual(['source.tools.raw.events'])
    const tests = [...graph.nodes.values()].filter(({ kind }) => kind === 'test')
    expect(tests.map(({ name, package: owner }) => `${owner}.${name}`).sort()).toEqual([
      'shop.tools_even_a_id',
      'tools.not_null_t_n',
    ])
  })

  it('is configured by the project, whose word wins over its own', async () => {
    const { graph, sql } = await compiled({
      ...tools,
      'dbt_project.yml': `
name: shop
vars: {unit: all, tools: {days: 7}}
models: {tools: {base: {+materialized: ephemeral, +tags: [mine]}}}
`,
      'models/a.sql': "select '{{ var('unit') }}' from {{ ref('t') }}",
    })
    expect(graph.nodes.get('model.tools.t')).toMatchObject({
      materialized: 'ephemeral',
      tags: ['tool', 'mine'],
    })
    expect(sql('model.tools.t')).toBe("select 7 as n, 'all' as u")
  })

  it('is overridden by dispatch: the project first, or the order that it states', async () => {
    const macros = { 'macros/m.sql': '{% macro default__twice(x) %}own{% endmacro %}' }
    const model = { 'models/a.sql': 'select {{ tools.twice(1) }}' }
    const first = await compiled({ ...tools, ...macros, ...model })
    expect(first.sql('model.shop.a')).toBe('select own')
    const stated = await compiled({
      ...tools,
      ...macros,
      ...model,
      'dbt_project.yml':
        'name: shop\ndispatch: [{macro_namespace: tools, search_order: [tools, shop]}]\n',
    })
    expect(stated.sql('model.shop.a')).toBe('select (1 * 2)')
  })

  it('may have a model of the same name as the project, whose own is meant everywhere', async () => {
    const { sql } = await compiled({
      ...tools,
      'dbt_packages/tools/models/u.sql': "{{ config(schema='x') }} select * from {{ ref('t') }}",
      'models/t.sql': "{{ config(alias='mine') }} select 1",
      'models/a.sql': "select * from {{ ref('t') }}",
    })
    expect(sql('model.shop.a')).toBe('select * from "lake"."main"."mine"')
    // As in dbt: a ref looks into the root project first, from wherever it is asked.
    expect(sql('model.tools.u')?.trim()).toBe('select * from "lake"."main"."mine"')
  })
})

describe('packages.yml', () => {
  it('names local folders, which may name others', async () => {
    const { sql } = await compiled({
      'packages.yml': 'packages: [{local: parts/one}]',
      'parts/one/dbt_project.yml': 'name: one',
      'parts/one/dependencies.yml': 'packages: [{local: ../two}]',
      'parts/two/dbt_project.yml': 'name: two',
      'parts/two/macros/m.sql': '{% macro deep() %}2{% endmacro %}',
      'models/a.sql': 'select {{ two.deep() }}',
    })
    expect(sql('model.shop.a')).toBe('select 2')
  })

  it('says where it names what is not there', async () => {
    const { graph } = await compileFiles({
      'packages.yml': `
packages:
  - local: nowhere
  - package: some/thing
    version: 1.0.0
  - name: x
`,
    })
    expect(graph.problems.map(({ code, at, message }) => `${code} ${at?.line} ${message}`)).toEqual(
      [
        'packages/bad-entry 6 In the list of packages, name has no package:, git:, tarball: or local:.',
        'packages/bad-entry 3 In the list of packages, nowhere is no folder with a dbt_project.yml.',
        'model/missing-package 4 The package some/thing is not in dbt_packages.',
      ],
    )
  })
})
