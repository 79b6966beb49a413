import { describe, expect, it } from 'vitest'
import type { Graph } from '../../../../transform/index.ts'
import { type CompileOverrides, compileFiles, type Files } from '../../../support/project.ts'

const sqls = new WeakMap<Graph, ReadonlyMap<string, string>>()

async function compiled(files: Files, overrides?: CompileOverrides): Promise<{ graph: Graph }> {
  const { graph, sql } = await compileFiles(files, overrides)
  sqls.set(graph, sql)
  return { graph }
}

const graphOf = async (files: Files, vars = {}): Promise<Graph> =>
  (await compiled(files, { vars })).graph

const problemsOf = ({ problems }: Graph) =>
  problems.map(({ code, at, message, hint }) => {
    const place = [at?.file, at?.line, at?.column].filter((part) => part !== undefined).join(':')
    return `${code} ${place} ${message} ${hint ?? ''}`.trim()
  })

function node(graph: Graph, name: string) {
  const found = [...graph.nodes.values()].find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no ${name}: ${[...graph.nodes.keys()].join(', ')}`)
  return found
}

const sql = (graph: Graph, name: string) => sqls.get(graph)?.get(node(graph, name).id) ?? ''

describe('a model', () => {
  it('reads relations by ref, source, var, env_var and target', async () => {
    const { graph } = await compiled(
      {
        'models/sources.yml':
          'sources: [{name: raw, schema: landing, tables: [{name: events, identifier: ev}]}]',
        'models/a.sql':
          "select * from {{ source('raw', 'events') }} where d > {{ var('days', 3) }}",
        'models/b.sql':
          "select '{{ env_var('REGION') }}', '{{ target.name }}' from {{ ref('shop', 'a') }}",
      },
      { vars: { days: 7 }, environment: { REGION: 'eu' } },
    )
    expect(problemsOf(graph)).toEqual([])
    expect(sql(graph, 'a')).toBe('select * from "lake"."landing"."ev" where d > 7')
    expect(sql(graph, 'b')).toBe(`select 'eu', 'test' from "lake"."main"."a"`)
    expect(node(graph, 'a').dependencies).toEqual(['source.shop.raw.events'])
    expect(node(graph, 'b').dependencies).toEqual(['model.shop.a'])
  })

  it('takes its config from project file, schema file and header, the later winning', async () => {
    const graph = await graphOf({
      'dbt_project.yml': `
name: shop
models:
  +tags: [all]
  shop:
    +schema: base
    marts:
      +schema: marts
      +materialized: table
      +meta: {owner: a}
`,
      'models/marts/x.sql': "{{ config(tags='own', alias='y') }} select 1",
      'models/marts/schema.yml':
        'models: [{name: x, config: {materialized: incremental, meta: {tier: 1}}}]',
      'models/z.sql': 'select 1',
    })
    expect(node(graph, 'x')).toMatchObject({
      materialized: 'incremental',
      tags: ['all', 'own'],
      relation: { catalog: 'lake', schema: 'main_marts', name: 'y' },
      config: { meta: { owner: 'a', tier: 1 } },
    })
    expect(node(graph, 'z')).toMatchObject({
      materialized: 'view',
      relation: { schema: 'main_base' },
    })
  })

  it('stands in the schema that the project says by generate_schema_name', async () => {
    const graph = await graphOf({
      'macros/names.sql':
        '{% macro generate_schema_name(name, node) -%} {{ name or target.schema }} {%- endmacro %}',
      'models/a.sql': "{{ config(schema='marts') }} select 1",
      'models/b.sql': 'select 1',
    })
    expect(node(graph, 'a')).toMatchObject({ relation: { schema: 'marts' } })
    expect(node(graph, 'b')).toMatchObject({ relation: { schema: 'main' } })
  })

  it('carries ephemeral models along as CTEs, in front of its own', async () => {
    const graph = await graphOf({
      'models/one.sql': "{{ config(materialized='ephemeral') }} select 1 as x",
      'models/two.sql': "{{ config(materialized='ephemeral') }} select * from {{ ref('one') }}",
      'models/three.sql': "-- note\nwith own as (select * from {{ ref('two') }}) select * from own",
    })
    expect(sql(graph, 'three')).toBe(`-- note
with  __dbt__cte__one as (
 select 1 as x
),  __dbt__cte__two as (
 select * from __dbt__cte__one
), own as (select * from __dbt__cte__two) select * from own`)
  })

  it('uses macros, and dispatch prefers those for DuckDB', async () => {
    const graph = await graphOf({
      'macros/m.sql': `
{% macro cents(column) %}({{ column }} * 100)::bigint{% endmacro %}
{% macro now() %}{{ adapter.dispatch('now')() }}{% endmacro %}
{% macro default__now() %}now(){% endmacro %}
{% macro duckdb__now() %}get_current_timestamp(){% endmacro %}`,
      'models/a.sql': "select {{ cents('price') }}, {{ now() }}, {{ this.identifier }}",
    })
    expect(sql(graph, 'a')).toBe('select (price * 100)::bigint, get_current_timestamp(), a')
  })

  it('may be materialized as another engine does, until it is run', async () => {
    const graph = await graphOf({
      'models/a.sql': "{{ config(materialized='dynamic_table') }} select 1",
    })
    expect(problemsOf(graph)).toEqual([])
    expect(node(graph, 'a')).toMatchObject({ materialized: 'dynamic_table' })
  })

  it('can be switched off', async () => {
    const graph = await graphOf({ 'models/a.sql': '{{ config(enabled=false) }} select 1' })
    expect(graph.nodes.size).toBe(0)
  })
})

describe('data tests', () => {
  it('become queries whose rows are the failures', async () => {
    const graph = await graphOf({
      'models/a.sql': 'select 1 as id',
      'models/b.sql': 'select 1 as id',
      'models/schema.yml': `
models:
  - name: a
    columns:
      - name: id
        data_tests:
          - not_null: {where: id > 0}
          - unique
          - accepted_values: {arguments: {values: [1, b]}}
          - relationships: {to: ref('b'), field: id, severity: warn, name: a_has_b}
`,
      'data-tests/not_used.sql': 'select 1',
      'tests/singular.sql': "select * from {{ ref('a') }} where id < 0",
    })
    expect(problemsOf(graph)).toEqual([])
    const names = [...graph.nodes.values()]
      .filter(({ kind }) => kind === 'test')
      .map(({ name }) => name)
    expect(names.sort()).toEqual([
      'a_has_b',
      'accepted_values_a_id__1__b',
      'not_null_a_id',
      'singular',
      'unique_a_id',
    ])
    expect(sql(graph, 'not_null_a_id')).toBe(
      'select id\nfrom (select * from "lake"."main"."a" where id > 0) dbt_subquery\nwhere id is null',
    )
    expect(sql(graph, 'accepted_values_a_id__1__b')).toContain("'1','b'")
    expect(sql(graph, 'a_has_b')).toContain('from "lake"."main"."b"')
    expect(node(graph, 'a_has_b')).toMatchObject({
      severity: 'warn',
      dependencies: ['model.shop.b', 'model.shop.a'],
    })
    expect(node(graph, 'singular').dependencies).toEqual(['model.shop.a'])
  })

  it('may be written by the project', async () => {
    const graph = await graphOf({
      'macros/tests.sql':
        '{% test above(model, column_name, floor) %}select * from {{ model }} where {{ column_name }} <= {{ floor }}{% endtest %}',
      'models/a.sql': 'select 1 as id',
      'models/a.yml': 'models: [{name: a, columns: [{name: id, tests: [{above: {floor: 5}}]}]}]',
    })
    expect(sql(graph, 'above_a_id__5')).toBe('select * from "lake"."main"."a" where id <= 5')
  })
})

describe('a project with many mistakes', () => {
  it('reports all of them at once, each with file, line, column and advice', async () => {
    const graph = await graphOf({
      'models/stg_orders.sql': 'select 1 as id',
      'models/a.sql': "select *\nfrom {{ ref('stg_order') }}",
      'models/b.sql': "select * from {{ source('raw', 'event') }}",
      'models/c.sql': 'select {{ nope.x }}',
      'models/d.sql': 'select {% if %}',
      'models/e.sql': "select * from {{ ref('f') }}",
      'models/f.sql': "select * from {{ ref('e') }}",
      'models/g.sql': "{{ config(materialized='tabel') }} select 1",
      'models/h.sql': "select {{ var('day') }}",
      'models/i.sql': "{{ config(alias='stg_orders') }} select 1",
      'models/j.sql':
        "{{ config(materialized='table') }} select * from {{ new_rows(ref('stg_orders')) }}",
      'models/k.sql':
        "{{ config(materialized='incremental') }} select * from {{ new_rows(ref('stg_orders')) }}",
      'models/twice/stg_orders.sql': 'select 2',
      'models/schema.yml': `
sources: [{name: raw, tables: [{name: events}]}]
models:
  - name: a
    columns: [{name: id, tests: [uniqe, relationships]}]
`,
      'models/broken.yml': 'models: [',
      'macros/m.sql': '{% macro x() %}',
    })
    const all = [...graph.problems, ...graph.latent.map(({ problem }) => problem)]
    const found = problemsOf({ ...graph, problems: all })
    const expected = [
      /^model\/unknown-ref models\/a.sql:2:9 a refers to stg_order, .* did you mean stg_orders\?/,
      /^model\/unknown-source models\/b.sql:1:18 b reads the source raw.event, .* did you mean raw.events\?/,
      /^model\/undefined-name models\/c.sql:1:15 .*nope is undefined in c/,
      /^model\/template-syntax models\/d.sql:1:14 /,
      /^model\/cycle models\/e.sql These refer to each other in a circle: e → f → e/,
      /^model\/unknown-materialization models\/g.sql g is materialized as tabel. did you mean table\?/,
      /^model\/unknown-var models\/h.sql:1:11 The variable day has no value/,
      /^model\/duplicate-relation .*stg_orders/,
      /^model\/new-rows-misused models\/j.sql:1:53 j: new_rows\(\) stands in a table/,
      /^model\/new-rows-misused models\/k.sql k: new_rows\(\) reads stg_orders, which is a view/,
      /^model\/duplicate-name models\/twice\/stg_orders.sql stg_orders is defined 2 times/,
      /^model\/unknown-test models\/schema.yml:5:34 a asks for the data test uniqe, .* did you mean unique\?/,
      /^model\/invalid-property models\/schema.yml:5:41 a.relationships: needs to/,
      /^model\/not-yaml models\/broken.yml:1/,
      /^model\/template-syntax macros\/m.sql:1:1 .*never closed with {% endmacro %}/,
    ]
    for (const pattern of expected) {
      expect(
        found.filter((text) => pattern.test(text)),
        `${pattern} in\n${found.join('\n')}`,
      ).toHaveLength(1)
    }
    expect(graph.problems.every(({ exitCode }) => exitCode === 2)).toBe(true)
  })

  it('warns of keys that mean nothing, with the nearest that does', async () => {
    const graph = await graphOf({
      'dbt_project.yml': 'name: shop\nmodel-path: [models]\n',
      'models/a.sql': "{{ config(materialised='table', cost_centre=7) }} select 1",
      'models/a.yml': 'models:\n  - name: a\n    desciption: x\n  - name: b\n',
    })
    expect(graph.problems).toEqual([])
    const warnings = graph.warnings.map(
      ({ code, at, hint }) => `${code} ${at?.file}:${at?.line} ${hint}`,
    )
    expect(warnings).toEqual([
      expect.stringMatching(/^model\/unknown-key dbt_project.yml:2 did you mean model-paths\?/),
      expect.stringMatching(/^model\/unknown-key models\/a.yml:3 did you mean description\?/),
      expect.stringMatching(
        /^model\/unknown-key models\/a.sql:undefined did you mean materialized\?/,
      ),
      expect.stringMatching(/^model\/unknown-subject models\/a.yml:4/),
    ])
  })
})
