import { hash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lastChanges } from '../../../../core/clients/lake/last-changes.ts'
import { listTables } from '../../../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../../../core/clients/lake.ts'
import {
  type Compiled,
  loadBuiltStates,
  logicReader,
  rowsMadeOf,
} from '../../../../transform/index.ts'
import {
  compileFolder,
  makeFolder,
  openFolderLake,
  queryLake,
  type RunOverrides,
  runFolder,
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

const logicOf = ({ graph }: Compiled) =>
  logicReader({
    graph,
    sha256: (text) => hash('sha256', text),
    vars: {},
    environment: {},
    target: { name: 'test' },
    release: '1',
  })

const write = (files: Readonly<Record<string, string>>) => writeProject(folder.path, files)
const build = (overrides: RunOverrides = {}) =>
  runFolder(folder.path, lake, { logicOf, ...overrides })
async function builds(overrides: RunOverrides = {}): Promise<void> {
  const { results } = await build(overrides)
  expect(results.flatMap(({ status, message }) => (status === 'success' ? [] : [message]))).toEqual(
    [],
  )
}
const sql = (text: string) => queryLake(lake, text)

/** What is said of the rows that the node has now. */
async function madeOf(
  id: string,
): Promise<{ others: readonly string[]; doubts: readonly string[] }> {
  const compiled = await compileFolder(folder.path)
  const { catalog } = lake.options
  return await lake.read(async (connection) => {
    const snapshot = await lake.currentSnapshot()
    const { others, doubts } = rowsMadeOf({
      graph: compiled.graph,
      logicOf: logicOf(compiled),
      ids: [id],
      snapshot,
      states: await loadBuiltStates(connection, 'lake', snapshot, [...compiled.graph.nodes.keys()]),
      changes: await lastChanges(connection, catalog, snapshot),
      tables: await listTables(connection, catalog, snapshot),
    })
    return { others, doubts }
  })
}

const clean = { others: [], doubts: [] }

describe('the rows of a table', () => {
  const t = (query: string) => ({
    'models/t.sql': `{{ config(materialized='table') }} ${query}`,
  })
  const failing = { 'tests/never.sql': "-- {{ ref('t') }}\nselect 1 as x" }

  it('are not of a run that was rolled back', async () => {
    await write(t('select 1 as x'))
    await build()
    await write(failing)
    expect((await build()).outcome).toBe('rolled-back')
    expect(await madeOf('model.shop.t')).toEqual(clean)
    await write(t('select 2 as x'))
    const other = { others: ['t was built of other SQL than it has now'], doubts: [] }
    expect(await madeOf('model.shop.t')).toEqual(other)
    expect((await build()).outcome).toBe('rolled-back')
    expect(await madeOf('model.shop.t')).toEqual(other)
  })

  it('are not of one either that an earlier release wrote down as a success', async () => {
    await write(t('select 1 as x'))
    await build()
    await write(failing)
    await build()
    await sql(
      "update lake.ops.node_runs set status = 'success' where status = 'rolled-back' and name = 't'",
    )
    await sql('alter table lake.ops.node_runs drop column is_whole')
    expect(await madeOf('model.shop.t')).toEqual(clean)
  })

  it('are of a run that published it by itself before another node failed', async () => {
    await write(t('select 1 as x'))
    await build()
    await write({ 'models/broken.sql': "select error('broken') as x" })
    expect((await build({ publish: 'per-node' })).outcome).toBe('committed')
    await write({
      'models/broken.sql': "{{ config(materialized='table') }} select error('broken') as x",
    })
    expect((await build({ publish: 'per-node' })).outcome).toBe('failed')
    expect(await madeOf('model.shop.t')).toEqual({
      others: [],
      doubts: ['no run wrote down how t came about'],
    })
  })
})

describe('rows that stay from one run to the next', () => {
  const day = (from: number, to: number) => ({
    start: Date.UTC(2024, 0, from),
    end: Date.UTC(2024, 0, to),
  })
  const batches = (value: number) =>
    `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened', batch_size='day', begin='2024-01-01') }}
select happened, ${value} as v from {{ ref('events') }}`
  const events = {
    'models/events.sql': `{{ config(materialized='table', event_time='happened') }}
select timestamp '2024-01-01' + to_days(range::int) as happened from range(9)`,
  }
  const versions = (value: string) =>
    `{% snapshot t %}{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='main') }}
select range as id, ${value} as v from range(3){% endsnapshot %}`
  const added = (value: number) =>
    `{{ config(materialized='incremental', unique_key='id') }} select range as id, ${value} as v from range(3)`
  const ownMacro = {
    'macros/mine.sql': `{% macro get_incremental_delete_insert_sql(arg_dict) %}
insert into {{ arg_dict["target_relation"] }} select * from {{ arg_dict["temp_relation"] }}
{% endmacro %}`,
  }
  const mixed = { others: ['t had other SQL when some of the rows were made'], doubts: [] }

  it.each([
    { kind: 'a microbatch model', file: 'models/t.sql', of: batches, more: events },
    { kind: 'an incremental model', file: 'models/t.sql', of: added, more: {} },
    { kind: 'one of a macro', file: 'models/t.sql', of: added, more: ownMacro },
  ])('are compared since the last full build: $kind', async ({ file, of, more }) => {
    await write({ ...more, [file]: of(1) })
    await builds({ eventTimes: day(1, 3) })
    expect(await madeOf('model.shop.t')).toEqual(clean)
    await write({ [file]: of(2) })
    await builds({ eventTimes: day(3, 5) })
    expect(await madeOf('model.shop.t')).toEqual(mixed)
    await builds({ eventTimes: day(3, 5), fullRefresh: true })
    expect(await madeOf('model.shop.t')).toEqual(clean)
    await builds({ eventTimes: day(5, 6) })
    expect(await madeOf('model.shop.t')).toEqual(clean)
  })

  it('are compared since a snapshot was first taken', async () => {
    await write({ 'snapshots/t.sql': versions('1') })
    await builds()
    expect(await madeOf('snapshot.shop.t')).toEqual(clean)
    await write({ 'snapshots/t.sql': versions('2') })
    await builds()
    expect(await madeOf('snapshot.shop.t')).toEqual(mixed)
    await sql('drop table lake.main.t')
    await builds()
    expect(await madeOf('snapshot.shop.t')).toEqual(clean)
  })

  it('are doubtful where an earlier release did not write down which run began', async () => {
    await write({ ...events, 'models/t.sql': batches(1) })
    await builds({ eventTimes: day(1, 3) })
    await builds({ eventTimes: day(3, 5) })
    await sql('alter table lake.ops.node_runs drop column is_whole')
    expect(await madeOf('model.shop.t')).toEqual({
      others: [],
      doubts: ['no run wrote down how t came about'],
    })
    await write({ 'models/t.sql': added(1) })
    await sql('drop table lake.main.t')
    await builds()
    await builds()
    await sql('alter table lake.ops.node_runs drop column is_whole')
    expect(await madeOf('model.shop.t')).toEqual(clean)
  })
})
