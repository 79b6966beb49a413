/** A project that uses every materialization, built in steps: what its models give depends on the variable `step`. */
import type { Files } from '../../../support/project.ts'

/** The rows of a step: ids that are new, ids that come again, and one that comes twice. */
const batch = `{% set step = var('step', 1) %}
{% if step == 1 %}
select * from (values (1, 'a', date '2024-01-01', 10), (2, 'b', date '2024-01-01', 20), (3, 'c', date '2024-01-02', 30)) as t (id, name, day, amount)
{% else %}
select * from (values (3, 'C', date '2024-01-02', 31), (4, 'D', date '2024-01-03', 40), (4, 'DD', date '2024-01-04', 41), (5, null, null, null)) as t (id, name, day, amount)
{% endif %}`

/** The same without the double, which a merge may take or leave. */
const once = `select * from (${batch}
) where name is distinct from 'DD'`

function incremental(config: string, sql: string = once): string {
  return `{{ config(materialized='incremental', ${config}) }}\n${sql}\n`
}

const merges = {
  merge_plain: "unique_key='id', incremental_strategy='merge'",
  merge_without_key: "incremental_strategy='merge'",
  merge_two_keys: "unique_key=['id', 'day'], incremental_strategy='merge'",
  merge_update_columns:
    "unique_key='id', incremental_strategy='merge', merge_update_columns=['name']",
  merge_exclude_columns:
    "unique_key='id', incremental_strategy='merge', merge_exclude_columns=['NAME']",
  merge_expressions: `unique_key='id', incremental_strategy='merge',
    merge_update_set_expressions={'amount': 'DBT_INTERNAL_DEST.amount + DBT_INTERNAL_SOURCE.amount'}`,
  merge_conditions: `unique_key='id', incremental_strategy='merge',
    merge_update_condition='DBT_INTERNAL_SOURCE.amount > 100', merge_insert_condition='DBT_INTERNAL_SOURCE.id < 5'`,
  merge_using: "incremental_strategy='merge', merge_on_using_columns=['id', 'day']",
  merge_predicates: `unique_key='id', incremental_strategy='merge',
    incremental_predicates=["DBT_INTERNAL_DEST.day >= date '2025-01-01'"]`,
  merge_clauses: `unique_key='id', incremental_strategy='merge', merge_clauses={
    'when_matched': [{'action': 'update', 'mode': 'explicit', 'condition': "DBT_INTERNAL_SOURCE.name = 'C'",
                      'update': {'include': ['name'], 'set_expressions': {'amount': '0'}}},
                     {'action': 'do_nothing'}],
    'when_not_matched': [{'action': 'insert', 'mode': 'explicit', 'condition': ['DBT_INTERNAL_SOURCE.id = 4', 'true'],
                          'insert': {'columns': ['id', 'name'], 'values': ['DBT_INTERNAL_SOURCE.id', "'new'"]}}]}`,
  merge_by_source: `unique_key='id', incremental_strategy='merge', merge_clauses={
    'when_matched': [{'action': 'do_nothing'}],
    'when_not_matched': [{'action': 'insert', 'mode': 'star'}, {'action': 'delete', 'by': 'source'}]}`,
}

/** Allowed on plain DuckDB, and refused by the rules for a lake. */
const plainMerges = {
  merge_returning: `unique_key='id', incremental_strategy='merge', merge_returning_columns=['merge_action', 'id']`,
  merge_two_actions: `unique_key='id', incremental_strategy='merge', merge_clauses={
    'when_matched': [{'action': 'update', 'mode': 'by_name', 'condition': 'false'}, {'action': 'delete'}]}`,
}

