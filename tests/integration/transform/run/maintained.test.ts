import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lake } from '../../../../core/clients/lake.ts'
import { forgetEverything } from '../../../support/maintain.ts'
import {
  makeFolder,
  messageOf,
  openFolderLake,
  queryLake,
  runFolder,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'

const project = {
  'models/sources.yml': `
sources:
  - name: raw
    tables: [{name: events}]
`,
  'models/seen.sql': `
{{ config(materialized='incremental') }}
select id from {{ new_rows(source('raw', 'events')) }}
`,
  'models/again.sql': `
{{ config(materialized='incremental') }}
select id from {{ new_rows(ref('seen')) }}
`,
}

let folder: TestFolder
let lake: Lake

beforeEach(async () => {
  folder = await makeFolder()
  await writeProject(folder.path, project)
  lake = await openFolderLake(folder.path)
  await sql('create schema lake.raw')
  await sql('create table lake.raw.events (id bigint)')
})

afterEach(async () => {
  lake.close()
  await folder[Symbol.asyncDispose]()
})

const sql = (text: string) => queryLake(lake, text)
const land = (from: number, to: number) =>
  sql(`insert into lake.raw.events select range from range(${from}, ${to})`)

/** Upkeep that keeps no history at all. */
const maintain = () => forgetEverything(lake)

async function expectExact(): Promise<void> {
  const all = await sql('select id from lake.raw.events order by all')
  expect(await sql('select id from lake.main.seen order by all')).toEqual(all)
  expect(await sql('select id from lake.main.again order by all')).toEqual(all)
}

describe('an incremental model', () => {
  it('stays exact when history is forgotten and files are merged between builds', async () => {
    for (let round = 0; round < 4; round++) {
      await land(round * 20, round * 20 + 10)
      await runFolder(folder.path, lake)
      await expectExact()
      await land(round * 20 + 10, round * 20 + 20)
      await runFolder(folder.path, lake)
      // Snapshots that state refers to are gone, and once more after the files were merged.
      await sql(`create or replace table lake.raw.other as select ${round} as id`)
      await maintain()
      if (round % 2 === 1) await maintain()
    }
    await land(100, 110)
    const run = await runFolder(folder.path, lake)
    expect(messageOf(run, 'seen')).toBe('incremental')
    await expectExact()
  })
})
