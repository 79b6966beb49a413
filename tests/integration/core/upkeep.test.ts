import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changedTables, fingerprintTables } from '../../../core/clients/lake/fingerprints.ts'
import {
  runUpkeepStep,
  type Upkeep,
  type UpkeepStep,
} from '../../../core/clients/lake/maintenance.ts'
import { countBuilds } from '../../../core/clients/lake/running-builds.ts'
import type { Lake } from '../../../core/clients/lake.ts'
import { ducklakeAdapter } from '../../../transform/index.ts'
import { runCli } from '../../support/cli.ts'
import { extensionDirectory } from '../../support/extension-directory.ts'
import { forgetEverything } from '../../support/maintain.ts'
import { makeFolder, openFolderLake, queryLake, type TestFolder } from '../../support/project.ts'

let folder: TestFolder
let lake: Lake

beforeEach(async () => {
  folder = await makeFolder()
  lake = await openFolderLake(folder.path)
  await sql('create schema lake.raw')
  await sql('create table lake.raw.events as select range as id from range(100)')
  await sql('insert into lake.raw.events select range + 100 from range(10)')
})

afterEach(async () => {
  lake.close()
  await folder[Symbol.asyncDispose]()
})

const sql = (text: string) => queryLake(lake, text)
const builds = () => lake.read((connection) => countBuilds(connection, lake.options.catalog))
const policy = (): Upkeep => ({
  expireBefore: later(),
  deleteBefore: later(),
  rewriteFraction: 0.1,
  keepSnapshots: [],
  keepRows: [],
  dryRun: false,
})
const later = () => new Date(Date.now() + 60_000).toISOString()
const step = (name: UpkeepStep, upkeep: Partial<Upkeep> = {}, by = lake) =>
  by.read((connection) =>
    runUpkeepStep(connection, by.options.catalog, name, { ...policy(), ...upkeep }),
  )

const postponed = 'left for the next time: a build is running'

/** For a child process: opens the lake of the test, without loading all that tests have. */
const core = join(import.meta.dirname, '../../../core/clients')
const openLakeCode = () => `
  const { openDuckdb } = await import('${core}/duckdb.ts')
  const { openLake } = await import('${core}/lake.ts')
  const lake = await openLake(await openDuckdb({ extensionDirectory: '${extensionDirectory}' }), {
    catalog: { kind: 'sqlite', path: '${folder.path}/lake.sqlite' }, dataPath: '${folder.path}/data/' })`