const increments: Files = {
  append: incremental("incremental_strategy='append'", batch),
  by_default: incremental("unique_key='id'", batch),
  by_default_without_key: incremental("materialized='incremental'", batch).replace(
    "materialized='incremental', ",
    '',
  ),
  delete_insert_list: incremental(
    "unique_key=['id', 'name'], incremental_strategy='delete+insert'",
    batch,
  ),
  delete_insert_predicates: incremental(
    "unique_key='id', incremental_strategy='delete+insert', incremental_predicates=['amount < 25']",
    batch,
  ),
  delete_insert_named_target: incremental(
    `unique_key=['id'], incremental_predicates=["DBT_INCREMENTAL_TARGET.name = 'c'"]`,
    batch,
  ),
  reads_itself: incremental(
    "incremental_strategy='append'",
    `${batch}\n{% if is_incremental() %}union all select id + 100, name, day, amount from {{ this }}{% endif %}`,
  ),
  always_full: incremental("incremental_strategy='append', full_refresh=true", batch),
  never_full: incremental("incremental_strategy='append', full_refresh=false", batch),
  after_header: incremental(
    "sql_header='set variable size = 7;'",
    "select getvariable('size') as size",
  ),
}

const wider = `select id, name, amount::bigint as amount{% if var('step', 1) > 1 %}, amount * 2 as twice{% endif %} from (${once}\n)`
const narrower = `select id{% if var('step', 1) == 1 %}, name{% endif %}, amount from (${once}\n)`
const retyped = `select id{% if var('step', 1) == 1 %}, name, amount::varchar as amount{% else %}, amount, 'x' as fresh{% endif %} from (${once}\n)`

const changes: Files = {
  ignores_new: incremental("incremental_strategy='append'", wider),
  ignores_gone_in_merge: incremental("unique_key='id', incremental_strategy='merge'", narrower),
  appends_new: incremental("on_schema_change='append_new_columns', unique_key='id'", wider),
  appends_and_keeps: incremental("on_schema_change='append_new_columns'", narrower),
  appends_in_merge: incremental(
    "on_schema_change='append_new_columns', unique_key='id', incremental_strategy='merge'",
    wider,
  ),
  syncs: incremental("on_schema_change='sync_all_columns', unique_key='id'", retyped),
  strange_word: incremental("on_schema_change='whatever'", wider),
}

/** Those that fail from the second step on. */
const failures: Files = {
  fails_on_new: incremental("on_schema_change='fail'", wider),
  fails_on_type: incremental(
    "on_schema_change='fail'",
    `select {% if var('step', 1) == 1 %}1::int{% else %}2::bigint{% endif %} as id`,
  ),
  ignores_gone: incremental("incremental_strategy='append'", narrower),
  merge_of_new: incremental("unique_key='id', incremental_strategy='merge'", wider),
  contract_broken: `{{ config(materialized='table', contract={'enforced': true}) }}
select 1 as id{% if var('step', 1) > 1 %}::varchar as id, 2 as more{% endif %}`
    .replace('as id{%', '{%')
    .replace('{% endif %}', '{% else %} as id{% endif %}'),
  check_broken: `{{ config(materialized='table', contract={'enforced': true}) }}
select {{ 2 - var('step', 1) }} as id`,
}

