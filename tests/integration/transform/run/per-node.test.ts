import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Duckdb, openDuckdb, queryRows } from '../../../../core/clients/duckdb.ts'
import { problem } from '../../../../core/problems.ts'
import { type Adapter, duckdbAdapter, ducklakeAdapter } from '../../../../transform/index.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import {
  type Files,
  makeFolder,
  messageOf,
  openFolderLake,
  queryLake,
  type RunOverrides,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'

let folder: TestFolder
let duckdb: Duckdb

beforeEach(async () => {
  folder = await makeFolder()
  duckdb = await openDuckdb({ extensionDirectory, threads: 2 })
})

afterEach(async () => {
  duckdb.close()
  await folder[Symbol.asyncDispose]()
})

const sql = (text: string) => duckdb.withConnection((connection) => queryRows(connection, text))

async function run(files: Files, overrides: RunOverrides = {}) {
  await writeProject(folder.path, files)
  const adapter = duckdbAdapter(duckdb, 'memory', { keepsHistory: false, publish: 'per-node' })
  return await runFolder(folder.path, adapter, { database: 'memory', threads: 3, ...overrides })
}

const endless =
  "{{ config(materialized='table', timeout=var('timeout', 0)) }} select count(*) as n from range(10000000000) as a(x), range(1000) as b(y) where (x * y) % 7 = 3"

describe('nodes that are published one by one', () => {
  it('are there though others fail, whatever the failure does to its transaction', async () => {
    const result = await run({
      'models/bad.sql': "{{ config(materialized='table') }} select cast('x' as int) as x",
      'models/below.sql': "select * from {{ ref('bad') }}",
      'models/below_that.sql': "select * from {{ ref('below') }}",
      'models/good.sql': "{{ config(materialized='table') }} select 1 as x",
      'models/on_good.sql': "select * from {{ ref('good') }}",
    })
    expect(result).toMatchObject({ outcome: 'failed', publish: 'per-node', built: [] })
    expect(statuses(result)).toEqual({
      bad: 'error',
      below: 'skipped',
      below_that: 'skipped',
      good: 'success',
      on_good: 'success',
    })
    expect(messageOf(result, 'below_that')).toBe('below was skipped')
    expect(await sql('from memory.main.on_good')).toEqual([{ x: 1 }])
  })

  it('run on several connections at once, and say on which and when', async () => {
    const models = Object.fromEntries(
      Array.from({ length: 40 }, (_, at): [string, string] => {
        const kind = at % 2 === 0 ? 'table' : 'view'
        const reads = at < 5 ? '' : ` -- {{ ref('m${at - 5}') }}`
        return [
          `models/m${at}.sql`,
          `{{ config(materialized='${kind}', schema='s${at % 3}') }} select ${at} as x${reads}`,
        ]
      }),
    )
    let running = 0
    let most = 0
    const result = await run(models, {
      onEvent: ({ kind }) => {
        if (kind === 'started') most = Math.max(most, ++running)
        if (kind === 'finished') running--
      },
    })
    expect(result.outcome).toBe('committed')
    expect(most).toBe(3)
    const threads = new Set(result.results.map(({ thread }) => thread))
    expect([...threads].sort()).toEqual(['Thread-1', 'Thread-2', 'Thread-3'])
    for (const { timing = [] } of result.results) {
      expect(timing.map(({ name }) => name)).toEqual(['compile', 'execute'])
    }
    expect(await sql('select count(*)::int as n from information_schema.tables')).toEqual([
      { n: 40 },
    ])
  })

  it('undo all of a node whose second statement fails', async () => {
    const model = (query: string) => ({
      'models/grown.sql': `{{ config(materialized='incremental', unique_key='id', post_hook="insert into {{ this }} values (1 / {{ var('by') }})") }} ${query}`,
    })
    const first = await run(model('select 1::double as id'), { vars: { by: 1 } })
    expect(statuses(first)).toEqual({ grown: 'success' })
    const second = await run(model("select 5::double as id union all select error('no')::double"), {
      vars: { by: 1 },
    })
    expect(statuses(second)).toEqual({ grown: 'error' })
    expect(await sql('select distinct id from memory.main.grown')).toEqual([{ id: 1 }])
  })

  it('stop at the first failure when it is said', async () => {
    const result = await run(
      {
        'models/a_bad.sql': "{{ config(materialized='table') }} select cast('x' as int) as x",
        'models/b_long.sql': endless,
        'models/c_late.sql': "select * from {{ ref('b_long') }}",
      },
      { failFast: true, threads: 2 },
    )
    expect(statuses(result)).toEqual({ a_bad: 'error', b_long: 'skipped', c_late: 'skipped' })
    expect(messageOf(result, 'b_long')).toBe('Skipping due to fail_fast')
    const timed = new Map(result.results.map(({ name, timing = [] }) => [name, timing]))
    expect(timed.get('a_bad')?.map(({ name }) => name)).toEqual(['compile', 'execute'])
    expect(timed.get('c_late')).toEqual([])
  })

  it('end when they take longer than their timeout', async () => {
    const result = await run(
      { 'models/slow.sql': endless, 'models/quick.sql': 'select 1 as x' },
      { vars: { timeout: 0.3 } },
    )
    expect(statuses(result)).toEqual({ slow: 'error', quick: 'success' })
    expect(messageOf(result, 'slow')).toMatch(/slow took longer than its timeout of 0.3 s/)
  })

  it('keep what had ended when the run is interrupted', async () => {
    const controller = new AbortController()
    const result = await run(
      {
        'models/a.sql': "{{ config(materialized='table') }} select 1 as x",
        'models/b.sql': endless,
      },
      {
        threads: 1,
        signal: controller.signal,
        onEvent: (event) => {
          if (event.kind === 'started' && event.node.name === 'b') {
            setTimeout(() => controller.abort(new Error('SIGINT')), 100)
          }
        },
      },
    )
    expect(result).toMatchObject({ outcome: 'interrupted', built: [] })
    expect(await sql('select table_name from information_schema.tables')).toEqual([
      { table_name: 'a' },
    ])
  })
})

