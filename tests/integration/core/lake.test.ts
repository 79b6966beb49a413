import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { openDuckdb, queryRows, queryValue } from '../../../core/clients/duckdb.ts'
import type { LakeOptions } from '../../../core/clients/lake/attach.ts'
import { fileRows } from '../../../core/clients/lake/file-rows.ts'
import { currentSnapshot, listRelations } from '../../../core/clients/lake/snapshots.ts'
import { type Lake, openLake } from '../../../core/clients/lake.ts'
import { extensionDirectory } from '../../support/extension-directory.ts'
import { forgetEverything } from '../../support/maintain.ts'

const services = inject('services')

let folder: string
let lake: Lake
let options: LakeOptions

async function open(more: Partial<LakeOptions> = {}): Promise<Lake> {
  const duckdb = await openDuckdb({ extensionDirectory })
  return await openLake(duckdb, { ...options, ...more })
}

const count = (from: Lake, relation: string) =>
  from.read((connection) => queryValue(connection, `select count(*) from ${relation}`))

const onSqlite = (): LakeOptions => ({
  catalog: { kind: 'sqlite', path: join(folder, 'catalog.sqlite') },
  dataPath: `${folder}/data/`,
})

const onPostgres = (): LakeOptions => {
  const name = `lake_${randomUUID().slice(0, 8)}`
  return {
    catalog: { kind: 'postgres', url: services.catalogUrl, schema: name },
    dataPath: `s3://${services.s3.bucket}/${name}/`,
    s3: services.s3,
  }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lake-'))
})
afterEach(() => {
  lake.close()
  rmSync(folder, { recursive: true })
})

