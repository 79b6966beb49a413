import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Duckdb, openDuckdb } from '../../../../core/clients/duckdb.ts'
import { templateDatabase } from '../../../../transform/adapters/template-database.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { makeFolder } from '../../../support/project.ts'
import { readRecorded, withOneBlank, withPrelude } from '../../../support/recorded-texts.ts'
import { renderTemplate } from '../../../support/render-template.ts'

let duckdb: Duckdb

beforeAll(async () => {
  duckdb = await openDuckdb({ extensionDirectory })
  await duckdb.withConnection(async (connection) => {
    await connection.run("attach ':memory:' as lake")
  })
})
afterAll(() => duckdb.close())

const recorded = readRecorded(new URL('./recorded-texts.json', import.meta.url))

async function render(template: string): Promise<string> {
  return await duckdb.withConnection(async (connection) => {
    await connection.run('use lake')
    return await renderTemplate(template, {
      database: templateDatabase((work) => work(connection)),
    })
  })
}

describe("dbt's macros that ask the engine", () => {
  it.each(recorded)('print what dbt prints for %s', async (template, text) => {
    expect(withOneBlank(await render(withPrelude(template)))).toBe(text)
  })

  it('change it through macros that a project may replace', async () => {
    const template = `{% set t = api.Relation.create(database='lake', schema='made', identifier='t', type='table') %}
      {%- do adapter.create_schema(t) %}{% do run_query(create_table_as(false, t, 'select 1 as id, 2 as x')) %}
      {%- do alter_relation_add_remove_columns(t, [api.Column('y', 'INTEGER')], [api.Column('x', 'INTEGER')]) %}
      {%- do adapter.rename_relation(t, t.incorporate(path={'identifier': 'u'})) %}
      {%- set u = load_relation(t.incorporate(path={'identifier': 'u'})) %}
      {{- u }} {{ u.type }} {{ adapter.get_columns_in_relation(u) | map(attribute='name') | list }}
      {%- do adapter.truncate_relation(u) %} {{ run_query('select count(*) from ' ~ u)[0][0] }}
      {%- do adapter.drop_relation(u) %} {{ load_relation(u) }}
      {%- do adapter.drop_schema(t) %} {{ adapter.check_schema_exists('lake', 'made') }}`
    expect(await render(template)).toBe('"lake"."made"."u" table [\'id\', \'y\'] 0 None False')
  })

  it('drop what lives in a lake without cascade, which a lake refuses', async () => {
    await using folder = await makeFolder()
    await duckdb.withConnection(async (connection) => {
      await connection.run('load ducklake')
      await connection.run(
        `attach 'ducklake:${folder.path}/lake.db' as water (data_path '${folder.path}/data')`,
      )
    })
    const template = `{% set t = api.Relation.create(database='water', schema='main', identifier='t', type='table') %}
      {%- do run_query(create_table_as(false, t, 'select 1 as id', partitioned_by='id')) %}
      {{- adapter.is_ducklake(t) }} {{ adapter.is_ducklake(this) }} {{ load_relation(t) is none }}
      {%- do adapter.drop_relation(t) %} {{ load_relation(t) is none }}`
    expect(await render(template)).toBe('True False False True')
    await duckdb.withConnection((connection) => connection.run('use memory; detach water'))
  })

  it('run a merge, a delete and insert, and the two halves of a snapshot', async () => {
    const template = `{% set target = api.Relation.create(database='lake', schema='main', identifier='goal', type='table') %}
      {%- set source = api.Relation.create(database='lake', schema='main', identifier='more', type='table') %}
      {%- do run_query('create or replace table lake.main.goal as select 1 as id, 10 as x') %}
      {%- do run_query('create or replace table lake.main.more as select * from (values (1, 11), (2, 20)) v(id, x)') %}
      {%- set cols = adapter.get_columns_in_relation(target) %}
      {%- set given = {'target_relation': target, 'temp_relation': source, 'unique_key': 'id', 'dest_columns': cols, 'incremental_predicates': none} %}
      {%- do run_query(get_incremental_merge_sql(given)) %}
      {{- run_query('select * from lake.main.goal order by id').rows | map(attribute='x') | list }}
      {%- do run_query('update lake.main.more set x = x + 100') %}
      {%- do run_query(adapter.get_incremental_strategy_macro(context, 'delete+insert')(given)) %} {{ run_query('select list(x order by id) from lake.main.goal')[0][0] }}`
    expect(await render(template)).toBe('[11, 20] [111, 120]')
  })
})
