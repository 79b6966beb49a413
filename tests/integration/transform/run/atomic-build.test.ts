import { spawn } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lake } from '../../../../core/clients/lake.ts'
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

describe('a build with a failed test', () => {
  beforeEach(() =>
    writeProject(folder.path, {
      'models/base.sql': "select range as id, {{ var('label') }} as label from range(3)",
      'models/child.sql': "{{ config(materialized='table') }} select * from {{ ref('base') }}",
      'models/other.sql': "{{ config(materialized='table') }} select {{ var('label') }} as label",
      'models/schema.yml': `
models:
  - name: base
    config: {materialized: table}
    columns:
      - name: label
        data_tests:
          - accepted_values: {values: [1], quote: false}
`,
    }),
  )

  it('publishes nothing, keeps the failing rows, and skips what stands below', async () => {
    const good = await runFolder(folder.path, lake, { vars: { label: 1 } })
    expect(good.outcome).toBe('committed')
    expect(good.built.map(({ name }) => name).sort()).toEqual(['base', 'child', 'other'])
    const bad = await runFolder(folder.path, lake, { vars: { label: 2 } })
    expect(bad).toMatchObject({ outcome: 'rolled-back', built: [], snapshot: good.snapshot })
    const test = 'accepted_values_base_label__False__1'
    expect(statuses(bad)).toEqual({
      base: 'success',
      [test]: 'fail',
      child: 'skipped',
      other: 'success',
    })
    expect(messageOf(bad, 'child')).toBe(`${test} failed`)
    for (const model of ['base', 'child', 'other']) {
      expect(await sql(`select distinct label from lake.main.${model}`)).toEqual([{ label: 1 }])
    }
    expect(
      await sql(`select failing_row from lake.ops.test_failures where run_id = '${bad.runId}'`),
    ).toEqual([{ failing_row: '{"value_field":2,"n_records":3}' }])
    const runs = await sql(
      'select outcome, failed::int as failed, skipped::int as skipped from lake.ops.runs order by started_at',
    )
    expect(runs).toEqual([
      { outcome: 'committed', failed: 0, skipped: 0 },
      { outcome: 'rolled-back', failed: 1, skipped: 1 },
    ])
  })

  it('is published all the same when the test only warns', async () => {
    await writeProject(folder.path, {
      'models/schema.yml': `
models:
  - name: base
    columns:
      - name: label
        data_tests:
          - accepted_values: {arguments: {values: [1], quote: false}, config: {severity: warn}}
`,
    })
    const run = await runFolder(folder.path, lake, { vars: { label: 2 } })
    expect(run.outcome).toBe('committed')
    expect(Object.values(statuses(run)).sort()).toEqual(['success', 'success', 'success', 'warn'])
  })
})

describe('a model that fails', () => {
  it('stops its branch when its SQL is wrong, and others go on', async () => {
    await writeProject(folder.path, {
      'models/wrong.sql': 'select nope from (select 1 as x)',
      'models/below.sql': "select * from {{ ref('wrong') }}",
      'models/apart.sql': 'select 1 as x',
    })
    const run = await runFolder(folder.path, lake)
    expect(statuses(run)).toEqual({ apart: 'success', wrong: 'error', below: 'skipped' })
    expect(messageOf(run, 'wrong')).toMatch(/nope/)
    expect(messageOf(run, 'below')).toBe('wrong failed')
    expect(
      await sql(
        "select count(*)::int as n from information_schema.tables where table_schema = 'main' and table_catalog = 'lake'",
      ),
    ).toEqual([{ n: 0 }])
  })

  it('names itself in those that an error at run time leaves no transaction for', async () => {
    await writeProject(folder.path, {
      'models/apart.sql': "{{ config(materialized='table') }} select cast('x' as int) as x",
      'models/later.sql': "{{ config(materialized='table') }} select 1 as x",
    })
    const run = await runFolder(folder.path, lake)
    expect(statuses(run)).toEqual({ apart: 'error', later: 'skipped' })
    expect(messageOf(run, 'later')).toBe('apart ended the transaction')
  })
})

describe('an interrupted build', () => {
  it('runs nothing when it is stopped before its first node', async () => {
    await writeProject(folder.path, { 'models/a.sql': 'select 1 as x' })
    const signal = AbortSignal.abort(new Error('SIGTERM'))
    const run = await runFolder(folder.path, lake, { signal })
    expect(run).toMatchObject({ outcome: 'interrupted', results: [], built: [] })
    expect(await sql('select outcome from lake.ops.runs')).toEqual([{ outcome: 'interrupted' }])
  })

  it('stops in the middle of a query, is rolled back and written down', async () => {
    await writeProject(folder.path, {
      'models/a_quick.sql': "{{ config(materialized='table') }} select 1 as x",
      'models/b_endless.sql':
        "{{ config(materialized='table') }} select count(*) as n from range(10000000000) as a(x), range(1000) as b(y) where (x * y) % 7 = 3",
    })
    const controller = new AbortController()
    const run = await runFolder(folder.path, lake, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === 'started' && event.node.name === 'b_endless') {
          setTimeout(() => controller.abort(new Error('SIGINT')), 200)
        }
      },
    })
    expect(run).toMatchObject({ outcome: 'interrupted', built: [] })
    expect(statuses(run)).toEqual({ a_quick: 'success' })
    expect(await sql('select outcome from lake.ops.runs')).toEqual([{ outcome: 'interrupted' }])
    expect(
      await sql(
        "select count(*)::int as n from information_schema.tables where table_schema = 'main' and table_catalog = 'lake'",
      ),
    ).toEqual([{ n: 0 }])
  })

  it('stops in the middle of a unit test', async () => {
    await writeProject(folder.path, {
      'models/m.sql':
        'select count(*) as n from range(10000000000) as a(x), range(1000) as b(y) where (x * y) % 7 = 3',
      'models/m.yml':
        'unit_tests: [{name: endless, model: m, given: [], expect: {rows: [{n: 1}]}}]',
    })
    const controller = new AbortController()
    const run = await runFolder(folder.path, lake, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind !== 'started' || event.node.name !== 'endless') return
        setTimeout(() => controller.abort(new Error('SIGINT')), 200)
      },
    })
    expect(run).toMatchObject({ outcome: 'interrupted', results: [], built: [] })
  })
})

