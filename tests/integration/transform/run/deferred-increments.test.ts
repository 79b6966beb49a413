import { expect, it, onTestFinished } from 'vitest'
import { limitRef } from '../../../../transform/plan/limit-refs.ts'
import {
  makeFolder,
  openFolderLake,
  queryLake,
  runFolder,
  statuses,
  writeProject,
} from '../../../support/project.ts'

const project = {
  'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
  'models/seen.sql':
    "{{ config(materialized='incremental') }}select id from {{ new_rows(source('raw', 'events')) }}",
}

async function openProject() {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  await writeProject(folder.path, project)
  const lake = await openFolderLake(folder.path)
  onTestFinished(() => lake.close())
  const sql = (text: string) => queryLake(lake, text)
  await sql('create schema lake.raw')
  await sql('create table lake.raw.events as select range as id from range(10)')
  return { sql, run: (reading = {}) => runFolder(folder.path, lake, { reading }) }
}

it('counts nothing as seen that was read somewhere else', async () => {
  const { sql, run } = await openProject()
  await run()
  await sql('create table lake.raw.others as select range + 100 as id from range(30)')
  await sql('insert into lake.raw.events values (10)')
  const relation = { catalog: 'lake', schema: 'raw', name: 'others' }
  const deferred = new Map([['source.shop.raw.events', relation]])
  await run({ deferred })
  expect(await sql('select count(*)::int as n, min(id)::int as first from lake.main.seen')).toEqual(
    [{ n: 30, first: 100 }],
  )
  await run()
  expect(await sql('from lake.main.seen order by id')).toEqual(
    await sql('from lake.raw.events order by id'),
  )
})

it('counts nothing as seen that a run without rows has left out', async () => {
  const { sql, run } = await openProject()
  const empty = await run({
    limit: (printed: string) => limitRef(printed, { empty: true, window: undefined }, undefined),
  })
  expect(statuses(empty)).toEqual({ seen: 'success' })
  expect(await sql('select count(*)::int as n from lake.main.seen')).toEqual([{ n: 0 }])
  await run()
  expect(await sql('select count(*)::int as n from lake.main.seen')).toEqual([{ n: 10 }])
})