describe.each([
  ['SQLite and a local folder', onSqlite],
  ['PostgreSQL and S3', onPostgres],
])('a lake on %s', (_, makeOptions) => {
  beforeEach(async () => {
    options = makeOptions()
    lake = await open()
  })

  describe('a transaction', () => {
    it('commits several tables at once, and leaves nothing behind when the work throws', async () => {
      await lake.transaction(async (tx) => {
        await tx.run('create schema lake.raw')
        await tx.run('create table lake.raw.a as select 1 as id')
        await tx.run('create table lake.raw.b as select 2 as id')
      })
      const before = await lake.currentSnapshot()
      const failing = lake.transaction(async (tx) => {
        await tx.run('insert into lake.raw.a values (5)')
        await tx.run('drop table lake.raw.b')
        throw new Error('halfway')
      })
      await expect(failing).rejects.toThrow('halfway')
      expect(await lake.currentSnapshot()).toBe(before)
      expect(await count(lake, 'lake.raw.a')).toBe(1n)
      expect(await count(lake, 'lake.raw.b')).toBe(1n)
    })

    it('is tried again when another writer won, and no update is lost', async () => {
      await lake.transaction(async (tx) => {
        await tx.run('create table lake.counter as select 0 as n')
      })
      const increment = () =>
        lake.transaction(async (tx) => {
          await tx.run('update lake.counter set n = n + 1')
        })
      await Promise.all(Array.from({ length: 6 }, increment))
      expect(await lake.read((c) => queryRows(c, 'select n from lake.counter'))).toEqual([{ n: 6 }])
    })

    it('begins later than all it reads, also when another commits just then', async () => {
      await lake.read((connection) => connection.run('create table lake.main.marks (id int)'))
      const connection = await lake.connect()
      try {
        const run = connection.run.bind(connection)
        let committed = 0
        vi.spyOn(connection, 'run').mockImplementation(async (sql) => {
          const result = await run(sql)
          if (sql === 'begin' && committed++ === 0) {
            await lake.read((other) => other.run('insert into lake.main.marks values (1)'))
          }
          return result
        })
        await lake.begin(connection)
        const seen = await queryValue(connection, 'select count(*) from lake.main.marks')
        const newest = await lake.snapshotTime(await currentSnapshot(connection), connection)
        const isLater = await queryValue(connection, `select now() > timestamptz '${newest}'`)
        expect({ seen: Number(seen), isLater, begun: committed }).toEqual({
          seen: 1,
          isLater: true,
          begun: 2,
        })
      } finally {
        connection.closeSync()
      }
    })

    it('carries its message into the snapshot', async () => {
      const work = async (tx: { run: (sql: string) => Promise<unknown> }) => {
        await tx.run('create table lake.noted as select 1 as id')
      }
      await lake.transaction(work, { message: "build o'clock" })
      const rows = await lake.read((c) =>
        queryRows(c, 'select commit_message m from lake.snapshots()'),
      )
      expect(rows.at(-1)?.['m']).toBe("build o'clock")
    })
  })

  describe('snapshots', () => {
    it('give a replaced table another uuid and show the old one under its snapshot', async () => {
      await lake.transaction(async (tx) => {
        await tx.run('create table lake.t as select range as id from range(10)')
      })
      const first = await lake.currentSnapshot()
      await lake.transaction(async (tx) => {
        await tx.run('create or replace table lake.t as select 1 as id')
      })
      const now = await lake.tables()
      const then = await lake.tables(first)
      expect(then[0]?.uuid).not.toBe(now[0]?.uuid)
      expect(await lake.rowWatermark('main', 't', first)).toBe(10n)
      expect(await lake.rowWatermark('main', 't', await lake.currentSnapshot())).toBe(1n)
    })

    it('are what a reader pinned to one keeps seeing', async () => {
      await lake.transaction(async (tx) => {
        await tx.run('create table lake.t as select 1 as id')
      })
      const snapshot = await lake.currentSnapshot()
      await lake.transaction(async (tx) => {
        await tx.run('delete from lake.t')
      })
      lake.close()
      lake = await open({ at: { snapshot }, readOnly: true })
      expect(await count(lake, 'lake.t')).toBe(1n)
      await expect(lake.read((c) => c.run('drop table lake.t'))).rejects.toThrow('read-only')
      await expect(open({ at: { snapshot: 999 } })).rejects.toMatchObject({
        code: 'lake/unknown-snapshot',
      })
    })
  })

  describe('the list of files', () => {
    it('tells how many rows came since a snapshot, and nothing once rows were taken away or mixed', async () => {
      const run = async (sql: string) => {
        await lake.transaction(async (tx) => {
          await tx.run(sql)
        })
        return await lake.currentSnapshot()
      }
      await run('create table lake.t as select range as id from range(10)')
      const first = await run('insert into lake.t select range + 10 from range(5)')
      const [table] = await lake.tables()
      const ask = (snapshot: number, since?: number) =>
        lake.read((connection) =>
          fileRows(connection, options.catalog, {
            uuid: table?.uuid ?? '',
            snapshot,
            since: since === undefined ? undefined : { snapshot: since, watermark: 15n },
          }),
        )
      expect(await ask(first)).toEqual({ watermark: 15n, rows: 15n, added: 15n })
      expect(await ask(first, first)).toEqual({ watermark: 15n, rows: 15n, added: 0n })
      await run('insert into lake.t values (15), (16)')
      const second = await run('insert into lake.t values (17)')
      const since = { watermark: 18n, rows: 18n, added: 3n }
      expect(await ask(second, first)).toEqual(since)
      await run('delete from lake.t where id = 16')
      expect(await ask(second, first)).toEqual(since)
      expect(await ask(await lake.currentSnapshot(), first)).toBeUndefined()
      expect(await ask(await lake.currentSnapshot())).toBeUndefined()
      const third = await run('insert into lake.t values (18)')
      await lake.read((c) => c.run("call ducklake_merge_adjacent_files('lake')"))
      expect(await ask(third, second)).toBeUndefined()
      await run('insert into lake.t values (19)')
      const now = await lake.currentSnapshot()
      expect(await ask(now, third)).toEqual({ watermark: 20n, rows: 19n, added: 1n })
      expect(await ask(999, third)).toBeUndefined()
    })
  })

  describe('upkeep', () => {
    it('merges files and forgets snapshots without changing a row or a row number', async () => {
      await lake.transaction(async (tx) => {
        await tx.run('create table lake.t (id integer)')
      })
      for (let id = 0; id < 4; id++) {
        await lake.transaction(async (tx) => {
          await tx.run(`insert into lake.t values (${id})`)
        })
      }
      const rows = () => lake.read((c) => queryRows(c, 'select rowid, id from lake.t order by id'))
      const before = await rows()
      await forgetEverything(lake)
      expect(await lake.size()).toEqual({ snapshots: 1, files: 1 })
      expect(await rows()).toEqual(before)
    })
  })

  describe('registered files', () => {
    it('are counted once: a second registration is refused', async () => {
      const file = join(folder, 'outside.parquet')
      await lake.read((c) => c.run(`copy (select range as id from range(7)) to '${file}'`))
      await lake.transaction(async (tx) => {
        await tx.run('create table lake.t (id bigint)')
        await lake.registerFiles(tx, { schema: 'main', table: 't', files: [file, file] })
      })
      expect(await count(lake, 'lake.t')).toBe(7n)
      const again = lake.transaction((tx) =>
        lake.registerFiles(tx, { schema: 'main', table: 't', files: [file] }),
      )
      await expect(again).rejects.toMatchObject({ code: 'lake/file-registered' })
      expect(await count(lake, 'lake.t')).toBe(7n)
      const twice = lake.transaction(async (tx) => {
        await tx.run('create table lake.u (id bigint)')
        const request = { schema: 'main', table: 'u', files: [`${folder}/other.parquet`] }
        await tx.run(`copy (select 1::bigint as id) to '${request.files[0]}'`)
        await lake.registerFiles(tx, request)
        await lake.registerFiles(tx, request)
      })
      await expect(twice).rejects.toMatchObject({ code: 'lake/file-registered' })
    })
  })

  it('shows a build one state, whoever commits while it begins', async () => {
    await using other = await open()
    await other.transaction((connection) => connection.run('create table lake.before (id int)'))
    const seen = await lake.transaction(
      async (connection) => {
        await other.transaction((own) => own.run('create table lake.meanwhile (id int)'))
        const snapshot = await currentSnapshot(connection)
        const listed = await listRelations(connection, options.catalog, snapshot)
        const bound = await queryRows(
          connection,
          "select table_name as name from information_schema.tables where table_catalog = 'lake' order by all",
        )
        return { listed: listed.map(({ name }) => name).sort(), bound: bound.map((r) => r['name']) }
      },
      { isBuild: true },
    )
    expect(seen.listed).toEqual(seen.bound)
  })
})