const others: Files = {
  view_or_table: `{{ config(materialized='view' if var('step', 1) == 2 else 'table') }}
select {{ var('step', 1) }} as step`,
  view_on_view: "{{ config(materialized='view') }}\nselect * from {{ ref('view_or_table') }}",
  ephemeral: "{{ config(materialized='ephemeral') }}\nselect * from {{ ref('view_on_view') }}",
  reads_ephemeral:
    "{{ config(materialized='table') }}\nselect step + 1 as next from {{ ref('ephemeral') }}",
  empty: "{{ config(materialized='table') }}\nselect 1 as id, 'x' as \"Ünï cødé\" where false",
  odd_name: `{{ config(materialized='table', alias='Odd näme') }}\nselect 1 as "Größe in m", 'ß' as "select"`,
  reads_odd_name: `{{ config(materialized='view') }}\nselect "Größe in m" from {{ ref('odd_name') }}`,
  indexed: `{{ config(materialized='table', indexes=[{'columns': ['id'], 'unique': true}, {'columns': ['name', 'day']}]) }}\n${once}`,
  indexed_incremental: incremental("indexes=[{'columns': ['id']}]", batch),
  documented: '{{ config(materialized=\'table\') }}\nselect 1 as id, 2 as "Größe", 3 as other',
  documented_view: "{{ config(materialized='view') }}\nselect 1 as id",
  parent: `{{ config(materialized='table', contract={'enforced': true}) }}\nselect id, name from (${once}\n)`,
  child: `{{ config(materialized='table', contract={'enforced': true}) }}
select id::bigint as number, id as parent from {{ ref('parent') }} where id > {{ var('step', 1) }}`,
  kept_contract: `{{ config(materialized='incremental', contract={'enforced': true}, incremental_strategy='append', on_schema_change='append_new_columns') }}
select 10 * {{ var('step', 1) }} as id, 'x' as name`,
  contracted_view: "{{ config(materialized='view', contract={'enforced': true}) }}\nselect 1 as id",
  batches: `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened', batch_size='day', begin='2024-01-01', lookback=1) }}
select id, happened, amount * {{ var('step', 1) }} as amount, {{ is_incremental() }} as was_there,
  '{{ model.batch.event_time_start }}' as batch_start, '{{ model.batch.id }}' as batch_id
from {{ ref('events') }}`,
  month_batches: `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened', batch_size='month', begin='2023-12-15') }}
select date_trunc('month', happened) as happened, count(*) as events from {{ ref('events') }} group by all`,
}

const externals: Files = {
  as_parquet: `{{ config(materialized='external', location='out/as.parquet') }}\n${once}`,
  as_csv: `{{ config(materialized='external', location='out/as.csv', delimiter='|') }}\n${once}`,
  as_csv_gz: `{{ config(materialized='external', location='out/as.csv.gz') }}\n${once}`,
  as_json: `{{ config(materialized='external', location='out/as.json') }}\n${once}`,
  as_said_format: `{{ config(materialized='external', location='out/said', format='csv') }}\n${once}`,
  by_default_place: `{{ config(materialized='external') }}\n${once}`,
  by_partition: `{{ config(materialized='external', location='out/parts', options={'partition_by': 'day', 'overwrite': 'true'}) }}\nselect id, day from (${once}\n) where day is not null`,
  by_partitions: `{{ config(materialized='external', location='out/more', options={'partition_by': 'day, id', 'overwrite': 'true', 'format': 'csv'}) }}\nselect * from (${once}\n) where day is not null`,
  no_rows_parquet: `{{ config(materialized='external', location='out/none.parquet') }}\nselect 1 as id, 'x' as name where false`,
  no_rows_csv: `{{ config(materialized='external', location='out/none.csv') }}\nselect 1 as id, 'x' as name where false`,
  no_rows_json: `{{ config(materialized='external', location='out/none.json') }}\nselect 1 as id, 'x' as name where false`,
  reads_external:
    "{{ config(materialized='table') }}\nselect sum(amount)::bigint as amount from {{ ref('as_parquet') }}",
}

const properties = `
models:
  - name: documented
    description: "A table; it's \\"odd\\""
    config: {persist_docs: {relation: true, columns: true}}
    columns:
      - {name: id, description: The id}
      - {name: Größe, description: how much, quote: true}
      - {name: missing, description: is not there}
  - name: documented_view
    description: A view
    config: {persist_docs: {relation: true}}
  - name: parent
    columns:
      - {name: name, data_type: string}
      - name: id
        data_type: int
        constraints: [{type: not_null}, {type: primary_key}]
  - name: child
    constraints:
      - {type: check, expression: number > 0, name: positive}
      - {type: foreign_key, columns: [parent], to: ref('parent'), to_columns: [id]}
    columns:
      - {name: parent, data_type: integer}
      - {name: number, data_type: bigint, constraints: [{type: unique}]}
  - name: kept_contract
    columns:
      - {name: id, data_type: integer, constraints: [{type: not_null}]}
      - {name: name, data_type: varchar}
  - name: contracted_view
    columns: [{name: id, data_type: integer}]
  - name: contract_broken
    columns: [{name: id, data_type: integer}]
  - name: check_broken
    columns:
      - {name: id, data_type: integer, constraints: [{type: check, expression: id > 0}]}
seeds:
  - name: events
    config: {event_time: happened}
  - name: typed
    config: {column_types: {zip: varchar(5), amount: 'decimal(10,2)'}}
  - name: with_semicolons
    config: {delimiter: ';', quote_columns: true}
`

