import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { watchedAdapter } from '../../../../cli/runner/query-log.ts'
import type { Lake } from '../../../../core/clients/lake.ts'
import { ducklakeAdapter } from '../../../../transform/index.ts'
import {
  makeFolder,
  messageOf,
  openFolderLake,
  queryLake,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'

/** Counts what it reads, so that a row that is read twice or never shows. */
const project = {
  'models/sources.yml': `
sources:
  - name: raw
    tables: [{name: events}]
`,
  'models/seen.sql': `
{{ config(materialized='incremental') }}
select id, amount from {{ new_rows(source('raw', 'events')) }}
`,
  'models/doubled.sql': `
{{ config(materialized='incremental') }}
select id, amount * 2 as amount from {{ new_rows(ref('seen')) }}
`,
}

let folder: TestFolder
let lake: Lake

beforeEach(async () => {
  folder = await makeFolder()
  await writeProject(folder.path, project)
  lake = await openFolderLake(folder.path)
  await sql('create schema lake.raw')
  await sql('create table lake.raw.events (id bigint, amount bigint)')
})

afterEach(async () => {
  lake.close()
  await folder[Symbol.asyncDispose]()
})

const sql = (text: string) => queryLake(lake, text)
const land = (from: number, to: number) =>
  sql(`insert into lake.raw.events select range, range * 10 from range(${from}, ${to})`)

/** What is in a model against what a full build would give. */
async function expectExact(): Promise<void> {
  const seen = await sql('select id, amount from lake.main.seen order by all')
  expect(seen).toEqual(await sql('select id, amount from lake.raw.events order by all'))
  const doubled = await sql('select id, amount from lake.main.doubled order by all')
  expect(doubled).toEqual(
    await sql('select id, amount * 2 as amount from lake.raw.events order by all'),
  )
}

/** A model that is built before, and what it does after. */
const withHook = (statement: string) => ({
  'models/landed.sql': `{{ config(materialized='table', post_hook="${statement}") }} select 1 as id`,
  'models/seen.sql': `-- depends_on: {{ ref('landed') }}${project['models/seen.sql']}`,
})

const rowsOf = (run: Awaited<ReturnType<typeof runFolder>>) =>
  Object.fromEntries(run.results.map(({ name, rows }) => [name, rows]))

describe('a model that reads new_rows()', () => {
  it('reads each row once, run after run, also through another incremental model', async () => {
    await land(0, 10)
    expect(rowsOf(await runFolder(folder.path, lake))).toEqual({ seen: 10, doubled: 10 })
    await land(10, 13)
    await land(13, 14)
    expect(rowsOf(await runFolder(folder.path, lake))).toEqual({ seen: 4, doubled: 4 })
    expect(rowsOf(await runFolder(folder.path, lake))).toEqual({ seen: 0, doubled: 0 })
    await land(14, 15)
    const last = await runFolder(folder.path, lake)
    expect(rowsOf(last)).toEqual({ seen: 1, doubled: 1 })
    expect(messageOf(last, 'doubled')).toBe('incremental')
    await expectExact()
  })

  it('takes late rows, however old their ids and times are', async () => {
    await land(100, 110)
    await runFolder(folder.path, lake)
    await land(0, 5)
    expect(rowsOf(await runFolder(folder.path, lake))).toEqual({ seen: 5, doubled: 5 })
    await expectExact()
  })

  it('reads again what a failed run had read', async () => {
    await land(0, 5)
    await runFolder(folder.path, lake)
    await land(5, 8)
    await writeProject(folder.path, { 'models/fails.sql': 'select 1/0 as x, nope' })
    const failed = await runFolder(folder.path, lake)
    expect(failed.outcome).toBe('rolled-back')
    expect(await sql('select count(*)::int as n from lake.main.seen')).toEqual([{ n: 5 }])
    await writeProject(folder.path, { 'models/fails.sql': 'select 1 as x' })
    expect(rowsOf(await runFolder(folder.path, lake))).toMatchObject({ seen: 3, doubled: 3 })
    await expectExact()
  })

  it('is built in full when an upstream table was replaced', async () => {
    await land(0, 5)
    await runFolder(folder.path, lake)
    await sql(
      'create or replace table lake.raw.events as select range + 50 as id, 1::bigint as amount from range(3)',
    )
    const run = await runFolder(folder.path, lake)
    expect(messageOf(run, 'seen')).toBe('full refresh: events was replaced')
    expect(messageOf(run, 'doubled')).toBe('full refresh: seen was replaced in this run')
    await expectExact()
    await land(0, 2)
    expect(rowsOf(await runFolder(folder.path, lake))).toEqual({ seen: 2, doubled: 2 })
    await expectExact()
  })

  it.each([
    ['delete from lake.raw.events where id = 2', 'full refresh: rows of events were deleted'],
    [
      'update lake.raw.events set amount = 7 where id = 2',
      'full refresh: old rows of events were changed',
    ],
  ])('is built in full after %s', async (change, reason) => {
    await land(0, 5)
    await runFolder(folder.path, lake)
    await sql(change)
    await land(5, 6)
    expect(messageOf(await runFolder(folder.path, lake), 'seen')).toBe(reason)
    await expectExact()
  })

  it('is built in full when its own table was replaced by somebody else', async () => {
    await land(0, 5)
    await runFolder(folder.path, lake)
    await sql(
      'create or replace table lake.main.seen as select 1::bigint as id, 1::bigint as amount',
    )
    const run = await runFolder(folder.path, lake)
    expect(messageOf(run, 'seen')).toBe('full refresh: seen was replaced by somebody else')
    await expectExact()
  })

  it('follows a model whose rows are replaced by key only in full', async () => {
    await writeProject(folder.path, {
      'models/latest.sql': `
{{ config(materialized='incremental', unique_key='id') }}
select id, max(amount) as amount from {{ new_rows(source('raw', 'events')) }} group by id`,
      'models/copied.sql': `
{{ config(materialized='incremental') }}
select id, amount from {{ new_rows(ref('latest')) }}`,
    })
    await land(0, 5)
    await runFolder(folder.path, lake)
    await sql('insert into lake.raw.events values (3, 999)')
    const run = await runFolder(folder.path, lake)
    expect(messageOf(run, 'copied')).toBe('full refresh: latest changed old rows in this run')
    const latest = await sql('select id, amount from lake.main.latest order by all')
    expect(latest).toHaveLength(5)
    expect(await sql('select id, amount from lake.main.copied order by all')).toEqual(latest)
  })

  it('forgets an upstream that it no longer reads', async () => {
    await sql('create table lake.raw.refunds (id bigint, amount bigint)')
    const union = `
{{ config(materialized='incremental') }}
select id, amount from {{ new_rows(source('raw', 'events')) }}
union all select id, amount from {{ new_rows(source('raw', 'refunds')) }}
`
    const sources = project['models/sources.yml'].replace(
      '{name: events}',
      '{name: events}, {name: refunds}',
    )
    await writeProject(folder.path, { 'models/seen.sql': union, 'models/sources.yml': sources })
    await land(0, 10)
    await runFolder(folder.path, lake)
    await writeProject(folder.path, { ...project, 'models/sources.yml': sources })
    await runFolder(folder.path, lake, { fullRefresh: true })
    await land(10, 12)
    const run = await runFolder(folder.path, lake)
    expect(messageOf(run, 'seen')).toBe('incremental')
    await expectExact()
  })

  it('starts anew with a full refresh', async () => {
    await land(0, 5)
    await runFolder(folder.path, lake)
    const run = await runFolder(folder.path, lake, { fullRefresh: true })
    expect(messageOf(run, 'seen')).toBe('full refresh')
    await land(5, 6)
    expect(rowsOf(await runFolder(folder.path, lake))).toEqual({ seen: 1, doubled: 1 })
    await expectExact()
  })

  it('counts rows once that a hook before it brings in', async () => {
    await writeProject(folder.path, withHook('insert into lake.raw.events values (-1, 7)'))
    for (let run = 0; run < 4; run++) {
      await land(run * 10, run * 10 + run)
      const done = await runFolder(folder.path, lake)
      expect(messageOf(done, 'seen')).toBe(run === 0 ? 'first build' : 'incremental')
      await expectExact()
    }
  })

  it('counts rows once that its own hook brings in', async () => {
    const hook = 'insert into lake.raw.events select max(id) + 1, 0 from lake.raw.events'
    await writeProject(folder.path, {
      'models/seen.sql': `{{ config(pre_hook="${hook}") }}${project['models/seen.sql']}`,
    })
    await land(0, 3)
    for (const rows of [4, 1, 1]) {
      expect(rowsOf(await runFolder(folder.path, lake))).toMatchObject({ seen: rows })
    }
    await expectExact()
  })

  it('is built in full when a hook before it changes rows that it has seen', async () => {
    await land(0, 4)
    await runFolder(folder.path, lake)
    const change = 'update lake.raw.events set amount = amount + 1 where id = 1'
    await writeProject(folder.path, withHook(change))
    const run = await runFolder(folder.path, lake)
    expect(messageOf(run, 'seen')).toBe('full refresh: old rows of events were changed')
    await expectExact()
  })

  it('looks into no file that it has read before, unless old and new rows share one', async () => {
    const read = async () => {
      const reads: string[] = []
      const onStatement = ({ sql }: { readonly sql: string }) => {
        if (sql.includes('new_rows')) reads.push(...(sql.match(/rowid >= .*?(?=\)\n)/g) ?? []))
      }
      await runFolder(folder.path, watchedAdapter(ducklakeAdapter(lake), { onStatement }))
      return reads
    }
    await land(0, 5)
    await read()
    await land(5, 8)
    const young = expect.stringMatching(
      /^rowid >= 5 and \(snapshot_id > \d+ or snapshot_id is null/,
    )
    expect(await read()).toEqual([young, young])
    await land(8, 9)
    await sql("call ducklake_merge_adjacent_files('lake')")
    expect(await read()).toEqual(['rowid >= 8', expect.stringMatching(/^rowid >= 8 and/)])
    await expectExact()
  })

  it('loses and doubles nothing when two builds run at once while rows arrive', async () => {
    await land(0, 20)
    await runFolder(folder.path, lake)
    for (let round = 0; round < 3; round++) {
      await land(20 + round * 10, 30 + round * 10)
      const runs = await Promise.all([
        runFolder(folder.path, lake),
        runFolder(folder.path, lake),
        land(1000 + round * 10, 1010 + round * 10),
      ])
      for (const run of runs.slice(0, 2)) expect(run).toMatchObject({ outcome: 'committed' })
    }
    await runFolder(folder.path, lake)
    await expectExact()
  })
})

describe('an incremental model in the manner of dbt', () => {
  it('sees is_incremental() and this from its second run on', async () => {
    await writeProject(folder.path, {
      'models/classic.sql': `
{{ config(materialized='incremental', unique_key=['id'], incremental_strategy=var('strategy')) }}
select id, amount from {{ source('raw', 'events') }}
{% if is_incremental() %} where amount > (select max(amount) from {{ this }}) {% endif %}`,
    })
    for (const strategy of ['merge', 'delete+insert']) {
      await sql('delete from lake.raw.events')
      await land(0, 3)
      const vars = { strategy }
      const first = await runFolder(folder.path, lake, {
        vars,
        select: ['classic'],
        fullRefresh: true,
      })
      expect(statuses(first)).toEqual({ classic: 'success' })
      await sql('insert into lake.raw.events values (2, 500), (7, 600)')
      await runFolder(folder.path, lake, { vars, select: ['classic'] })
      const rows = await sql(
        'select id::int as id, amount::int as amount from lake.main.classic order by all',
      )
      expect(rows).toEqual([
        { id: 0, amount: 0 },
        { id: 1, amount: 10 },
        { id: 2, amount: 500 },
        { id: 7, amount: 600 },
      ])
    }
  })

  it('fails with advice when the query loses a column, and adapts when it is allowed to', async () => {
    const model = (columns: string, mode: string) => ({
      'models/wide.sql': `
{{ config(materialized='incremental', on_schema_change='${mode}') }}
select ${columns} from {{ new_rows(source('raw', 'events')) }}`,
    })
    const select = ['wide']
    await writeProject(folder.path, model('id, amount', 'ignore'))
    await land(0, 2)
    await runFolder(folder.path, lake, { select })
    await land(2, 3)
    await writeProject(folder.path, model('id', 'ignore'))
    const failed = await runFolder(folder.path, lake, { select })
    expect(messageOf(failed, 'wide')).toMatch(/no longer fits its table.*amount.*full-refresh/s)
    await writeProject(folder.path, model("id, 'x' as note", 'append_new_columns'))
    await runFolder(folder.path, lake, { select })
    expect(
      await sql(
        'select id::int as id, amount::int as amount, note from lake.main.wide order by id',
      ),
    ).toEqual([
      { id: 0, amount: 0, note: null },
      { id: 1, amount: 10, note: null },
      { id: 2, amount: null, note: 'x' },
    ])
    await land(3, 4)
    await writeProject(folder.path, model("id, 'y' as note", 'sync_all_columns'))
    await runFolder(folder.path, lake, { select })
    expect(
      await sql('select * replace (id::int as id) from lake.main.wide order by id desc limit 1'),
    ).toEqual([{ id: 3, note: 'y' }])
  })
})
