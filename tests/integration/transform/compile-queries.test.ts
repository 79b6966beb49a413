import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Duckdb, openDuckdb } from '../../../core/clients/duckdb.ts'
import { templateDatabase } from '../../../transform/index.ts'
import { extensionDirectory } from '../../support/extension-directory.ts'
import { compileFiles, type Files } from '../../support/project.ts'

let duckdb: Duckdb

beforeAll(async () => {
  duckdb = await openDuckdb({ extensionDirectory })
  await duckdb.withConnection(async (connection) => {
    await connection.run(`
      create table items (id int, name varchar, price decimal(10, 2), made timestamp, tags int[]);
      insert into items values (1, 'one', 1.50, '2024-01-02 03:04:05', [1, 2]), (2, 'two', null, null, []);
      create view seen as select id from items`)
  })
})
afterAll(() => duckdb.close())

async function sqlOf(template: string, files: Files = {}): Promise<string> {
  const { graph, sql } = await compileFiles(
    {
      'models/items.yml': 'sources: [{name: main, tables: [{name: items}, {name: seen}]}]',
      'models/m.sql': template,
      ...files,
    },
    {
      database: 'memory',
      templates: templateDatabase((work) => duckdb.withConnection(work)),
    },
  )
  if (graph.problems.length > 0) throw new AggregateError(graph.problems)
  return sql.get('model.shop.m') ?? ''
}

const items = "source('main', 'items')"

describe('a template that asks the database', () => {
  it.each([
    [
      "{% set t = run_query('select id, name from items order by 1') %}{% if execute %}{% for r in t %}{{ r.id }}={{ r['name'] }};{% endfor %}{% endif %}",
      '1=one;2=two;',
    ],
    [
      "{% if execute %}{{ run_query('select price from items order by id').columns[0].values() }}{% endif %}",
      "(Decimal('1.50'), None)",
    ],
    [
      "{% if execute %}{{ run_query('select made from items order by id').rows[0].made.strftime('%d.%m.%Y') }}{% endif %}",
      '02.01.2024',
    ],
    [
      "{% call statement('s', fetch_result=True) %}select count(*) as n from items{% endcall %}{% if execute %}{{ load_result('s')['data'][0][0] }}{% endif %}",
      '2',
    ],
    [
      `{{ adapter.get_columns_in_relation(${items}) | map(attribute='name') | join(',') }}`,
      'id,name,price,made,tags',
    ],
    [
      `{{ adapter.get_columns_in_relation(${items}) | map(attribute='data_type') | join(' ') }}`,
      'INTEGER character varying(256) DECIMAL(10,2) TIMESTAMP INTEGER[]',
    ],
    [
      "{{ adapter.get_column_schema_from_query('select 1 as a, 2.5 as b') | map(attribute='name') | join(',') }}",
      'a,b',
    ],
    [
      "{{ load_relation(source('main', 'seen')).is_view }} {{ adapter.get_relation('memory', 'main', 'nope') }}",
      'True None',
    ],
    [
      "{{ adapter.check_schema_exists('memory', 'main') }} {{ adapter.check_schema_exists('memory', 'nope') }}",
      'True False',
    ],
    [
      `{{ adapter.get_missing_columns(${items}, source('main', 'seen')) | map(attribute='name') | join(',') }}`,
      'name,price,made,tags',
    ],
  ])('%s', async (template, sql) => {
    expect(await sqlOf(template)).toBe(sql)
  })

  it('says what the database said, and where', async () => {
    await expect(sqlOf("\n{% do run_query('select nope from items') %}")).rejects.toMatchObject({
      errors: [
        {
          code: 'model/template-failed',
          message: expect.stringMatching(/the query failed: .*nope/s),
        },
      ],
    })
  })
})

describe('SQL written by the cross-database macros', () => {
  it.each([
    ["{{ dbt.dateadd('day', 3, \"date '2024-02-27'\") }}", '2024-03-01 00:00:00'],
    ["{{ dbt.datediff(\"'2024-01-31'\", \"'2024-03-01'\", 'month') }}", '2'],
    ["{{ dbt.date_trunc('month', \"date '2024-02-27'\") }}", '2024-02-01 00:00:00'],
    ["{{ dbt.last_day(\"date '2024-02-05'\", 'month') }}", '2024-02-29'],
    ['{{ dbt.safe_cast("\'7\'", dbt.type_int()) }}', '7'],
    ['{{ dbt.hash("\'a\'") }}', '0cc175b9c0f1b6a831c399e269772661'],
    ['{{ dbt.split_part("\'a-b-c\'", "\'-\'", -1) }}', 'c'],
    ["{{ dbt.concat(['1', \"'x'\"]) }}", '1x'],
    ["{{ dbt.string_literal('it') }}", 'it'],
    ['{{ dbt.position("\'b\'", "\'abc\'") }}', '2'],
    ['{{ dbt.right("\'abc\'", 2) }}', 'bc'],
    ['{{ dbt.replace("\'abc\'", "\'b\'", "\'x\'") }}', 'axc'],
    [
      "(select {{ dbt.listagg('n', \"'-'\", 'order by n desc', 2) }} from (values (1), (2), (3)) t(n))",
      '3-2',
    ],
    ["(select {{ dbt.listagg('n', \"','\", 'order by n') }} from (values (2), (1)) t(n))", '1,2'],
    ["(select {{ dbt.bool_or('n > 1') }} from (values (2), (1)) t(n))", 'true'],
    ["(select {{ dbt.any_value('n') }} from (values (2)) t(n))", '2'],
    ['{{ dbt.array_concat(dbt.array_construct([1]), dbt.array_construct([2])) }}', '[1, 2]'],
    ['{{ dbt.array_append(dbt.array_construct(), 2) }}', '[2]'],
    ["{{ dbt.cast_bool_to_text('true') }}", 'true'],
    ["{{ dbt.equals('1', '1') }}", 'true'],
    ['(select max(generated_number) from ({{ dbt.generate_series(4) }}))', '4'],
    ['{{ dbt.current_timestamp() }} is not null', 'true'],
  ])('%s runs on DuckDB', async (template, answer) => {
    const sql = `select cast(${await sqlOf(template)} as varchar)`
    const rows = await duckdb.withConnection(async (connection) =>
      (await connection.runAndReadAll(sql)).getRows(),
    )
    expect(String(rows[0]?.[0] ?? 'NULL')).toBe(answer)
  })
})
