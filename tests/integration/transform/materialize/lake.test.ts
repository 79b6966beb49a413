import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lake } from '../../../../core/clients/lake.ts'
import type { RunResult } from '../../../../transform/index.ts'
import {
  type Files,
  makeFolder,
  messageOf,
  openFolderLake,
  queryLake,
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

const sql = (text: string) => queryLake(lake, text)
const numbers = async (text: string) =>
  (await sql(text)).map((row) => Object.values(row).map(Number))

async function build(files: Files, step = 1): Promise<RunResult> {
  await writeProject(folder.path, files)
  return await runFolder(folder.path, lake, { vars: { step } })
}

const warningsOf = (run: RunResult, name: string) =>
  run.results.find((result) => result.name === name)?.warnings?.map(({ code }) => code) ?? []

describe('a table on a lake', () => {
  it('lies in its files as its model says, contract or not', async () => {
    const query = "select range as id, date '2024-01-01' + (range * 200)::int as day from range(4)"
    await build({
      'models/parted.sql': `{{ config(materialized='table', partitioned_by=['year(day)'], sorted_by='id') }}\n${query}`,
      'models/grown.sql': `{{ config(materialized='incremental', partition_by='day') }}\n${query}`,
      'models/promised.sql': `{{ config(materialized='table', partitioned_by='year(day)', contract={'enforced': true}) }}\n${query}`,
      'models/m.yml':
        'models: [{name: promised, columns: [{name: id, data_type: bigint}, {name: day, data_type: date}]}]',
    })
    const files = (table: string) =>
      numbers(`select count(*) from ducklake_list_files('lake', '${table}')`)
    expect(await files('parted')).toEqual([[2]])
    expect(await files('grown')).toEqual([[4]])
    expect(await files('promised')).toEqual([[2]])
    const sorted = await sql(
      'select count(*)::int as n from __ducklake_metadata_lake.ducklake_sort_info',
    )
    expect(sorted).toEqual([{ n: 1 }])
  })

  it('may read itself while it is made anew, laid out or under contract', async () => {
    const model = (config: string) => ({
      'models/log.sql': `{{ config(materialized='table'${config}) }}
        select {{ var('step') }}::int as step
        {% if load_relation(this) is not none %} union all select step from {{ this }} {% endif %}`,
      'models/m.yml': 'models: [{name: log, columns: [{name: step, data_type: integer}]}]',
    })
    const laidOut = ", sorted_by='step'"
    const promised = ", contract={'enforced': true}"
    for (const [index, config] of ['', laidOut, promised].entries()) {
      expect(statuses(await build(model(config), index))).toEqual({ log: 'success' })
    }
    expect(await numbers('select step from lake.main.log order by step')).toEqual([[0], [1], [2]])
  })

  it('says that it has no indexes, and is built', async () => {
    const run = await build({
      'models/t.sql':
        "{{ config(materialized='table', indexes=[{'columns': ['id']}]) }} select 1 as id",
    })
    expect(run.outcome).toBe('committed')
    expect(warningsOf(run, 't')).toEqual(['model/config-ignored'])
  })

  it.each([
    ['one column', "'day'", [3, 10, 11, 12, 13]],
    ['two', "['day', 'region']", [2, 3, 10, 11, 12, 13]],
  ])('replaces only partitions of %s that occur in the new rows', async (_, by, ids) => {
    const files = {
      'models/t.sql': `{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partition_by=${by}) }}
{% if var('step') == 1 %}
select * from (values (1, 'x', 'a'), (2, 'x', 'b'), (3, 'y', 'b'), (4, null, null)) as t (id, day, region)
{% else %}
select * from (values (10, 'x', 'a'), (11, 'x', 'a'), (12, null, null), (13, 'z', 'b')) as t (id, day, region)
{% endif %}`,
    }
    await build(files)
    const run = await build(files, 2)
    expect(run.results[0]).toMatchObject({ rows: 4, message: 'incremental' })
    expect(await numbers('select id from lake.main.t order by id')).toEqual(ids.map((id) => [id]))
  })
})

describe('a merge on a lake', () => {
  it('is refused, as in dbt, when it needs two actions or returns rows', async () => {
    const files = {
      'models/t.sql': `{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge', merge_returning_columns=['id'], merge_clauses={
        'when_matched': [{'action': 'update', 'condition': 'false'}, {'action': 'delete'}]}) }} select 1 as id`,
    }
    await build(files)
    const run = await build(files)
    expect(statuses(run)).toEqual({ t: 'error' })
    expect(messageOf(run, 't')).toContain(
      'MERGE configuration errors:\nDuckLake MERGE restrictions',
    )
    expect(messageOf(run, 't')).toContain('Found 2 UPDATE/DELETE actions')
  })
})

describe('a contract on a lake', () => {
  const model = (query: string, materialized = 'table') =>
    `{{ config(materialized='${materialized}', contract={'enforced': true}, on_schema_change='append_new_columns') }}\n${query}`
  const schema = (constraints: string, ofModel = '[]') =>
    `models: [{name: t, constraints: ${ofModel}, columns: [{name: id, data_type: integer, constraints: ${constraints}}]}]`

  it.each([
    ['null::int as id', '[{type: not_null}]', 'NOT NULL constraint failed'],
    [
      '-1 as id',
      '[{type: check, expression: id > 0}]',
      'check (id > 0) does not hold (1 row or key)',
    ],
    [
      'unnest([1, 1, 2, 2]) as id',
      '[{type: unique}]',
      'unique (id) does not hold (2 rows or keys)',
    ],
    ['unnest([1, 1]) as id', '[{type: primary_key}]', 'primary key (id) does not hold'],
    ['null::int as id', '[{type: primary_key}]', 'primary key (id): null does not hold'],
    [
      '7 as id',
      "[{type: foreign_key, to: ref('other'), to_columns: [id]}]",
      'foreign key (id) references "lake"."main"."other" does not hold',
    ],
  ])('refuses %s under %s', async (column, constraints, message) => {
    const run = await build({
      'models/other.sql': "{{ config(materialized='table') }} select 1 as id",
      'models/t.sql': model(`select ${column}`),
      'models/m.yml': schema(constraints),
    })
    expect(statuses(run)).toMatchObject({ t: 'error' })
    expect(messageOf(run, 't')).toContain(message)
    expect(run.outcome).toBe('rolled-back')
  })

  it('takes what holds, null under unique and foreign keys too', async () => {
    const run = await build({
      'models/other.sql': "{{ config(materialized='table') }} select 1 as id",
      'models/t.sql': model('select unnest([1, null, null]) as id'),
      'models/m.yml': schema(
        "[{type: unique}, {type: check, expression: id > 0}, {type: foreign_key, to: ref('other'), to_columns: [id]}]",
      ),
    })
    expect(messageOf(run, 't')).toBeUndefined()
    expect(run.outcome).toBe('committed')
  })

  it('holds over what is there when rows are added', async () => {
    const files = {
      'models/t.sql': model(
        "select {{ 1 if var('step') > 2 else var('step') }} as id",
        'incremental',
      ),
      'models/m.yml': schema('[]', '[{type: primary_key, columns: [id]}]'),
    }
    expect(statuses(await build(files, 1))).toEqual({ t: 'success' })
    expect(messageOf(await build(files, 2), 't')).toBe('incremental')
    const run = await build(files, 3)
    expect(messageOf(run, 't')).toContain('primary key (id) does not hold (1 row or key)')
    expect(await numbers('select id from lake.main.t order by id')).toEqual([[1], [2]])
  })

  it('says what nobody can check', async () => {
    const run = await build({
      'models/t.sql': model('select 1 as id'),
      'models/m.yml': schema("[{type: custom, expression: 'default 3'}]"),
    })
    expect(run.outcome).toBe('committed')
    expect(warningsOf(run, 't')).toEqual(['model/constraint-unchecked'])
  })
})

describe('files of a model on a lake', () => {
  const files = (query: string): Files => ({
    'models/kept.sql': `{{ config(materialized='external', format='csv') }}\n${query}`,
    'models/reader.sql':
      "{{ config(materialized='table') }} select count(*) as n from {{ ref('kept') }}",
  })

  it("lie beside the lake's own by default, and are read through the view", async () => {
    await build(files('select 1 as id union all select 2'))
    expect(await readdir(join(folder.path, 'external'))).toEqual(['kept.csv'])
    expect(await numbers('select id from lake.main.kept order by id')).toEqual([[1], [2]])
    expect(await numbers('select n from lake.main.reader')).toEqual([[2]])
  })

  it('stay as they were when a later node fails', async () => {
    await build(files('select 1 as id'))
    const failed = await build({
      ...files('select 2 as id'),
      'tests/fails.sql': "select * from {{ ref('kept') }} where id = 2",
    })
    expect(statuses(failed)).toMatchObject({ kept: 'success', fails: 'fail' })
    expect(await readdir(join(folder.path, 'external'))).toEqual(['kept.csv'])
    expect(await readFile(join(folder.path, 'external/kept.csv'), 'utf8')).toBe('id\n1\n')
    expect(await numbers('select id from lake.main.kept')).toEqual([[1]])
  })

  it.each([
    ['before', 'atomic', '1'],
    ['after', 'atomic', '2'],
    ['before', 'per-node', '1'],
    ['after', 'per-node', '2'],
  ])('are those of the last commit after a kill just %s it, %s', async (when, publish, id) => {
    await build(files("select {{ var('step') }} as id"))
    const child = join(import.meta.dirname, '../../../support/killed-build.ts')
    const { signal } = spawnSync(process.execPath, [child, folder.path, when, publish])
    expect(signal).toBe('SIGKILL')
    // Of what the next run does the files are no part.
    await runFolder(folder.path, lake, { select: ['nothing_else'], command: 'test' })
    expect(await readdir(join(folder.path, 'external'))).toEqual(['kept.csv'])
    expect(await readFile(join(folder.path, 'external/kept.csv'), 'utf8')).toBe(`id\n${id}\n`)
    expect(await numbers('select id from lake.main.kept')).toEqual([[Number(id)]])
  })

  it('lie in the project, wherever it is run from, and a view says the whole path', async () => {
    const query =
      "{{ config(materialized='external', location='out/here.parquet') }} select 3 as id"
    await build({ 'models/here.sql': query })
    expect(await readdir(join(folder.path, 'out'))).toEqual(['here.parquet'])
    const [view] = await sql("select sql from duckdb_views() where view_name = 'here'")
    expect(view?.['sql']).toContain(`'${folder.path}/out/here.parquet'`)
    expect(await numbers('select id from lake.main.here')).toEqual([[3]])
  })
})
