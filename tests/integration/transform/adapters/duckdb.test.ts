import { expect, it } from 'vitest'
import { openDuckdb, queryRows } from '../../../../core/clients/duckdb.ts'
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