const seeds: Files = {
  'seeds/events.csv': `id,happened,amount
1,2024-01-01 01:00:00,1
2,2024-01-02 01:00:00,2
3,2024-01-03 23:00:00,3
4,2023-12-20 00:00:00,4
`,
  'seeds/guessed.csv': `id,zip,price,whole,flag,day,stamp,iso,mixed,nothing,words,slashes,exponent,hex,percent
1,00123,1.50,1.0,true,2024-01-05,2024-01-05 10:00:00,2024-01-05T10:00:00Z,2024-01-01,,"a, b",2024/01/05,1e5,0x1F,1_000
2,4,,2.0,FALSE,2024-1-6,2024-01-06 11:00:00,2024-01-06T11:00:00,2024-01-01 10:00:00,,,2024/01/06,2,0x2,2_000
3,-5,3,3.0,,,,,,,"",,3,,
`,
  'seeds/typed.csv': 'zip,amount,name\n00123,1.239,null\n4,7,"say ""hi"""\n',
  'seeds/with_semicolons.csv': '"Id";name\n1;"x;y"\n2;Ünï\n',
  'seeds/only_header.csv': 'id,name\n',
  'seeds/yes_and_no.csv':
    'answer,bit,clock,fraction\nyes,t,10:00:00,2024-01-01 10:00:00.5\nno,f,11:30:00,2024-01-01 10:00:00.25\n',
}

function inFolder(folder: string, models: Files): Files {
  return Object.fromEntries(
    Object.entries(models).map(([name, sql]) => [`${folder}/${name}.sql`, sql]),
  )
}

/** Builds the same on plain DuckDB and on a lake. */
export const everywhere: Files = {
  'models/properties.yml': properties,
  ...seeds,
  ...inFolder('models', {
    ...Object.fromEntries(
      Object.entries(merges).map(([name, config]) => [name, incremental(config)]),
    ),
    ...increments,
    ...changes,
    ...others,
    ...externals,
  }),
}

/** What only plain DuckDB builds. */
export const onlyPlain: Files = inFolder(
  'models',
  Object.fromEntries(
    Object.entries(plainMerges).map(([name, config]) => [name, incremental(config)]),
  ),
)

export const failing: Files = inFolder('models', failures)

export type Step = { readonly step: number; readonly fullRefresh: boolean }

export const steps: readonly Step[] = [
  { step: 1, fullRefresh: false },
  { step: 2, fullRefresh: false },
  { step: 3, fullRefresh: true },
]

/** What microbatch models build. */
export const eventTimes = { start: '2023-12-30', end: '2024-01-03T12:00:00' }

/** What a database holds, as one JSON document: columns, rows, comments and indexes of every relation. */
export const relationsQuery = `select table_name as name, table_type as kind from information_schema.tables
  where table_schema = 'main' and table_catalog = current_database() order by 1`

export function rowsQuery(name: string): string {
  return `select to_json(t)::varchar as row from "${name}" as t order by 1`
}

export const extrasQuery = `select 'comment ' || table_name || ': ' || comment as extra from duckdb_tables() where comment is not null and database_name = current_database()
  union all select 'comment ' || view_name || ': ' || comment from duckdb_views() where comment is not null and database_name = current_database()
  union all select 'comment ' || table_name || '.' || column_name || ': ' || comment from duckdb_columns() where comment is not null and database_name = current_database()
  union all select 'index ' || table_name || ' ' || is_unique || ' ' || expressions from duckdb_indexes() where database_name = current_database()
  order by 1`
