import { describe, expect, it } from 'vitest'
import { compileFiles, type Files, sqlsOf } from '../../../support/project.ts'

async function compiled(files: Files) {
  const found = await compileFiles(files)
  expect(found.graph.problems.map(({ message }) => message)).toEqual([])
  return found
}

async function sqlOf(template: string, files: Files = {}): Promise<string> {
  const graph = await compiled({ 'models/m.sql': template, ...files })
  return (graph.sql.get('model.shop.m') ?? '').replaceAll(/\s+/g, ' ').trim()
}

describe("dbt's macros", () => {
  it.each([
    ["{{ dateadd('day', 1, 'd') }}", '(d + cast(1 as bigint) * interval 1 day)'],
    ["{{ dbt.datediff('a', 'b', 'day') }}", "(date_diff('day', a::timestamp, b::timestamp ))"],
    ["{{ safe_cast('x', type_string()) }}", 'cast(x as TEXT)'],
    [
      '{{ type_numeric() }} {{ dbt.type_bigint() }} {{ type_int() }}',
      'numeric(28,6) bigint integer',
    ],
    ['{{ get_powers_of_two(9) }}', '4'],
    ["{{ dates_in_range('20240228', '20240301') | join(' ') }}", '20240228 20240229 20240301'],
    ["{{ get_quoted_csv(['a', 'b c']) }}", '"a", "b c"'],
    ['{{ except() | trim }} {{ dbt.intersect() | trim }}', 'except intersect'],
    ['{{ dbt_version.split(".")[0] }} {{ run_started_at.strftime("%Y") }}', '1 2024'],
    ["{{ context['dbt'].type_int() }} {{ context.get('nope', 'no') }}", 'integer no'],
    [
      "{{ set([1, 1]) | length }} {{ set(1, 'no') }} {{ zip_strict([1], [2]) | list }}",
      '1 no [(1, 2)]',
    ],
    [
      "{{ graph.nodes.values() | map(attribute='name') | join }} {{ graph['nodes'] | length }}",
      'm 1',
    ],
    ['{{ model.name }} {{ model.config.materialized }} {{ model.tags }}', 'm view []'],
    ['{{ flags.FULL_REFRESH }} {{ selected_resources }} {{ thread_id }}', 'False [] MainThread'],
    [
      "{% set r = api.Relation.create(schema='s', identifier='i') %}{{ r }} {{ r.include(database=false) }}",
      '"s"."i" "s"."i"',
    ],
    [
      "{{ this.incorporate(path={'identifier': 'x'}, type='view').is_view }} {{ this.quote(identifier=False) }}",
      'True "lake"."main".m',
    ],
    [
      "{{ this.get('metadata', {}).get('type').endswith('Relation') }} {{ this is mapping }}",
      'True True',
    ],
    ['{{ make_intermediate_relation(this).identifier }}', 'm__dbt_tmp'],
  ])('%s', async (template, sql) => {
    const header = "{{ config(materialized='view') }}"
    expect(await sqlOf(header + template)).toBe(sql)
  })

  it('are replaced by macros of the project, by name and by dispatch', async () => {
    const macros = `
{% macro dateadd(part, n, d) %}own {{ d }}{% endmacro %}
{% macro default__hash(field) %}plain({{ field }}){% endmacro %}
{% macro ref(name) %}{{ return(builtins.ref(name).include(database=false)) }}{% endmacro %}`
    const files = { 'macros/m.sql': macros, 'models/n.sql': 'select 1' }
    const template =
      "{{ dateadd('day', 1, 'd') }} {{ dbt.dateadd('day', 1, 'd') }} {{ hash('x') }} {{ ref('n') }}"
    expect(await sqlOf(template, files)).toBe(
      'own d (d + cast(1 as bigint) * interval 1 day) plain(x) "main"."n"',
    )
  })

  it('name relations, and a project overrides the database too', async () => {
    const { graph } = await compiled({
      'macros/names.sql': `
{% macro default__generate_schema_name(name, node) %}s_{{ name }}{% endmacro %}
{% macro generate_alias_name(name, node) %}{{ node.name }}_{{ node.config.materialized }}{% endmacro %}
{% macro generate_database_name(name, node) %}{{ default__generate_database_name(name, node) }}2{% endmacro %}`,
      'models/m.sql': "{{ config(schema='x', materialized='table') }} select 1",
    })
    expect(graph.nodes.get('model.shop.m')).toMatchObject({
      relation: { catalog: 'lake2', schema: 's_x', name: 'm_table' },
    })
  })

  it('make the generic tests, which a project replaces by a block or a dispatched macro', async () => {
    const graph = await compiled({
      'macros/tests.sql': `
{% test unique(model, column_name) %}own unique {{ column_name }}{% endtest %}
{% macro default__test_not_null(model, column_name) %}own not_null of {{ model.identifier }}{% endmacro %}
{% macro get_where_subquery(relation) %}{{ return(relation.include(database=false)) }}{% endmacro %}`,
      'models/m.sql': 'select 1 as id',
      'models/m.yml': `models: [{name: m, columns: [{name: id, data_tests: [unique, not_null, accepted_values: {values: [1], where: id > 0}]}]}]`,
    })
    const sql = sqlsOf(graph, 'test.')
    expect(sql.sort()).toEqual([
      'own not_null of m',
      'own unique id',
      expect.stringContaining('from "main"."m"'),
    ])
  })

  it('raise and warn in the name of the node', async () => {
    const { graph } = await compileFiles({
      'models/m.sql':
        "{{ exceptions.warn('careful') }}{{ exceptions.raise_compiler_error('stop') }}",
    })
    expect(graph.problems).toMatchObject([{ code: 'model/compiler-error', message: 'stop' }])
    expect(graph.warnings).toMatchObject([{ message: 'm warns: careful' }])
  })

  it('say how a macro that raises was reached', async () => {
    const { graph } = await compileFiles({
      'macros/m.sql':
        "{% macro inner() %}{{ exceptions.raise_compiler_error('stop') }}{% endmacro %}",
      'models/m.sql': '\n{{ inner() }}',
    })
    expect(graph.problems).toMatchObject([
      { at: { file: 'macros/m.sql', line: 1 }, hint: 'It was called from models/m.sql:2:4.' },
    ])
  })

  it('cannot ask a database that is not there', async () => {
    const { graph } = await compileFiles({ 'models/m.sql': "{% do run_query('select 1') %}" })
    expect(graph.problems).toMatchObject([
      { code: 'model/no-database', at: { line: expect.any(Number) } },
    ])
  })
})
