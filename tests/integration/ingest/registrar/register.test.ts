import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { openDuckdb, queryRows, queryValue } from '../../../../core/clients/duckdb.ts'
import type { LakeCatalog } from '../../../../core/clients/lake/attach.ts'
import { type Lake, openLake } from '../../../../core/clients/lake.ts'
import { type ObjectStore, openS3 } from '../../../../core/clients/s3.ts'
import { userActivitySchema } from '../../../../core/contracts/user-activity.ts'
import { expireLandingFiles } from '../../../../ingest/registrar/expire.ts'
import { registerAll, registerOnce } from '../../../../ingest/registrar/register.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { LandedChain, usualColumns } from './landed.ts'

const services = inject('services')

describe.each(['postgres', 'sqlite'] as const)('a registrar with a %s catalog', (kind) => {
  const name = `registrar_${randomUUID().slice(0, 8)}`
  let folder: string
  let lake: Lake
  let store: ObjectStore
  let topic: string
  let topics: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-registrar-'))
    const catalog: LakeCatalog =
      kind === 'postgres'
        ? { kind, url: services.catalogUrl, schema: name }
        : { kind, path: join(folder, 'catalog.sqlite') }
    const dataPath = `s3://${services.s3.bucket}/${name}/`
    lake = await openLake(await openDuckdb({ extensionDirectory }), {
      catalog,
      dataPath,
      s3: services.s3,
    })
    store = openS3(services.s3)
  })
  beforeEach(() => {
    topic = `t-${randomUUID().slice(0, 8)}`
    topics = [topic]
  })
  afterAll(async () => {
    lake.close()
    store.close()
    await rm(folder, { recursive: true })
  })

  const deps = () => ({ lake, store, schemaOf: () => userActivitySchema })
  const register = (maxRecords = 1_000_000) => registerOnce(deps(), { topics, maxRecords })
  const chain = (partition: number, epoch = 'epoch-1') =>
    new LandedChain(lake.duckdb, store, { cluster: 'c', topic, epoch, partition })
  const value = (sql: string) => lake.read((connection) => queryValue(connection, sql))
  const rawCount = () => value(`select count(*) from lake.raw."${topic}"`)
  const distinctCount = () =>
    value(`select count(distinct (_partition, _offset)) from lake.raw."${topic}"`)

  it('takes every record, dead letter and gap of the ledger once', async () => {
    const one = await chain(0).open()
    await one.land({ records: 100, deadLetters: 3 })
    await one.land({ records: 0, gap: 50 })
    await one.land({ records: 20 })
    const other = chain(1)
    await other.land({ records: 7, deadLetters: 1 })

    const report = await register()
    expect(report.topics).toMatchObject([
      { topic, entries: 4, records: 127, deadLetters: 4, gaps: 1 },
    ])
    expect(await rawCount()).toBe(127n)
    expect(await distinctCount()).toBe(127n)
    expect(await value(`select sum(_offset) from lake.raw."${topic}" where _partition = 0`)).toBe(
      BigInt((99 * 100) / 2 + (153 + 172) * 10),
    )
    const dead = `from lake.ops.dead_letters where _topic = '${topic}'`
    expect(await value(`select count(*) ${dead}`)).toBe(4n)
    expect(await value(`select hex(any_value(value)) ${dead}`)).toBe('FF7B')
    const gaps = await lake.read((connection) =>
      queryRows(
        connection,
        `select partition, start_offset, end_offset from lake.ops.gaps where topic = '${topic}'`,
      ),
    )
    expect(gaps).toEqual([{ partition: 0, start_offset: 103n, end_offset: 153n }])
  })

  it('does nothing when nothing is new, and goes on where it stood', async () => {
    const landed = await chain(0).open()
    await landed.land({ records: 10 })
    await register()
    const snapshot = await lake.currentSnapshot()
    expect((await register()).topics).toEqual([])
    expect(await lake.currentSnapshot()).toBe(snapshot)
    await landed.land({ records: 5 })
    expect((await register()).topics).toMatchObject([{ entries: 1, records: 5 }])
    expect(await distinctCount()).toBe(15n)
  })

  it('takes a share of each partition when there is more than one transaction may hold', async () => {
    const chains = [await chain(0).open(), chain(1)]
    for (let entry = 0; entry < 5; entry++) {
      for (const landed of chains) await landed.land({ records: 10 })
    }
    expect(await register(40)).toMatchObject({ topics: [{ entries: 4, records: 40 }], more: true })
    const rest = await registerAll(deps(), { topics, maxRecords: 40 })
    expect(rest).toMatchObject({ topics: [{ entries: 6, records: 60 }], more: false })
    expect(await distinctCount()).toBe(100n)
  })

  it('partitions raw by day of event time', async () => {
    await (await chain(0).open()).land({ records: 4_000 })
    await register()
    const files = await lake.files('raw', topic)
    expect(files.map(({ path }) => /year=.*\/day=\d+/.exec(path)?.[0]).sort()).toEqual([
      'year=2024/month=11/day=20',
      'year=2024/month=11/day=21',
      'year=2024/month=11/day=22',
    ])
  })

  it('adds a column that newer files have, with NULL in older and narrower ones', async () => {
    const landed = await chain(0).open()
    await landed.land({ records: 3 })
    await register()
    const columns = `${usualColumns}, n * 2 as score`
    await landed.land({ records: 2, schemaId: 'user-activity-2', columns })
    await landed.land({ records: 1 })
    await register()
    expect(
      await value(`select list(score order by _offset) from lake.raw."${topic}"`),
    ).toMatchObject({ items: [null, null, null, 6n, 8n, null] })
  })

  it('refuses a column whose type changed, by name, and registers nothing', async () => {
    const landed = await chain(0).open()
    await landed.land({ records: 3 })
    await register()
    const columns = usualColumns.replace('n % 50 as user_id', "'u' || n as user_id")
    await landed.land({ records: 2, schemaId: 'user-activity-x', columns })
    await expect(register()).rejects.toMatchObject({
      code: 'register/column-type',
      message: expect.stringMatching(/user_id is BIGINT.*parquet holds it as VARCHAR/),
    })
    expect(await rawCount()).toBe(3n)
  })

  it('names the entry and the file when a landing file is missing', async () => {
    const landed = await chain(0).open()
    const entry = await landed.land({ records: 3 })
    const key = entry.files[0]?.key ?? ''
    await store.delete([key])
    await expect(register()).rejects.toMatchObject({
      code: 'register/file-missing',
      exitCode: 2,
      message: expect.stringContaining(key),
    })
    expect((await lake.tables()).some((table) => table.name === topic)).toBe(false)
  })

  it('registers nothing when a file holds other than the ledger says', async () => {
    await (await chain(0).open()).land({ records: 3, claimedRecords: 4 })
    await expect(register()).rejects.toMatchObject({
      code: 'register/rows-differ',
      message: expect.stringMatching(/hold 4 records, but 3 rows/),
    })
    expect((await lake.tables()).some((table) => table.name === topic)).toBe(false)
  })

  it('registers nothing when an entry has records and names no file for them', async () => {
    const landed = await chain(0).open()
    await landed.land({ records: 3 })
    await landed.land({ records: 0, claimedRecords: 4 })
    await expect(register()).rejects.toMatchObject({ code: 'register/rows-differ' })
    expect((await lake.tables()).some((table) => table.name === topic)).toBe(false)
  })

  it('goes on in the same table when a topic was made anew', async () => {
    await (await chain(0).open(new Date(1_000))).land({ records: 4 })
    await register()
    await (await chain(0, 'epoch-2').open()).land({ records: 6 })
    expect((await register()).topics).toMatchObject([{ entries: 1, records: 6 }])
    expect(await rawCount()).toBe(10n)
  })

  it('lets one of several registrars commit each entry', async () => {
    const landed = await chain(0).open()
    let records = 0
    for (let round = 0; round < 4; round++) {
      for (let entry = 0; entry < 3; entry++)
        records += (await landed.land({ records: 11 })).records
      const reports = await Promise.all([register(), register(), register()])
      const registered = reports.flatMap((report) => report.topics)
      expect(registered.reduce((sum, report) => sum + report.records, 0)).toBe(33)
    }
    expect(await rawCount()).toBe(BigInt(records))
    expect(await distinctCount()).toBe(BigInt(records))
  })

  it('deletes old landing files that are registered, and no others', async () => {
    const landed = await chain(0).open()
    const [old] = (await landed.land({ records: 2, deadLetters: 1 })).files
    await register()
    const [fresh] = (await landed.land({ records: 2 })).files
    const exists = async (key = '') => (await store.head(key)) !== undefined
    const later = new Date(Date.now() + 60_000)
    expect(await expireLandingFiles({ lake, store }, new Date(0), { topics })).toMatchObject({
      files: 0,
    })
    expect(await exists(old?.key)).toBe(true)
    expect(await expireLandingFiles({ lake, store }, later, { topics })).toMatchObject({ files: 2 })
    expect(await exists(old?.key)).toBe(false)
    expect(await exists(fresh?.key)).toBe(true)
    expect((await register()).topics).toMatchObject([{ records: 2 }])
  })
})
