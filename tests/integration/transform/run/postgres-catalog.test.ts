import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import { type Lake, openLake } from '../../../../core/clients/lake.ts'
import { isProblem } from '../../../../core/errors.ts'
import {
  type Adapter,
  ducklakeAdapter,
  outageOf,
  type RunEvent,
} from '../../../../transform/index.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import {
  type Files,
  makeFolder,
  messageOf,
  queryLake,
  runFolder,
  statuses,
  writeProject,
} from '../../../support/project.ts'
import { openTcpProxy } from '../../../support/tcp-proxy.ts'

const files = {
  'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
  'models/seen.sql':
    "{{ config(materialized='incremental') }} select id from {{ new_rows(source('raw', 'events')) }}",
  'models/doubled.sql':
    "{{ config(materialized='incremental') }} select id * 2 as id from {{ new_rows(ref('seen')) }}",
}

/** The lake as another process has it: an instance of its own over the same catalog. */
async function openShared(
  folder: string,
  schema: string,
  url = inject('services').catalogUrl,
): Promise<Lake> {
  return await openLake(await openDuckdb({ extensionDirectory, threads: 1 }), {
    catalog: { kind: 'postgres', url, schema },
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

  it('miss no row that somebody else adds to a model while they are about to commit', async () => {
    await using folder = await makeFolder()
    await writeProject(folder.path, files)
    const schema = `meets_${process.pid}`
    await using lake = await openShared(folder.path, schema)
    await using other = await openShared(folder.path, schema)
    const adapter = ducklakeAdapter(lake)
    const late: Adapter = {
      ...adapter,
      transaction: (work, options) =>
        adapter.transaction(async (session) => {
          const result = await work(session)
          await queryLake(other, 'insert into lake.main.seen values (-1)')
          return result
        }, options),
    }
    const sql = (text: string) => queryLake(lake, text)
    const land = (id: number) => sql(`insert into lake.raw.events values (${id})`)
    await sql('create schema lake.raw')
    await sql('create table lake.raw.events (id bigint)')
    await land(1)
    await runFolder(folder.path, lake)
    await land(2)
    await runFolder(folder.path, late)
    await land(3)
    await runFolder(folder.path, lake)
    expect(await sql('select id // 2 as id from lake.main.doubled order by id')).toEqual(
      await sql('select id from lake.main.seen order by id'),
    )
  })
})

describe('a catalog that is gone while nodes are published one by one', () => {
  const project = {
    'models/first.sql': "{{ config(materialized='table') }} select 1 as x",
    'models/second.sql':
      "{{ config(materialized='table') }} select x + 1 as x from {{ ref('first') }}",
    'models/third.sql':
      "{{ config(materialized='table') }} select x + 1 as x from {{ ref('second') }}",
  }

  async function openCut(name: string, files: Files = project) {
    const url = new URL(inject('services').catalogUrl)
    const proxy = await openTcpProxy(url.hostname, Number(url.port))
    url.hostname = '127.0.0.1'
    url.port = String(proxy.port)
    const folder = await makeFolder()
    await writeProject(folder.path, files)
    const schema = `outage_${name}_${process.pid}`
    const lake = await openShared(folder.path, schema, url.href)
    return {
      proxy,
      run: (retries: number, onEvent: (event: RunEvent) => void = () => {}) =>
        runFolder(folder.path, lake, { publish: 'per-node', retries, onEvent }),
      sql: (text: string) => queryLake(lake, text),
      [Symbol.asyncDispose]: async () => {
        lake.close()
        await proxy[Symbol.asyncDispose]()
        await folder[Symbol.asyncDispose]()
      },
    }
  }

  const begins = (name: string, event: RunEvent) =>
    event.kind === 'started' && event.node.name === name

  it('is waited for as often as retries says, and nothing is done twice', async () => {
    await using cut = await openCut('waits')
    let retried = 0
    const result = await cut.run(2, (event) => {
      if (begins('second', event) && retried === 0) cut.proxy.cut()
      if (event.kind === 'retried' && ++retried === 2) cut.proxy.mend()
    })
    expect(statuses(result)).toEqual({ first: 'success', second: 'success', third: 'success' })
    expect({ outcome: result.outcome, retried }).toEqual({ outcome: 'committed', retried: 2 })
    expect(await cut.sql('from lake.main.third')).toEqual([{ x: 3 }])
  })

  it('is told as what made the run fail, once the tries are used up', async () => {
    await using cut = await openCut('fails')
    const result = await cut.run(0, (event) => {
      if (begins('second', event)) cut.proxy.cut()
      if (event.kind === 'finished' && event.result.name === 'third') cut.proxy.mend()
    })
    expect(statuses(result)).toEqual({ first: 'success', second: 'error', third: 'skipped' })
    expect(result.outcome).toBe('failed')
    expect(outageOf(result)).toMatchObject({ code: 'lake/catalog-unreachable', exitCode: 3 })
    expect(await cut.run(0)).toMatchObject({ outcome: 'committed' })
  })

  it('keeps a run from beginning, and says so', async () => {
    await using cut = await openCut('begins')
    cut.proxy.cut()
    const error = await cut.run(0).catch((thrown: unknown) => thrown)
    expect(isProblem(error, 'lake/catalog-unreachable')).toBe(true)
  })

  it('is told as what made a hook of the project fail', async () => {
    const hook = 'insert into lake.main.first values (2)'
    const settings = `name: shop\non-run-end: ["${hook}"]\n`
    await using cut = await openCut('hooks', { ...project, 'dbt_project.yml': settings })
    const result = await cut.run(0, (event) => {
      if (begins('shop-on-run-end-0', event)) cut.proxy.cut()
    })
    expect(statuses(result)).toMatchObject({ third: 'success', 'shop-on-run-end-0': 'error' })
    expect(result.outcome).toBe('failed')
    expect(outageOf(result)).toMatchObject({ code: 'lake/catalog-unreachable' })
  })
})