describe('a store without keys of its own', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('asks the default chain of AWS, here the environment', async () => {
    const { accessKeyId = '', secretAccessKey = '', ...store } = services.s3
    vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey)
    options = { ...onSqlite(), dataPath: `s3://${store.bucket}/${randomUUID()}/`, s3: store }
    lake = await open()
    await lake.transaction(async (tx) => {
      await tx.run('create table lake.t as select 1 as id')
    })
    expect(await count(lake, 'lake.t')).toBe(1n)
  })
})

describe('several processes on one SQLite catalog', () => {
  it('lose and double nothing while all write and some are killed', async () => {
    options = onSqlite()
    lake = await open()
    await lake.transaction(async (tx) => {
      await tx.run('create table lake.log (writer varchar, n integer)')
    })
    const writers = ['a', 'b', 'c'].map((name) => startWriter(name))
    const acknowledged = await Promise.all(
      writers.map(async ({ process, lines }, index) => {
        if (index === 0) setTimeout(() => process.kill('SIGKILL'), 2_500)
        await once(process, 'exit')
        return lines
      }),
    )
    const rows = await lake.read((c) =>
      queryRows(c, 'select writer, n, count(*) as copies from lake.log group by all'),
    )
    expect(rows.filter((row) => row['copies'] !== 1n)).toEqual([])
    const landed = new Set(rows.map((row) => `${row['writer']} ${row['n']}`))
    expect(acknowledged.flat().filter((line) => !landed.has(line))).toEqual([])
    expect(acknowledged.flat().length).toBeGreaterThan(20)
  }, 60_000)

  function startWriter(name: string): { process: ChildProcess; lines: string[] } {
    const script = fileURLToPath(new URL('../../support/lake-writer.ts', import.meta.url))
    const child = spawn(process.execPath, [script, folder, name, '15'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    child.stdout.on('data', (data: Buffer) => {
      lines.push(...String(data).split('\n').filter(Boolean))
    })
    return { process: child, lines }
  }
})