describe('relations that change their kind', () => {
  it('become tables from views and back', async () => {
    for (const materialized of ['view', 'table', 'view', 'incremental', 'view']) {
      await writeProject(folder.path, {
        'models/m.sql': `{{ config(materialized='${materialized}') }} select 1 as x`,
      })
      expect((await runFolder(folder.path, lake)).outcome).toBe('committed')
      const type = materialized === 'view' ? 'VIEW' : 'BASE TABLE'
      expect(
        await sql("select table_type from information_schema.tables where table_name = 'm'"),
      ).toEqual([{ table_type: type }])
    }
  })
})

const models = ['one', 'two', 'three', 'four']

/** All generations that a reader finds, in one statement and so in one snapshot. */
async function generations(): Promise<number[]> {
  const parts = models.map((name) => `select generation from lake.main.${name}`)
  const rows = await sql(`select distinct generation from (${parts.join(' union all ')})`)
  return rows.map((row) => Number(row['generation']))
}

describe('readers of a lake whose builder is killed', () => {
  it('see the state before a build or after it, never between, and the next build goes on', async () => {
    const rows = "select {{ var('generation') }} as generation, range as id from range(500)"
    await writeProject(
      folder.path,
      Object.fromEntries(
        models.map((name) => [`models/${name}.sql`, `{{ config(materialized='table') }} ${rows}`]),
      ),
    )
    await writeProject(folder.path, {
      'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
      'models/counted.sql': `{{ config(materialized='incremental') }} select id from {{ new_rows(source('raw', 'events')) }}`,
    })
    await sql('create schema lake.raw')
    await sql('create table lake.raw.events (id bigint)')
    expect((await runFolder(folder.path, lake, { vars: { generation: 0 } })).outcome).toBe(
      'committed',
    )

    let reads = 0
    let landed = 0
    for (let kill = 1; kill <= 10; kill++) {
      await sql(`insert into lake.raw.events select range + ${landed} from range(7)`)
      landed += 7
      const script = new URL('../../../support/build-loop.ts', import.meta.url).pathname
      const child = spawn(process.execPath, [script, folder.path, String(kill * 1000)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = new Promise((resolve) => child.once('close', resolve))
      await new Promise((resolve) => child.stdout.once('data', resolve))
      const until = Date.now() + Math.random() * 600
      while (Date.now() < until) {
        expect(await generations()).toHaveLength(1)
        reads++
      }
      child.kill('SIGKILL')
      await ended
      expect(await generations()).toHaveLength(1)
    }
    expect(reads).toBeGreaterThan(10)
    expect((await runFolder(folder.path, lake, { vars: { generation: 99 } })).outcome).toBe(
      'committed',
    )
    expect(await generations()).toEqual([99])
    expect(await sql('select id from lake.main.counted order by id')).toEqual(
      await sql('select id from lake.raw.events order by id'),
    )
  })
})

describe('a data test that lets some rows fail', () => {
  it('has no failures when it passes', async () => {
    await writeProject(folder.path, {
      'models/base.sql': 'select range as id from range(3)',
      'models/schema.yml': `
models:
  - name: base
    columns:
      - name: id
        data_tests:
          - accepted_values:
              arguments: {values: [0], quote: false}
              config: {error_if: '> 2', warn_if: '> 2'}
`,
    })
    const { results } = await runFolder(folder.path, lake)
    const test = results.find(({ kind }) => kind === 'test')
    expect(test).toMatchObject({ status: 'pass', failures: 0 })
  })
})

describe('a model of more than one statement', () => {
  it('fails before any of them runs, so that it cannot publish the half of a build', async () => {
    await writeProject(folder.path, {
      'models/first.sql': "{{ config(materialized='table') }} select 1 as id",
      'models/many.sql': "select * from {{ ref('first') }}; commit; begin; select 2",
    })
    const result = await runFolder(folder.path, lake)
    expect(result.outcome).toBe('rolled-back')
    expect(statuses(result)).toEqual({ first: 'success', many: 'error' })
    expect(messageOf(result, 'many')).toContain('more than one statement')
    expect(await sql(`select * from duckdb_tables() where table_name = 'first'`)).toEqual([])
  })
})
