import { createHash, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import type { Lake } from '../../../../core/clients/lake.ts'
import { systemClock } from '../../../../core/clock.ts'
import {
  compileProject,
  duckdbAdapter,
  loadProject,
  manifestNode,
  planRun,
  runPlan,
} from '../../../../transform/index.ts'
import {
  usesOfMaterialization,
  usesOfStrategy,
} from '../../../../transform/stdlib/macros/materialization-uses.ts'
import { standardFiles } from '../../../../transform/stdlib/standard-macros.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import {
  type Files,
  makeFolder,
  messageOf,
  openFolderLake,
  queryLake,
  type RunOverrides,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'

let folder: TestFolder
let lake: Lake

beforeEach(async () => {
  folder = await makeFolder()
  lake = await openFolderLake(folder.path)
})

afterEach(async () => {
  lake.close()
  await folder[Symbol.asyncDispose]()
})

async function run(files: Files, overrides: RunOverrides = {}) {
  await writeProject(folder.path, files)
  return await runFolder(folder.path, lake, overrides)
}

const rows = (sql: string) => queryLake(lake, sql)

/** Inserts what is new day by day, as a package would. */
const byDay = `
{% materialization by_day, default %}
  {% set target = this.incorporate(type='table') %}
  {% set existing = load_cached_relation(this) %}
  {% set begin, days = config.require('begin_day'), config.get('days', 3) %}
  {% if existing is not none and should_full_refresh() %}
    {% do adapter.drop_relation(existing) %}
    {% set existing = none %}
  {% endif %}
  {{ run_hooks(pre_hooks) }}
  {% if existing is none %}
    {% call statement('empty') %}{{ create_table_as(false, target, sql | replace('__DAY__', 'false')) }}{% endcall %}
  {% endif %}
  {% set total = namespace(rows=0) %}
  {% set columns = get_quoted_csv(adapter.get_columns_in_relation(target) | map(attribute='name')) %}
  {% for number in range(days) %}
    {% set batch = make_temp_relation(target) %}
    {% set day %}day = date '{{ begin }}' + {{ number }} and id not in (select id from {{ target }}){% endset %}
    {% do run_query(create_table_as(true, batch, sql | replace('__DAY__', day))) %}
    {% set total.rows = total.rows + run_query('select count(*) from ' ~ batch).columns[0].values()[0] %}
    {% call statement('insert') %}insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ batch }}{% endcall %}
  {% endfor %}
  {% call noop_statement('main', 'INSERT ' ~ total.rows, 'INSERT', total.rows) %}-- done above{% endcall %}
  {{ run_hooks(post_hooks) }}
  {% do adapter.commit() %}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}
`

describe('a materialization of the project', () => {
  const files = {
    'macros/by_day.sql': byDay,
    'models/days.sql': `{{ config(materialized='table') }}
      select range as id, date '2024-01-01' + (range % 5)::integer as day from range({{ var('rows', 10) }})`,
    'models/taken.sql': `{{ config(materialized='by_day', begin_day='2024-01-01', schema='own',
      post_hook="create or replace table lake.main.hooked as select count(*) as n from {{ this }}") }}
      select * from {{ ref('days') }} where __DAY__`,
    'models/below.sql':
      "{{ config(materialized='table') }} select count(*) as n from {{ ref('taken') }}",
  }

  it('carries out its models, and what stands below reads them', async () => {
    const first = await run(files)
    expect(statuses(first)).toEqual({ days: 'success', taken: 'success', below: 'success' })
    expect(first.results.find(({ name }) => name === 'taken')).toMatchObject({
      rows: 6,
      message: 'INSERT 6',
    })
    expect(await rows('select n::integer as n from lake.main.below')).toEqual([{ n: 6 }])
    expect(await rows('select n::integer as n from lake.main.hooked')).toEqual([{ n: 6 }])
    const second = await run(files, { vars: { rows: 20 } })
    expect(messageOf(second, 'taken')).toBe('INSERT 6')
    expect(await rows('select count(*)::integer as n from lake.main_own.taken')).toEqual([
      { n: 12 },
    ])
    const full = await run(files, { fullRefresh: true })
    expect(messageOf(full, 'taken')).toBe('INSERT 6')
  })

  it('is the one made for DuckDB, before the one for every engine', async () => {
    const block = (adapter: string, value: number) => `
      {% materialization fixed, ${adapter} %}
        {% call statement('main') %}create or replace table {{ this }} as select ${value} as id{% endcall %}
        {{ return({'relations': [this.incorporate(type='table')]}) }}
      {% endmaterialization %}`
    await run({
      'macros/fixed.sql':
        block('default', 1) + block("adapter='duckdb'", 2) + block("adapter='spark'", 3),
      'models/a.sql': "{{ config(materialized='fixed') }} select 0 as id",
    })
    expect(await rows('from lake.main.a')).toEqual([{ id: 2 }])
  })

  it('may take the place of one of dbt', async () => {
    const result = await run({
      'macros/table.sql': `{% materialization table, adapter='duckdb' %}
        {% call statement('main') %}create or replace table {{ this }} as select *, true as own from ({{ sql }}){% endcall %}
        {{ return({'relations': [this.incorporate(type='table')]}) }}
      {% endmaterialization %}`,
      'models/a.sql': "{{ config(materialized='table') }} select 1 as id",
    })
    expect(statuses(result)).toEqual({ a: 'success' })
    expect(await rows('from lake.main.a')).toEqual([{ id: 1, own: true }])
  })

  it('of a package does not, unless the project says so', async () => {
    const files = (flags: string) => ({
      'dbt_project.yml': `name: shop\n${flags}`,
      'dbt_packages/tools/dbt_project.yml': 'name: tools\n',
      'dbt_packages/tools/macros/table.sql': `{% materialization view, default %}
        {% call statement('main') %}create or replace view {{ this }} as select 'tools' as who{% endcall %}
        {{ return({'relations': [this.incorporate(type='view')]}) }}
      {% endmaterialization %}`,
      'packages.yml': 'packages: [{local: dbt_packages/tools}]',
      'models/a.sql': "select 'dbt' as who",
    })
    await run(files(''))
    expect(await rows('from lake.main.a')).toEqual([{ who: 'dbt' }])
    await run(
      files('flags: {require_explicit_package_overrides_for_builtin_materializations: false}'),
    )
    expect(await rows('from lake.main.a')).toEqual([{ who: 'tools' }])
  })

  it.each([
    ["{{ return({'relations': [this]}) }}", 'has run no statement called main'],
    ["{% call statement('main') %}select 1{% endcall %}", "end with return({'relations': [this]})"],
    ["{{ config.require('needed') }}", 'the config needed is required'],
    ["{% call statement('main') %}select * from nowhere{% endcall %}", 'nowhere does not exist'],
  ])('that ends with %s fails its model', async (body, message) => {
    const result = await run({
      'macros/odd.sql': `{% materialization odd, default %}${body}{% endmaterialization %}`,
      'models/a.sql': "{{ config(materialized='odd') }} select 1 as id",
    })
    expect(statuses(result)).toEqual({ a: 'error' })
    expect(messageOf(result, 'a')).toContain(message)
  })
})

describe('a macro of dbt that the project replaces', () => {
  it('is called for tables, increments and seeds, and nothing else changes', async () => {
    const files = {
      'macros/tables.sql': `
        {% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql') %}
          create {{ 'temporary' if temporary }} table {{ relation.include(database=not temporary, schema=not temporary) }}
          as select *, 'own' as made from ({{ compiled_code }});
        {% endmacro %}
        {% macro default__create_csv_table(model, agate_table) %}
          {% call statement('_') %}create table {{ this }} (id varchar){% endcall %}{{ return('made') }}
        {% endmacro %}`,
      'seeds/codes.csv': 'id\n1\n',
      'models/a.sql': "{{ config(materialized='table') }} select id from {{ ref('codes') }}",
      'models/b.sql': `{{ config(materialized='incremental', unique_key='id') }}
        select id, {{ 'true' if is_incremental() else 'false' }} as again from {{ ref('a') }}`,
      'models/c.sql': 'select 1 as id',
    }
    for (const expected of [false, true]) {
      expect((await run(files)).outcome).toBe('committed')
      expect(await rows('from lake.main.codes')).toEqual([{ id: '1' }])
      expect(await rows('from lake.main.a')).toEqual([{ id: '1', made: 'own' }])
      expect(await rows('from lake.main.b')).toEqual([{ id: '1', again: expected, made: 'own' }])
      expect(await rows('from lake.main.c')).toEqual([{ id: 1 }])
    }
    const left = await rows("select table_name from duckdb_tables() where table_name like '%dbt_%'")
    expect(left).toEqual([])
  })

  it('is called for each batch of a microbatch model, which reads its own time only', async () => {
    const day = 86_400_000
    const begin = new Date(Date.now() - 2 * day).toISOString().slice(0, 10)
    const files = {
      'macros/own.sql': `
        {% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql') %}
          create {{ 'temporary' if temporary }} table {{ relation.include(database=not temporary, schema=not temporary) }}
          as select *, 'own' as made from ({{ compiled_code }});
        {% endmacro %}`,
      'models/events.sql': `{{ config(event_time='happened') }}
        select current_date - range::int as happened, {{ var('amount', 1) }} as amount from range(5)`,
      'models/daily.sql': `
        {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened',
          batch_size='day', begin='${begin}', lookback=0, pre_hook='create or replace table lake.main.before as select 1 as x',
          post_hook="create table if not exists lake.main.behind as select count(*) as days from {{ this }}") }}
        select happened, amount from {{ ref('events') }}`,
    }
    const amounts =
      'select amount, made, count(*)::int as days from lake.main.daily group by all order by 1'
    const daily = async (overrides: RunOverrides) => {
      const { results } = await run(files, overrides)
      return results.find(({ name }) => name === 'daily')
    }
    expect(await daily({})).toMatchObject({ status: 'success', rows: 3, message: 'SUCCESS' })
    expect(await rows(amounts)).toEqual([{ amount: 1, made: 'own', days: 3 }])
    expect(await rows('from lake.main.behind')).toEqual([{ days: 3n }])
    const later = await daily({ vars: { amount: 7 } })
    expect(later).toMatchObject({ status: 'success', rows: 1 })
    expect(later?.batches).toHaveLength(1)
    expect(await rows(amounts)).toEqual([
      { amount: 1, made: 'own', days: 2 },
      { amount: 7, made: 'own', days: 1 },
    ])
    const full = await daily({ vars: { amount: 9 }, fullRefresh: true })
    expect(full?.batches).toHaveLength(3)
    expect(await rows(amounts)).toEqual([{ amount: 9, made: 'own', days: 3 }])
  })

  it('may be the materialization itself, to which later batches are increments, as in dbt', async () => {
    const begin = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)
    const files = {
      'macros/own.sql': `{% materialization incremental, adapter='duckdb' %}
        {% set target = this.incorporate(type='table') %}
        {% call statement('main') %}
          {% if is_incremental() %}insert into {{ target }} {{ sql }}{% else %}create or replace table {{ target }} as {{ sql }}{% endif %}
        {% endcall %}
        {{ return({'relations': [target]}) }}
      {% endmaterialization %}`,
      'models/events.sql': `{{ config(event_time='happened') }}
        select current_date - range::int as happened from range(5)`,
      'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
          event_time='happened', batch_size='day', begin='${begin}') }}
        select happened from {{ ref('events') }}`,
    }
    for (const fullRefresh of [false, true]) {
      expect((await run(files, { fullRefresh })).outcome).toBe('committed')
      expect(await rows('select count(*)::int as days from lake.main.daily')).toEqual([{ days: 3 }])
    }
  })

  it('is called batch by batch for a strategy of the project that is called microbatch too', async () => {
    const begin = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    const files = (flags: string) => ({
      'dbt_project.yml': `name: shop\nflags: {${flags}}`,
      'macros/own.sql': `{% macro get_incremental_microbatch_sql(arg_dict) %}
        insert into {{ arg_dict.target_relation }} select *
        from {{ arg_dict.temp_relation }} where {{ 'true' if model.batch else 'false' }}
      {% endmacro %}`,
      'models/events.sql': `{{ config(event_time='happened') }}
        select current_date - range::int as happened from range(5)`,
      'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
          event_time='happened', batch_size='day', begin='${begin}') }}
        select happened from {{ ref('events') }}`,
    })
    const days = 'select count(*)::int as days from lake.main.daily'
    await run(files(''))
    expect(await rows(days)).toEqual([{ days: 2 }])
    const flag = 'require_batched_execution_for_custom_microbatch_strategy: false'
    await run(files(flag), { fullRefresh: true })
    expect(await rows(days)).toEqual([{ days: 5 }])
  })

  it('may be one for views, or a strategy of its own for increments', async () => {
    const files = {
      'macros/own.sql': `
        {% macro create_view_as(relation, sql) %}create view {{ relation }} as select *, 'own' as made from ({{ sql }}){% endmacro %}
        {% macro get_incremental_unseen_sql(arg_dict) %}
          insert into {{ arg_dict.target_relation }} from {{ arg_dict.temp_relation }}
          where id not in (select id from {{ arg_dict.target_relation }})
        {% endmacro %}`,
      'models/a.sql': 'select 1 as id',
      'models/b.sql': `{{ config(materialized='incremental', incremental_strategy='unseen') }}
        select unnest([1, {{ 2 if is_incremental() else 1 }}]) as id`,
    }
    await run(files)
    await run(files)
    expect(await rows('from lake.main.a')).toEqual([{ id: 1, made: 'own' }])
    expect(await rows('select id from lake.main.b order by id')).toEqual([
      { id: 1 },
      { id: 1 },
      { id: 2 },
    ])
  })

  it('may be one that judges data tests, or a materialization of them', async () => {
    const files = {
      'macros/own.sql': `{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) %}
          select {{ fail_calc }} * 10 as failures, {{ fail_calc }} {{ warn_if }} as should_warn,
            {{ fail_calc }} {{ error_if }} as should_error from ({{ main_sql }}) as own
        {% endmacro %}`,
      'models/a.sql': 'select unnest([1, 1, null]) as id',
      'models/a.yml': `models: [{name: a, columns: [{name: id, data_tests: [
        {not_null: {config: {store_failures: true}}},
        {unique: {config: {severity: warn}}},
        {accepted_values: {arguments: {values: [1], quote: false}}},
      ]}]}]`,
    }
    const result = await run(files)
    const found = result.results.filter(({ kind }) => kind === 'test')
    expect(Object.fromEntries(found.map((one) => [one.name.slice(0, 6), one]))).toMatchObject({
      not_nu: { status: 'fail', failures: 10, failingRows: ['{"id":null}'] },
      unique: { status: 'warn', failures: 10, failingRows: ['{"unique_field":1,"n_records":2}'] },
      accept: { status: 'pass', failures: 0 },
    })
    expect(await rows('from lake.main_dbt_test__audit.not_null_a_id')).toEqual([{ id: null }])
    const own = await run({
      ...files,
      'macros/own.sql': `{% materialization test, adapter='duckdb' %}
        {% call statement('main', fetch_result=True) %}
          select 7 as failures, true as should_warn, {{ 'unique' in model.name }} as should_error
        {% endcall %}
        {{ return({'relations': []}) }}
      {% endmaterialization %}`,
    })
    const verdicts = own.results.filter(({ kind }) => kind === 'test')
    expect(verdicts.map(({ status, failures }) => [status, failures])).toEqual([
      ['warn', 7],
      ['warn', 7],
      ['warn', 7],
    ])
  })

  it('may be one that compares the rows of unit tests, or makes those of their inputs', async () => {
    const files = (own: string) => ({
      'macros/own.sql': own,
      'models/a.sql': "{{ config(materialized='table') }} select 1 as id, 'x' as name",
      'models/b.sql': "select id, upper(name) as name, true as seen from {{ ref('a') }}",
      'models/b.yml': `unit_tests: [{name: shouts, model: b,
        given: [{input: ref('a'), rows: [{id: 1, name: ann}, {id: 2, name: null}]}],
        expect: {rows: [{id: 2, name: null, seen: true}, {id: 1, name: ANN, seen: true}]}}]`,
    })
    const plain = '{% macro copy_grants() %}{{ return(True) }}{% endmacro %}'
    expect(statuses(await run(files(plain)))).toMatchObject({ shouts: 'pass' })
    const fewer = `{% macro get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) %}
      select * from ({{ adapter.dispatch('get_unit_test_sql', 'dbt')(main_sql, expected_fixture_sql, expected_column_names) }})
      where actual_or_expected = 'actual' or id = 1{% endmacro %}`
    const failed = await run(files(fewer), { command: 'test' })
    expect(statuses(failed)).toEqual({ shouts: 'fail' })
    expect(messageOf(failed, 'shouts')).toContain('+++,2')
    const louder = `{% macro get_fixture_sql(rows, column_name_to_data_types) %}
      select 3 as id, '{{ this.identifier }} {{ rows | length }}' as name {% endmacro %}`
    const other = await run(files(louder), { command: 'test' })
    expect(messageOf(other, 'shouts')).toContain('A 2')
  })

  it('may be one that merges snapshots, of the project or for a package by its dispatch order', async () => {
    const taking = (folder: string, name: string) => ({
      'snapshots/one.sql': `{% snapshot one %}
{{ config(strategy='check', check_cols=['n'], unique_key='id') }}
select 1 as id, {{ var('n') }} as n
{% endsnapshot %}`,
      [`${folder}/own.sql`]: `{% macro ${name}(target, source, insert_cols) %}
        update {{ target }} set n = 100 + (select n from {{ source }} where dbt_change_type = 'insert')
      {% endmacro %}`,
    })
    const own = taking('macros', 'snapshot_merge_sql')
    for (const n of [1, 2]) expect((await run(own, { vars: { n } })).outcome).toBe('committed')
    expect(await rows('select n from lake.main.one')).toEqual([{ n: 102 }])
    const bare = { ...taking('dbt_packages/tools/macros', 'duckdb__snapshot_merge_sql') }
    const packaged = {
      ...bare,
      'macros/own.sql': '',
      'packages.yml': 'packages: [{local: dbt_packages/tools}]',
      'dbt_packages/tools/dbt_project.yml': 'name: tools\n',
    }
    expect((await run(packaged, { vars: { n: 3 } })).outcome).toBe('committed')
    expect(await rows('select n from lake.main.one order by n')).toEqual([{ n: 3 }, { n: 102 }])
    const dispatching =
      'name: shop\ndispatch: [{macro_namespace: dbt, search_order: [tools, dbt]}]\n'
    const dispatched = { ...packaged, 'dbt_project.yml': dispatching }
    expect((await run(dispatched, { vars: { n: 4 } })).outcome).toBe('committed')
    expect(await rows('select distinct n from lake.main.one')).toEqual([{ n: 104 }])
  })

  it('goes with the kind of relation that stood there before', async () => {
    const own = `{% macro run_hooks(hooks, inside_transaction=True) %}{% endmacro %}`
    for (const kind of ['view', 'table', 'incremental', 'view']) {
      await run({
        'macros/own.sql': own,
        'models/a.sql': `{{ config(materialized='${kind}') }} select '${kind}' as kind`,
      })
      expect((await rows('from lake.main.a')).at(-1)).toEqual({ kind })
    }
  })
})

