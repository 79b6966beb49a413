import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Files,
  makeFolder,
  messageOf,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'
import { databases, type Engine, openEngine } from './engines.ts'

const timestamp = { strategy: 'timestamp', unique_key: 'id', updated_at: 'changed' }
const sources = 'sources: [{name: raw, tables: [{name: users}]}]'

/** Each version with the times between which it held. */
const versions = `select id, name, dbt_valid_from::date::varchar as since, dbt_valid_to::date::varchar as until
  from history.users_snapshot order by id, dbt_valid_from`

describe.each(databases)('a snapshot in %s', (database) => {
  let folder: TestFolder
  let engine: Engine
  const sql = (text: string) => engine.sql(text)

  beforeEach(async () => {
    folder = await makeFolder()
    engine = await openEngine(database, folder.path)
    await sql('create schema raw')
    await sql('create table raw.users (id int, name varchar, changed timestamp)')
    await sql("insert into raw.users values (1, 'Ann', '2024-01-01'), (2, 'Bob', '2024-01-01')")
  })

  afterEach(async () => {
    await engine[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  const write = (config: object, more: Files = {}) =>
    writeProject(folder.path, {
      'models/sources.yml': sources,
      'snapshots/users.yml': JSON.stringify({
        snapshots: [
          {
            name: 'users_snapshot',
            relation: "source('raw', 'users')",
            config: { target_schema: 'history', ...config },
          },
        ],
      }),
      ...more,
    })
  const take = (command: 'snapshot' | 'build' = 'snapshot') =>
    runFolder(folder.path, engine.adapter, { database, command })
  const rename = (id: number, name: string, on: string) =>
    sql(`update raw.users set name = '${name}', changed = '${on}' where id = ${id}`)

  it('keeps what held when its source changed, and counts the versions that begin', async () => {
    await write(timestamp)
    expect((await take()).results).toMatchObject([{ kind: 'snapshot', rows: 2 }])
    await rename(1, 'Anna', '2024-02-01')
    await sql("insert into raw.users values (3, 'Cleo', '2024-02-01')")
    expect((await take()).results).toMatchObject([{ rows: 2, message: undefined }])
    expect((await take()).results).toMatchObject([{ rows: 0 }])
    expect(await sql(versions)).toEqual([
      { id: 1, name: 'Ann', since: '2024-01-01', until: '2024-02-01' },
      { id: 1, name: 'Anna', since: '2024-02-01', until: null },
      { id: 2, name: 'Bob', since: '2024-01-01', until: null },
      { id: 3, name: 'Cleo', since: '2024-02-01', until: null },
    ])
  })

  it('is taken by a build after what it reads, and what reads it waits for its tests', async () => {
    await write(timestamp, {
      'snapshots/users.yml': JSON.stringify({
        snapshots: [
          {
            name: 'users_snapshot',
            relation: "ref('users')",
            config: { target_schema: 'history', ...timestamp },
            columns: [{ name: 'name', data_tests: ['not_null'] }],
          },
        ],
      }),
      'models/users.sql':
        "{{ config(materialized='table') }} select * from {{ source('raw', 'users') }}",
      'models/users.yml':
        'models: [{name: users, columns: [{name: id, data_tests: [unique: {arguments: {}}]}]}]',
      'models/current.sql':
        "{{ config(materialized='table') }} select * from {{ ref('users_snapshot') }} where dbt_valid_to is null",
    })
    const good = await take('build')
    expect(good.results.map(({ name }) => name)).toEqual([
      'users',
      'unique_users_id',
      'users_snapshot',
      'not_null_users_snapshot_name',
      'current',
    ])
    await sql("update raw.users set name = null, changed = '2024-02-01' where id = 1")
    expect(statuses(await take('build'))).toMatchObject({
      users_snapshot: 'success',
      not_null_users_snapshot_name: 'fail',
      current: 'skipped',
    })
  })

  it('adds the columns that are new, and keeps those that are gone', async () => {
    await write(timestamp)
    await take()
    await sql('alter table raw.users add column email varchar')
    await sql('alter table raw.users drop column name')
    await sql("update raw.users set email = 'a@x', changed = '2024-02-01' where id = 1")
    expect(statuses(await take())).toEqual({ users_snapshot: 'success' })
    const rows = await sql(
      'select id, name, email from history.users_snapshot order by id, dbt_valid_from',
    )
    expect(rows).toEqual([
      { id: 1, name: 'Ann', email: null },
      { id: 1, name: null, email: 'a@x' },
      { id: 2, name: 'Bob', email: null },
    ])
  })

  it('keeps the history of another snapshot, its own columns under the names that dbt gives them', async () => {
    const second = {
      name: 'second',
      relation: "ref('users_snapshot')",
      config: {
        target_schema: 'history',
        strategy: 'check',
        unique_key: 'dbt_scd_id',
        check_cols: ['dbt_valid_to'],
      },
    }
    await write(timestamp, {
      'snapshots/second.yml': JSON.stringify({
        snapshots: [
          second,
          {
            name: 'third',
            relation: "ref('second')",
            config: {
              ...second.config,
              unique_key: 'dbt_scd_id_1',
              check_cols: ['dbt_valid_to_1'],
            },
          },
        ],
      }),
    })
    await take()
    await rename(1, 'Anna', '2024-02-01')
    expect(statuses(await take())).toEqual({
      users_snapshot: 'success',
      second: 'success',
      third: 'success',
    })
    expect((await take()).results).toMatchObject([{ rows: 0 }, { rows: 0 }, { rows: 0 }])
    const described = await sql('describe history.third')
    const names = ['dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to']
    expect(described.map((row) => row['column_name'])).toEqual([
      ...['id', 'name', 'changed'],
      ...['', '_1', '_2'].flatMap((end) => names.map((name) => name + end)),
    ])
    const open =
      await sql(`select name, dbt_valid_to is null as lasts, dbt_valid_to_1 is null as is_open
      from history.second order by name, lasts desc`)
    expect(open).toEqual([
      { name: 'Ann', lasts: true, is_open: false },
      { name: 'Ann', lasts: false, is_open: true },
      { name: 'Anna', lasts: true, is_open: true },
      { name: 'Bob', lasts: true, is_open: true },
    ])
  })

  it('refuses a column of its source that bears the name of one of its own', async () => {
    await write(timestamp)
    await take()
    await sql('alter table raw.users add column dbt_valid_to timestamp')
    expect(messageOf(await take(), 'users_snapshot')).toContain(
      'config snapshot_meta_column_names leaves dbt_valid_to to the snapshot, and the query gives it too now',
    )
  })

  it('leaves a table alone that is no snapshot', async () => {
    await sql('create schema history')
    await sql('create table history.users_snapshot as select 1 as id')
    await write(timestamp)
    const table = await take()
    expect(statuses(table)).toEqual({ users_snapshot: 'error' })
    expect(messageOf(table, 'users_snapshot')).toContain(
      'users_snapshot would add to history.users_snapshot, which is no snapshot: it has no dbt_scd_id, dbt_valid_from, dbt_valid_to.',
    )
    await sql('drop table history.users_snapshot')
    await sql('create view history.users_snapshot as select 1 as id')
    expect(messageOf(await take(), 'users_snapshot')).toContain('it is a view')
    expect(await sql('from history.users_snapshot')).toEqual([{ id: 1 }])
  })
})

describe('a snapshot', () => {
  it('stays as it was when the build that took it fails', async () => {
    await using folder = await makeFolder()
    await using engine = await openEngine('lake', folder.path)
    await writeProject(folder.path, {
      'snapshots/one.sql': `{% snapshot one %}
{{ config(target_schema='history', strategy='check', check_cols=['n'], unique_key='id') }}
select 1 as id, {{ var('n') }} as n
{% endsnapshot %}`,
      'tests/small.sql': "select * from {{ ref('one') }} where n > 1",
    })
    const build = (n: number) => runFolder(folder.path, engine.adapter, { vars: { n } })
    expect((await build(1)).outcome).toBe('committed')
    expect((await build(2)).outcome).toBe('rolled-back')
    expect(await engine.sql('select n, dbt_valid_to from history.one')).toEqual([
      { n: 1, dbt_valid_to: null },
    ])
  })

  it('tells of keys that stand in several rows', async () => {
    await using folder = await makeFolder()
    await using engine = await openEngine('memory', folder.path)
    await engine.sql('create schema raw')
    await engine.sql(
      "create table raw.users as select 1 as id, timestamp '2024-01-01' as changed from range(2)",
    )
    await writeProject(folder.path, {
      'models/sources.yml': sources,
      'snapshots/users.sql': `{% snapshot users_snapshot %}
{{ config(strategy='timestamp', updated_at='changed', unique_key='id') }}
select * from {{ source('raw', 'users') }}
{% endsnapshot %}`,
    })
    const take = () =>
      runFolder(folder.path, engine.adapter, { database: 'memory', command: 'snapshot' })
    await take()
    await engine.sql("update raw.users set changed = '2024-02-01'")
    expect(messageOf(await take(), 'users_snapshot')).toBe(
      '1 key stands in several rows: id is not unique',
    )
  })

  it('asks the macros of the project where there are some', async () => {
    await using folder = await makeFolder()
    await using engine = await openEngine('memory', folder.path)
    await writeProject(folder.path, {
      'macros/mine.sql': `
{% macro snapshot_louder_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {% do return({
    'unique_key': config.get('unique_key'),
    'updated_at': "timestamp '2024-01-01'",
    'row_changed': snapshotted_rel ~ '.n < ' ~ current_rel ~ '.n',
    'scd_id': snapshot_hash_arguments(['id', 'n']),
  }) %}
{% endmacro %}
{% macro default__snapshot_hash_arguments(args) %} concat_ws('/', {{ args | join(', ') }}) {% endmacro %}`,
      'snapshots/one.sql': `{% snapshot one %}
{{ config(strategy='louder', unique_key='id') }}
select 1 as id, {{ var('n') }} as n
{% endsnapshot %}`,
    })
    for (const n of [1, 3, 2]) {
      const run = await runFolder(folder.path, engine.adapter, { database: 'memory', vars: { n } })
      expect(statuses(run), messageOf(run, 'one')).toEqual({ one: 'success' })
    }
    expect(await engine.sql('select n, dbt_scd_id as id from one order by n')).toEqual([
      { n: 1, id: '1/1' },
      { n: 3, id: '1/3' },
    ])
  })

  it.each([
    [{ unique_key: 'id' }, 'config strategy is missing: timestamp or check.'],
    [{ strategy: 'check', check_cols: 'all' }, 'config unique_key is missing'],
    [{ strategy: 'timestamp', unique_key: 'id' }, 'config updated_at is missing'],
    [{ strategy: 'check', unique_key: 'id', check_cols: 'x' }, "must be 'all' or a list"],
    [{ ...timestamp, check_cols: ['x'] }, 'belongs to the strategy check'],
    [{ ...timestamp, hard_deletes: 'x' }, 'is x; there are ignore, invalidate, new_record'],
    [
      { ...timestamp, hard_deletes: 'ignore', invalidate_hard_deletes: true },
      'stands beside invalidate_hard_deletes',
    ],
    [{ strategy: 'mine', unique_key: 'id' }, "strategy macro 'mine' was not found"],
  ])('says what is wrong in %j', async (config, message) => {
    await using folder = await makeFolder()
    await using engine = await openEngine('memory', folder.path)
    await writeProject(folder.path, {
      'models/one.sql': "select 1 as id, timestamp '2024-01-01' as changed",
      'snapshots/one.yml': JSON.stringify({
        snapshots: [{ name: 'one_snapshot', relation: "ref('one')", config }],
      }),
    })
    const run = await runFolder(folder.path, engine.adapter, { database: 'memory' })
    expect(messageOf(run, 'one_snapshot')).toContain(message)
  })
})
