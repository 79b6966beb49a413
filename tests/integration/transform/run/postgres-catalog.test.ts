import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import { type Lake, openLake } from '../../../../core/clients/lake.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import {
  makeFolder,
  messageOf,
  queryLake,
  runFolder,
  writeProject,
} from '../../../support/project.ts'

const files = {
  'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
  'models/seen.sql':
    "{{ config(materialized='incremental') }} select id from {{ new_rows(source('raw', 'events')) }}",
  'models/doubled.sql':
    "{{ config(materialized='incremental') }} select id * 2 as id from {{ new_rows(ref('seen')) }}",
}

/** The lake as another process has it: an instance of its own over the same catalog. */
async function openShared(folder: string, schema: string): Promise<Lake> {
  return await openLake(await openDuckdb({ extensionDirectory, threads: 1 }), {
    catalog: { kind: 'postgres', url: inject('services').catalogUrl, schema },
    dataPath: `${join(folder, 'data')}/`,
  })
}

describe('builds on a lake whose catalog is in PostgreSQL', () => {
  it('lose and double nothing when two runners meet, from the first build on', async () => {
    await using folder = await makeFolder()
    await writeProject(folder.path, files)
    const schema = `runner_${process.pid}`
    await using first = await openShared(folder.path, schema)
    await using second = await openShared(folder.path, schema)
    const sql = (text: string) => queryLake(first, text)
    await sql('create schema lake.raw')
    await sql('create table lake.raw.events (id bigint)')
    for (let round = 0; round < 4; round++) {
      await sql(`insert into lake.raw.events select range + ${round * 10} from range(10)`)
      const runs = await Promise.all([
        runFolder(folder.path, first),
        runFolder(folder.path, second),
      ])
      expect(runs.map(({ outcome }) => outcome)).toEqual(['committed', 'committed'])
    }
    await sql('insert into lake.raw.events values (1000)')
    const last = await runFolder(folder.path, second)
    expect(last.results.map(({ rows }) => rows)).toEqual([1, 1])
    expect(messageOf(last, 'doubled')).toBe('incremental')
    const expected = await sql('select id from lake.raw.events order by id')
    expect(await sql('select id from lake.main.seen order by id')).toEqual(expected)
    expect(await sql('select id // 2 as id from lake.main.doubled order by id')).toEqual(expected)
  })
})