describe('a lake that is published node by node', () => {
  it('reads each new row once, and keeps its history', async () => {
    const lake = await openFolderLake(folder.path)
    try {
      await writeProject(folder.path, {
        'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
        'models/seen.sql':
          "{{ config(materialized='incremental') }} select id from {{ new_rows(source('raw', 'events')) }}",
        'models/doubled.sql':
          "{{ config(materialized='incremental') }} select id * 2 as id from {{ new_rows(ref('seen')) }}",
        'models/apart.sql': "{{ config(materialized='table') }} select 1 as x",
      })
      await queryLake(lake, 'create schema lake.raw')
      await queryLake(lake, 'create table lake.raw.events (id bigint)')
      for (let round = 0; round < 3; round++) {
        await queryLake(
          lake,
          `insert into lake.raw.events select range + ${round * 10} from range(10)`,
        )
        const result = await runFolder(folder.path, lake, { publish: 'per-node', threads: 3 })
        expect(statuses(result)).toEqual({ seen: 'success', doubled: 'success', apart: 'success' })
        expect(result.outcome).toBe('committed')
        if (round > 0) expect(messageOf(result, 'doubled')).toBe('incremental')
      }
      const rows = (text: string) => queryLake(lake, text)
      const expected = await rows('select id from lake.raw.events order by id')
      expect(await rows('select id from lake.main.seen order by id')).toEqual(expected)
      expect(await rows('select id // 2 as id from lake.main.doubled order by id')).toEqual(
        expected,
      )
      expect(await rows('select distinct outcome from lake.ops.runs')).toEqual([
        { outcome: 'committed' },
      ])
    } finally {
      lake.close()
    }
  })

  it('finds the table that another build has made meanwhile', async () => {
    const lake = await openFolderLake(folder.path)
    try {
      await writeProject(folder.path, {
        'models/apart.sql': "{{ config(materialized='incremental') }} select 2 as x",
      })
      const adapter = ducklakeAdapter(lake)
      let transactions = 0
      const raced: Adapter = {
        ...adapter,
        connect: async () => {
          const session = await adapter.connect()
          const begin = session.begin.bind(session)
          session.begin = async () => {
            // The first makes what all nodes need.
            if (++transactions === 2) await queryLake(lake, 'create table lake.main.apart (x int)')
            await begin()
          }
          return session
        },
      }
      const result = await runFolder(folder.path, raced, { publish: 'per-node' })
      expect(statuses(result)).toEqual({ apart: 'success' })
      expect(messageOf(result, 'apart')).toBe('incremental')
      expect(await queryLake(lake, 'from lake.main.apart')).toEqual([{ x: 2 }])
    } finally {
      lake.close()
    }
  })

  it('begins again when the catalog was away right after the begin', async () => {
    const lake = await openFolderLake(folder.path)
    try {
      await writeProject(folder.path, {
        'models/late.sql': "{{ config(materialized='table') }} select 1 as x",
      })
      const begin = lake.begin.bind(lake)
      let failed = 0
      lake.begin = async (connection) => {
        await begin(connection)
        if (failed++ === 0) {
          throw problem('lake/catalog-unreachable', { catalog: 'catalog', reason: 'away' })
        }
      }
      const result = await runFolder(folder.path, ducklakeAdapter(lake), {
        publish: 'per-node',
        retries: 1,
      })
      expect(statuses(result)).toMatchObject({ late: 'success' })
      expect(failed).toBeGreaterThan(1)
    } finally {
      lake.close()
    }
  })

  it('tries no node again that only fails', async () => {
    const lake = await openFolderLake(folder.path)
    try {
      await writeProject(folder.path, {
        'models/bad.sql':
          "{{ config(materialized='table', post_hook='insert into {{ this }} values (1, 2)') }} select 1 as x",
      })
      let retried = 0
      const result = await runFolder(folder.path, lake, {
        publish: 'per-node',
        onEvent: ({ kind }) => {
          if (kind === 'retried') retried++
        },
      })
      expect(statuses(result)).toEqual({ bad: 'error' })
      expect(retried).toBe(0)
    } finally {
      lake.close()
    }
  })
})
