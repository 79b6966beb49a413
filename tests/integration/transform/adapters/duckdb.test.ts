import { expect, it } from 'vitest'
import { openDuckdb, queryRows } from '../../../../core/clients/duckdb.ts'
import { loadExtension } from '../../../../core/clients/duckdb-extensions.ts'
import { duckdbAdapter } from '../../../../transform/index.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import {
  makeFolder,
  messageOf,
  runFolder,
  statuses,
  writeProject,
} from '../../../support/project.ts'

it('builds a project in a plain DuckDB, whole or not at all, increments in full', async () => {
  await using folder = await makeFolder()
  await using duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
  const adapter = duckdbAdapter(duckdb, 'memory')
  const sql = (text: string) => duckdb.withConnection((connection) => queryRows(connection, text))
  await sql('create schema raw')
  await sql('create table raw.events as select range::int as id from range(3)')
  await writeProject(folder.path, {
    'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
    'models/seen.sql':
      "{{ config(materialized='incremental') }} select id from {{ new_rows(source('raw', 'events')) }}",
    'models/seen.yml': 'models: [{name: seen, columns: [{name: id, data_tests: [unique]}]}]',
  })
  const run = () => runFolder(folder.path, adapter, { database: 'memory' })
  expect(await run()).toMatchObject({ outcome: 'committed', snapshot: undefined })
  await sql('insert into raw.events values (3)')
  expect(messageOf(await run(), 'seen')).toBe('full refresh: events has no identity here')
  await sql('insert into raw.events values (3)')
  const failed = await run()
  expect(statuses(failed)).toEqual({ seen: 'success', unique_seen_id: 'fail' })
  expect(failed.outcome).toBe('rolled-back')
  expect(await sql('select id from memory.main.seen order by id')).toEqual(
    [0, 1, 2, 3].map((id) => ({ id })),
  )
  expect(await sql('select failing_row from memory.ops.test_failures')).toEqual([
    { failing_row: '{"unique_field":3,"n_records":2}' },
  ])
})

it('begins again on a DuckLake when another writer has committed in between', async () => {
  await using folder = await makeFolder()
  const attach = `attach 'ducklake:sqlite:${folder.path}/meta.sqlite' as lk (data_path '${folder.path}/data/', meta_journal_mode 'WAL', meta_busy_timeout 5000)`
  const open = async () => {
    const duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
    await duckdb.withConnection(async (connection) => {
      for (const extension of ['ducklake', 'sqlite_scanner']) {
        await loadExtension(connection, extensionDirectory, extension)
      }
      await connection.run(attach)
    })
    return duckdb
  }
  await using first = await open()
  const sql = (text: string) => first.withConnection((connection) => queryRows(connection, text))
  await sql('create table lk.counted as select 0 as n')
  await using second = await open()
  const options = { isDucklake: true, keepsHistory: false }
  const add = 'update lk.counted set n = n + 1'
  let attempts = 0
  await duckdbAdapter(first, 'lk', options).transaction(
    async (session) => {
      attempts++
      await session.execute(add)
      if (attempts > 1) return
      await duckdbAdapter(second, 'lk', options).transaction((other) => other.execute(add), {
        message: 'the other',
      })
    },
    { message: 'the one' },
  )
  expect(attempts).toBe(2)
  expect(await sql('from lk.counted')).toEqual([{ n: 2 }])
})

it('says what a commit found out', async () => {
  await using duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
  await duckdb.withConnection((connection) =>
    connection.run('create table keys (id int primary key)'),
  )
  const adapter = duckdbAdapter(duckdb, 'memory', { keepsHistory: false })
  const insert = 'insert into keys values (1)'
  const both = adapter.transaction(
    async (session) => {
      await session.execute(insert)
      await adapter.transaction((other) => other.execute(insert), { message: 'the other' })
    },
    { message: 'the one' },
  )
  await expect(both).rejects.toMatchObject({
    code: 'lake/sql-failed',
    message: expect.stringMatching(/duplicate key/i),
  })
})