describe('a step of the upkeep', () => {
  it('says what it would do, and does nothing, in a dry run', async () => {
    const before = await lake.currentSnapshot()
    expect(await step('merge', { dryRun: true })).toEqual([
      { step: 'merge', what: 'raw.events', outcome: '2 files, 0 deleted rows' },
    ])
    expect((await step('expire', { dryRun: true })).length).toBe(before)
    expect(await lake.currentSnapshot()).toBe(before)
    expect((await lake.size()).snapshots).toBe(before + 1)
  })

  it('keeps out of the way of a node that is published by itself, too', async () => {
    const session = await ducklakeAdapter(lake).connect()
    for (const end of [() => session.commit({ message: 'a node' }), () => session.rollback()]) {
      await session.begin()
      expect(await builds()).toBe(1)
      const [report] = await step('merge')
      expect(report?.outcome).toContain('a build is running')
      await end()
      expect(await builds()).toBe(0)
    }
    session.close()
  })

  it('keeps out of the way of a build, and takes it up when the build has ended', async () => {
    await lake.transaction(
      async () => {
        expect(await builds()).toBe(1)
        const [report] = await step('merge')
        expect(report?.outcome).toContain('a build is running')
      },
      { isBuild: true },
    )
    expect(await builds()).toBe(0)
    expect(await step('merge')).toMatchObject([{ outcome: '2 files became 1' }])
  })

  it.each(['expire', 'cleanup', 'orphans'] as const)(
    'deletes nothing under a build: %s',
    async (name) => {
      const other = await openFolderLake(folder.path)
      await lake.transaction(
        async (build) => {
          await build.run('create table lake.raw.made as select range as id from range(1000)')
          const wanted = await step(name, { dryRun: true }, other)
          expect(wanted.map(({ outcome }) => outcome)).not.toContain(postponed)
          expect(await step(name, {}, other)).toMatchObject([{ step: name, outcome: postponed }])
        },
        { isBuild: true },
      )
      other.close()
      expect(await sql('select count(*) as n, sum(id) as total from lake.raw.made')).toEqual([
        { n: 1000n, total: 499500n },
      ])
    },
  )

  it('sweeps away what a killed build has left, and nothing else', async () => {
    const child = `
      ${openLakeCode()}
      await lake.transaction(async (build) => {
        await build.run('create table lake.raw.made as select range as id from range(1000)')
        process.kill(process.pid, 'SIGKILL')
      }, { isBuild: true })`
    const flags = ['--input-type=module', '-e', child]
    expect(spawnSync(process.execPath, flags).signal).toBe('SIGKILL')
    const files = () => readdirSync(join(folder.path, 'data'), { recursive: true }).map(String)
    const orphans = files().filter((file) => /made.*parquet$/.test(file))
    expect(orphans).toHaveLength(1)
    const reports = await step('orphans')
    expect(reports.map(({ what }) => what.split('/').at(-1))).toEqual(
      orphans.map((file) => file.split('/').at(-1)),
    )
    expect(files().filter((file) => /made.*parquet$/.test(file))).toEqual([])
    expect(await sql('select count(*) as n from lake.raw.events')).toEqual([{ n: 110n }])
  })

  it('does not wait for a build whose process was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
    const { pid } = child
    const { ownerNow } = await import('../../../core/lock-file.ts')
    await lake.transaction(async () => {}, { isBuild: true }) // makes the folder of the marks
    writeFileSync(join(folder.path, 'lake.sqlite.builds', 'mark'), ownerNow(pid ?? 0))
    expect(await builds()).toBe(1)
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await ended
    expect(await builds()).toBe(0)
  })

  it('writes files anew without deleted rows, but not those that are read by increments', async () => {
    await sql('delete from lake.raw.events where id % 2 = 0')
    expect(await step('rewrite', { keepRows: ['raw.events'] })).toEqual([])
    const rows = await sql('select rowid, id from lake.raw.events order by id')
    expect((await step('rewrite')).map(({ what }) => what)).toEqual(['raw.events'])
    expect(await sql('select rowid, id from lake.raw.events order by id')).toEqual(rows)
  })

  it('keeps snapshots that are still needed', async () => {
    const kept = await lake.currentSnapshot()
    await sql('insert into lake.raw.events values (1000)')
    await forgetEverything(lake, { keepSnapshots: [kept] })
    const count = `select count(*) as n from lake.raw.events at (version => ${kept})`
    expect(await sql(count)).toEqual([{ n: 110n }])
  })
})

describe('what upkeep compares', () => {
  it('is the same after merging, and another when a value has changed', async () => {
    const look = async (snapshot: number) =>
      await lake.read((c) => fingerprintTables(c, lake.options.catalog, snapshot))
    const snapshot = await lake.currentSnapshot()
    const before = await look(snapshot)
    expect(before.get('raw.events')).toBe('110 5995')
    await step('merge')
    expect(changedTables(before, await look(await lake.currentSnapshot()))).toEqual([])
    await sql('update lake.raw.events set id = id + 1 where id = 7')
    expect(changedTables(before, await look(await lake.currentSnapshot()))).toEqual(['raw.events'])
  })
})

describe('millrace maintain', () => {
  it('does every step in a process of its own and prints what was done', async () => {
    writeFileSync(
      join(folder.path, 'millrace.yml'),
      'name: t\ndefault_target: t\ntargets: {t: {services: external, lake: {catalog: sqlite, catalog_path: lake.sqlite, data_path: data/}}}\n',
    )
    lake.close()
    const flags = ['--project-dir', folder.path, '--format', 'ndjson', '--keep-days', '0']
    const { code, stdout, stderr } = await runCli(['maintain', ...flags])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const reports = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(reports.map(({ step: name }) => name)).toEqual(
      expect.arrayContaining(['merge', 'expire']),
    )
    lake = await openFolderLake(folder.path)
    expect(await sql('select count(*) as n, sum(id) as total from lake.raw.events')).toEqual([
      { n: 110n, total: 5995n },
    ])
    expect(await lake.size()).toMatchObject({ snapshots: 1, files: 1 })
  })
})