describe('grants', () => {
  it.each([
    ['by the runner', {}],
    [
      'by macros',
      { 'macros/own.sql': '{% macro copy_grants() %}{{ return(True) }}{% endmacro %}' },
    ],
  ])('have no effect in DuckDB, which is said once a run %s', async (_, macros: Files) => {
    const result = await run({
      ...macros,
      'dbt_project.yml': 'name: shop\nmodels: {+grants: {select: [me]}, +materialized: table}\n',
      'models/a.sql': 'select 1 as id',
      'models/b.sql': 'select 2 as id',
    })
    expect(statuses(result)).toEqual({ a: 'success', b: 'success' })
    const warnings = result.results.flatMap(({ warnings = [] }) => warnings)
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^a warns: .*grants/i),
    ])
  })
})

describe('the list of macros that materializations call', () => {
  it('holds all that they call', async () => {
    const strategies = ['append', 'delete+insert', 'merge']
    const increments = strategies.map((strategy) => [
      `models/${strategy.replace('+', '_')}.sql`,
      `{{ config(materialized='incremental', incremental_strategy='${strategy}', unique_key='id',
        on_schema_change='sync_all_columns', contract={'enforced': false}) }}
        select 1 as id, {{ "'b'" if is_incremental() else 2 }} as {{ 'more' if is_incremental() else 'less' }}`,
    ])
    await writeProject(folder.path, {
      'macros/own.sql': '{% macro copy_grants() %}{{ return(True) }}{% endmacro %}',
      'seeds/codes.csv': 'id\n1\n',
      'models/plain.sql': `{{ config(materialized='table', indexes=[{'columns': ['id']}], grants={'select': ['me']},
        persist_docs={'relation': true, 'columns': true}) }} select 1 as id`,
      'models/seen.sql':
        "{{ config(materialized='view', persist_docs={'relation': true, 'columns': true}) }} select 1 as id, timestamp '2024-01-01' as changed",
      'models/schema.yml': `models:
        - {name: plain, description: a, config: {contract: {enforced: true}}, columns: [{name: id, data_type: integer, description: b}]}
        - {name: seen, description: a, columns: [{name: id, description: b, data_tests: [
            {not_null: {config: {store_failures: true, limit: 5}}}, unique]}]}
unit_tests: [{name: seen_is_one, model: seen, given: [], expect: {rows: [{id: 1}]}}]`,
      'snapshots/kept.yml': `snapshots:
        - {name: by_time, relation: ref('seen'), config: {strategy: timestamp, updated_at: changed, unique_key: [id], hard_deletes: new_record}}
        - {name: by_value, relation: ref('plain'), config: {strategy: check, check_cols: all, unique_key: id}}`,
      ...Object.fromEntries(increments),
    })
    const called = new Set<string>()
    await using duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
    for (const fullRefresh of [false, false, true]) {
      const { graph, renderer } = await compileProject(await loadProject(folder.path), {
        target: { name: 'test', database: 'memory', schema: 'main', type: 'duckdb', threads: 1 },
        vars: {},
        environment: {},
        md5: (text) => createHash('md5').update(text).digest('hex'),
        sha256: (text) => createHash('sha256').update(text).digest('hex'),
        startedAt: new Date().toISOString(),
        invocationId: 'test',
        fullRefresh,
        describeNode: manifestNode,
        noteName: (name) => called.add(name),
      })
      const request = { command: 'build', select: [], exclude: [], fullRefresh } as const
      const result = await runPlan(planRun(graph, request), {
        graph,
        renderer,
        adapter: duckdbAdapter(duckdb, 'memory', { keepsHistory: false }),
        clock: systemClock,
        runId: randomUUID(),
      })
      const isDone = ({ status }: { status: string }) => status === 'success' || status === 'pass'
      expect(result.results.filter((each) => !isDone(each))).toEqual([])
    }
    const listed = new Set([
      ...Object.values(usesOfMaterialization).flat(),
      ...strategies.flatMap(usesOfStrategy),
    ])
    const standard = new Set(standardFiles.map(({ name }) => name))
    const missing = [...called].filter((name) => {
      const base = name.replace(/^(default|duckdb)__/, '')
      return standard.has(name) && !listed.has(base)
    })
    expect(missing.sort()).toEqual([
      // The runner's own way of snapshots calls these by itself where they are replaced.
      ...['current_timestamp', 'is_incremental', 'py_current_timestring'],
      ...['snapshot_check_strategy', 'snapshot_get_time', 'snapshot_hash_arguments'],
      ...['snapshot_timestamp_strategy', 'strategy_dispatch'],
    ])
  })
})
