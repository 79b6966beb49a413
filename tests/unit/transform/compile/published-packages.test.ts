/** What published packages do, each in a few lines of our own. */
import { describe, expect, it } from 'vitest'
import { manifestNode } from '../../../../transform/artifacts/manifest.ts'
import type { Graph } from '../../../../transform/compile/graph.ts'
import { compileFiles, type Files } from '../../../support/project.ts'

async function compiled(files: Files) {
  const { graph, sql } = await compileFiles(files, { vars: { days: 7 } })
  expect(graph.problems.map(({ message }) => message)).toEqual([])
  return { graph, sql }
}

function json(graph: Graph, id: string) {
  const node = graph.nodes.get(id) ?? graph.described.get(id) ?? graph.unitTests.get(id)
  if (node === undefined) throw new Error(`no ${id}`)
  return manifestNode(node, graph)
}

const tools: Files = {
  'dbt_packages/tools/dbt_project.yml': "name: tools\nversion: '1.2.0'\n",
  'dbt_packages/tools/macros/m.sql': `
{% macro prefix() %}{{ return(context[project_name].get('own_prefix', tools.get('usual_prefix'))()) }}{% endmacro %}
{% macro usual_prefix() %}usual_{% endmacro %}
{% macro named(name) %}{{ return(context['tools'][name ~ '_prefix']()) }}{% endmacro %}
{% macro version() %}{{ return(builtins.ref.config.dependencies['tools'].version) }}{% endmacro %}
{% test complete(model, columns) %}select 1 from {{ model }}{% endtest %}
`,
}

describe('the macros of a package, as a dict', () => {
  it('are asked for by name, with something else for those that are not there', async () => {
    const files = {
      ...tools,
      'models/a.sql': "select '{{ tools.prefix() }}{{ tools.named('usual') }}'",
    }
    const { sql } = await compiled(files)
    expect(sql.get('model.shop.a')).toBe("select 'usual_usual_'")
    const own = { ...files, 'macros/m.sql': '{% macro own_prefix() %}own_{% endmacro %}' }
    expect((await compiled(own)).sql.get('model.shop.a')).toBe("select 'own_usual_'")
  })
})

describe('builtins.ref.config', () => {
  it('knows packages and their versions, the project, and what the command line says', async () => {
    const { sql } = await compiled({
      ...tools,
      'dbt_project.yml': "name: shop\nversion: '3.0'\nvars: {unit: hour}\n",
      'models/a.sql': `{% set config = builtins.ref.config %}
select '{{ tools.version() }} {{ config.project_name }} {{ config.version }} {{ config.cli_vars.days }}
 {{- config.vars.to_dict().vars.unit }} {{ config.args.vars.days }}' from {{ ref('b') }}`,
      'models/b.sql': 'select 1',
    })
    expect(sql.get('model.shop.a')?.trim()).toBe(
      `select '1.2.0 shop 3.0 7hour 7' from "lake"."main"."b"`,
    )
  })
})

describe('a test of a package on a source', () => {
  it('is named after the package, then the source', async () => {
    const { graph } = await compiled({
      ...tools,
      'models/s.yml': `
sources:
  - name: raw
    tables:
      - name: events
        data_tests: [{tools.complete: {arguments: {columns: [id]}}}]
`,
    })
    const [test] = [...graph.nodes.values()]
    expect(test?.name).toBe('tools_source_complete_raw_events_id')
  })
})

describe('what is named twice in a plain template', () => {
  it('is one source, and two refs', async () => {
    const { graph } = await compiled({
      'models/s.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
      'models/b.sql': 'select 1 as id',
      'models/a.sql': `select * from {{ source('raw', 'events') }}, {{ ref('b') }}
union all select * from {{ source('raw', 'events') }}, {{ ref('b') }}`,
    })
    const { sources, refs } = json(graph, 'model.shop.a')
    expect(sources).toEqual([['raw', 'events']])
    expect(refs).toHaveLength(2)
  })
})

describe('a seed written by a spreadsheet', () => {
  it('has a checksum with its byte order mark, and with line ends of one kind', async () => {
    const { graph } = await compiled({ 'seeds/s.csv': '\uFEFFid,name\r\n1,a\r\n' })
    expect(json(graph, 'seed.shop.s')['checksum']).toEqual({
      name: 'sha256',
      checksum: '6c3d470b21e0f54bb1e9ed4b81ae5deb7c8c3440edf295277abbe8bf90a23847',
    })
  })
})

describe('an export of a saved query', () => {
  it('has the place of a model where it says none', async () => {
    const { graph } = await compiled({
      'models/orders.sql': 'select 1 as id',
      'models/q.yml': `
saved_queries:
  - name: totals
    query_params: {metrics: []}
    exports:
      - {name: plain, config: {export_as: table}}
      - {name: placed, config: {export_as: view, schema: reports}}
`,
    })
    const { exports } = json(graph, 'saved_query.shop.totals')
    expect(exports).toMatchObject([
      { name: 'plain', config: { schema_name: 'main', database: 'lake', alias: 'plain' } },
      { name: 'placed', config: { schema_name: 'reports', database: 'lake' } },
    ])
  })
})

describe('rows given to a unit test', () => {
  it('begin with the first that has no nulls, in exchange for the first', async () => {
    const { graph } = await compiled({
      'models/b.sql': 'select 1 as id, 2 as n',
      'models/a.sql': "select id from {{ ref('b') }}",
      'models/u.yml': `
unit_tests:
  - name: u
    model: a
    given:
      - {input: ref('b'), rows: [{id: 1, n: null}, {id: 2, n: null}, {id: 3, n: 3}, {id: 4, n: 4}]}
    expect: {rows: [{id: 1}]}
`,
    })
    const { given } = json(graph, 'unit_test.shop.a.u')
    expect(given).toMatchObject([{ rows: [{ id: 3 }, { id: 2 }, { id: 1 }, { id: 4 }] }])
  })
})

describe('a variable that is written as a template', () => {
  const files: Files = {
    'dbt_project.yml': `
name: shop
vars:
  started: '{{ run_started_at.strftime("%Y") }}'
  events: "{{ source('raw', 'events') }}"
  unused: '{{ no_such_thing() }}'
`,
    'models/s.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
  }

  it('is rendered where it is asked for, with the names that hold there', async () => {
    const { graph, sql } = await compiled({
      ...files,
      'models/a.sql': "select {{ var('started') }} from {{ var('events') }}",
    })
    expect(sql.get('model.shop.a')).toBe('select 2024 from "lake"."raw"."events"')
    expect(json(graph, 'model.shop.a')['sources']).toEqual([['raw', 'events']])
  })
})

describe('a model that switches itself off', () => {
  it('may ask for variables that have no value', async () => {
    const { graph } = await compiled({
      'models/a.sql':
        "{{ config(enabled=var('has_events', false)) }} select * from {{ var('events') }}",
    })
    expect([...graph.disabled.keys()]).toEqual(['model.shop.a'])
  })
})

describe('what stands between the macros of a file', () => {
  it('is not read', async () => {
    const { sql } = await compiled({
      'macros/m.sql': `
{% https://example.org/issues/1 %}
{%- macro one() -%} 1 {%- endmacro -%}
see {{ also(
{% macro two() %}2{% endmacro %}`,
      'models/a.sql': 'select {{ one() }}, {{ two() }}',
    })
    expect(sql.get('model.shop.a')).toBe('select 1, 2')
  })
})

describe('two models of one name, one of them disabled', () => {
  it('are no duplicates, and the other one is what refs mean', async () => {
    const { graph, sql } = await compiled({
      'dbt_project.yml': `
name: shop
models:
  shop:
    duck: {+enabled: "{{ target.type == 'duckdb' }}"}
    snow: {+enabled: "{{ target.type == 'snowflake' }}", +schema: cold}
`,
      'models/duck/m.sql': 'select 1',
      'models/snow/m.sql': 'select 2',
      'models/a.sql': "select * from {{ ref('m') }}",
    })
    expect(sql.get('model.shop.m')).toBe('select 1')
    expect(sql.get('model.shop.a')).toBe('select * from "lake"."main"."m"')
    expect(graph.disabled.get('model.shop.m')).toHaveLength(1)
  })
})

describe("a project's own is_incremental()", () => {
  it("may call dbt's", async () => {
    const { sql } = await compiled({
      'macros/m.sql':
        '{% macro is_incremental() %}{{ return(dbt.is_incremental()) }}{% endmacro %}',
      'models/a.sql': "{{ config(materialized='incremental') }}select {{ is_incremental() }}",
    })
    expect(sql.get('model.shop.a')).toBe('select False')
  })
})

describe('a naming macro that fails', () => {
  it('is told with its place', async () => {
    const files = {
      'macros/m.sql':
        "{% macro generate_schema_name(name, node) %}\n{{ env_var('AREA') }}{% endmacro %}",
      'models/a.sql': 'select 1',
    }
    await expect(compileFiles(files)).rejects.toMatchObject({
      code: 'model/missing-variable',
      at: { file: 'macros/m.sql', line: 2 },
    })
  })
})

describe('a config that a template makes none', () => {
  it('is none, and not its name', async () => {
    const { graph } = await compiled({
      'dbt_project.yml': `
name: shop
models: {shop: {+group: "{{ none if target.type == 'duckdb' else 'x' }}"}}
`,
      'models/a.sql': 'select 1',
    })
    expect(json(graph, 'model.shop.a')).toMatchObject({ group: null, config: { group: null } })
  })
})

describe('a config among the arguments of a test', () => {
  it('is a config, and no part of the name', async () => {
    const { graph } = await compiled({
      'models/a.sql': 'select 1 as id',
      'models/a.yml': `
models:
  - name: a
    columns:
      - name: id
        data_tests: [{accepted_values: {arguments: {values: [1], warn_if: '> 0', config: {error_if: '> 9'}}}}]
`,
    })
    const test = [...graph.nodes.values()].find(({ kind }) => kind === 'test')
    expect(test?.name).toBe('accepted_values_a_id__1')
    expect(test?.config).toMatchObject({ warn_if: '> 0', error_if: '> 9' })
  })
})
