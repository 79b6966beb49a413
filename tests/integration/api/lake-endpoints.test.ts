import { EventEmitter } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type ServedApi, serveApi } from '../../../api/serve-api.ts'
import { openLakeSource } from '../../../api/sources/lake-source.ts'
import { checkEndpoint } from '../../../api/sql-endpoint/check-endpoints.ts'
import { parseEndpoint } from '../../../api/sql-endpoint/parse-endpoint.ts'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { type Lake, openLake } from '../../../core/clients/lake.ts'
import { settingsSchema } from '../../../core/settings.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { endpointFile, openTestApi, type TestApi } from '../../support/api.ts'
import { extensionDirectory } from '../../support/extension-directory.ts'

const extensions = ['ducklake', 'sqlite_scanner']

describe('endpoints over the lake', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lake-endpoint-'))
  const options = {
    catalog: { kind: 'sqlite', path: join(folder, 'catalog.sqlite') },
    dataPath: `${folder}/data/`,
  } as const
  const lakeEndpoint = (header: string, sql: string) =>
    endpointFile(
      `summary: x\nsource: lake\npersonal_data: none\ntable_roles: waive\n${header}`,
      sql,
    )
  const slowSql = 'select sum(a.range * b.range % 7) as n from range(:rows) a, range(100000) b'
  const endpoints = {
    totals: lakeEndpoint(
      'path: /api/totals\nparameters: { least: { type: integer, default: 0 }, on_day: { type: date, default: null } }',
      `select n, 9007199254740993::bigint as big, 12345678901234567890.125::decimal(38,3) as exact, 'nan'::double as odd,
         timestamp '2024-11-25 12:00:00.5' as at, timestamptz '2024-11-25 12:00:00+02' as instant, :on_day as on_day
       from marts.numbers where n >= :least order by n`,
    ),
    slow: lakeEndpoint(
      'path: /api/slow\nparameters: { rows: { type: integer } }\nshape: object\ntimeout_ms: 200',
      slowSql,
    ),
  }
  let writer: Lake
  let api: TestApi
  const openReader = async () =>
    await openLake(await openDuckdb({ extensionDirectory, extensions }), {
      ...options,
      readOnly: true,
      mustExist: true,
    })
  /** Serves the one endpoint that is given. */
  const serve = async (
    file: string,
    lake: Lake,
    signal: AbortSignal,
    onReload?: () => void,
  ): Promise<ServedApi> => {
    mkdirSync(join(folder, 'api/endpoints'), { recursive: true })
    writeFileSync(join(folder, 'api/endpoints/one.sql'), file)
    return await serveApi(
      {
        projectDir: folder,
        host: '127.0.0.1',
        port: 0,
        postgresUrl: inject('services').postgresUrl,
        schema: 'api_lake',
        settings: settingsSchema.parse({}).api,
        openLake: async () => lake,
        onReload,
        log: silentLog,
      },
      signal,
    )
  }
  beforeAll(async () => {
    writer = await openLake(await openDuckdb({ extensionDirectory, extensions }), options)
    await writer.transaction(async (transaction) => {
      await transaction.run('create schema lake.marts')
      await transaction.run('create table lake.marts.numbers as select range as n from range(3)')
    })
    const limits = { maxConnections: 2, maxWaiting: 1, maxWaitMs: 20_000 }
    const lake = openLakeSource({ lake: await openReader(), ...limits })
    api = await openTestApi(inject('services').postgresUrl, 'api_lake', { endpoints, lake })
  })
  afterAll(async () => {
    await api.close()
    writer.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('answer with every digit and with the snapshot that was read', async () => {
    await expect(api.check()).resolves.toBeUndefined()
    const first = await api.get('/api/totals?least=2&on_day=2024-02-29')
    expect(first.text).toBe(
      '[{"n":2,"big":9007199254740993,"exact":12345678901234567890.125,"odd":null,"at":"2024-11-25T12:00:00.500000","instant":"2024-11-25T10:00:00.000000Z","on_day":"2024-02-29"}]',
    )
    const before = Number(/^lake=(\d+)$/.exec(first.headers.get('x-table-version') ?? '')?.[1])
    expect(first.headers.get('x-as-of')).toMatch(/^20\d\d-.*Z$/)
    await writer.transaction(async (transaction) => {
      await transaction.run('insert into lake.marts.numbers values (7)')
    })
    const second = await api.get('/api/totals?least=3')
    expect(second.body).toMatchObject([{ n: 7, on_day: null }])
    expect(second.headers.get('x-table-version')).toBe(`lake=${before + 1}`)
  })

  it('are stopped at their time limit, wait for their turn, and are refused when too many wait', async () => {
    const all = await Promise.all(
      Array.from({ length: 5 }, () => api.get('/api/slow?rows=1000000000')),
    )
    expect(all.map(({ status }) => status).sort()).toEqual([503, 503, 504, 504, 504])
    expect((await api.get('/api/slow?rows=1')).status).toBe(200)
  })

  const endless = { text: slowSql.replace(':rows', '1000000000'), values: [], timeoutMs: 60_000 }
  const quick = { text: 'select 1', values: [], timeoutMs: 60_000 }
  const openCaller = () => {
    const caller = Object.assign(new EventEmitter(), { destroyed: false })
    const leave = () => {
      caller.destroyed = true
      caller.emit('close')
    }
    return Object.assign(caller, { leave })
  }

  it('refuse who has waited too long', async () => {
    const reader = await openReader()
    const lake = openLakeSource({ lake: reader, maxConnections: 1, maxWaitMs: 50 })
    const caller = openCaller()
    const running = lake.query({ ...endless, caller })
    await expect(lake.query(quick)).rejects.toMatchObject({
      code: 'api/overloaded',
      httpStatus: 503,
    })
    caller.leave()
    await expect(running).rejects.toMatchObject({ code: 'api/caller-left' })
    await expect(lake.query(quick)).resolves.toMatchObject({ rows: ['1'] })
    lake.close()
  })

  it('stop for callers who leave, whether they run or wait, and go on with the next', async () => {
    const lake = openLakeSource({
      lake: await openReader(),
      maxConnections: 1,
      maxWaiting: 2,
      maxWaitMs: 60_000,
    })
    const callers = [openCaller(), openCaller()]
    const left = callers.map((caller) => lake.query({ ...endless, caller }))
    const last = lake.query(quick)
    const full = lake.query(quick)
    await expect(full).rejects.toMatchObject({ code: 'api/overloaded' })
    const reasons = Promise.all(left.map((one) => one.catch((error: unknown) => error)))
    for (const caller of callers.toReversed()) caller.leave()
    const expected = { code: 'api/caller-left' }
    expect(await reasons).toMatchObject([expected, expected])
    await expect(last).resolves.toMatchObject({ rows: ['1'] })
    expect(callers.map((caller) => caller.listenerCount('close'))).toEqual([0, 0])
    lake.close()
  })

  it('are stopped when the connection of their caller ends', async () => {
    const stop = new AbortController()
    const file = lakeEndpoint(
      'path: /api/slow\nparameters: { rows: { type: integer } }\nshape: object\ntimeout_ms: 60000',
      slowSql,
    )
    const served = await serve(file, await openReader(), stop.signal)
    const leaving = new AbortController()
    const asked = Array.from({ length: 4 }, () =>
      fetch(`${served.url}/api/slow?rows=1000000000`, { signal: leaving.signal }),
    )
    const inFlight = async () => await (await fetch(`${served.url}/metrics`)).text()
    await expect.poll(inFlight).toMatch(/http_requests_in_flight 4/)
    leaving.abort()
    await Promise.allSettled(asked)
    const status = async () => (await fetch(`${served.url}/api/slow?rows=1`)).status
    await expect.poll(status, { timeout: 20_000 }).toBe(200)
    stop.abort()
    await served.finished
  })

  it('leave the lake closed when the server cannot start, and when it has ended', async () => {
    const broken = lakeEndpoint('path: /api/one', 'select nope(1) as a')
    const unused = await openReader()
    const failing = serve(broken, unused, new AbortController().signal)
    await expect(failing).rejects.toMatchObject({ code: 'api/broken-endpoint' })
    await expect(unused.connect()).rejects.toThrow()

    const stop = new AbortController()
    const lake = await openReader()
    const served = await serve(endpoints.totals, lake, stop.signal)
    expect((await fetch(`${served.url}/api/totals`)).status).toBe(200)
    const ready = await fetch(`${served.url}/readyz`)
    expect(await ready.json()).toMatchObject({ status: 'ready', checks: { lake: 'up' } })
    stop.abort()
    await served.finished
    await expect(lake.connect()).rejects.toThrow()
  })

  it('are taken into service when the first is written while the server watches', async () => {
    const stop = new AbortController()
    const lake = await openReader()
    const plain = endpointFile('path: /api/plain\nsummary: x', 'select 1 as a')
    const served = await serve(plain, lake, stop.signal, () => {})
    const ready = async (): Promise<unknown> => await (await fetch(`${served.url}/readyz`)).json()
    expect(await ready()).not.toHaveProperty('checks.lake')
    writeFileSync(join(folder, 'api/endpoints/late.sql'), endpoints.totals)
    const status = async () => (await fetch(`${served.url}/api/totals`)).status
    await expect.poll(status, { timeout: 20_000 }).toBe(200)
    expect(await ready()).toMatchObject({ status: 'ready', checks: { lake: 'up' } })
    stop.abort()
    await served.finished
    rmSync(join(folder, 'api/endpoints/late.sql'))
    await expect(lake.connect()).rejects.toThrow()
  })

  it('are named before traffic when they are broken, or when masks would be needed', async () => {
    const check = async (sql: string) =>
      await checkEndpoint(
        parseEndpoint('api/endpoints/x.sql', lakeEndpoint('path: /api/x', sql)),
        api.sql.sources,
      )
    await expect(check('select * from marts.nothing')).rejects.toMatchObject({
      code: 'api/not-built',
    })
    await expect(check('select nope(1) as a')).rejects.toMatchObject({
      code: 'api/broken-endpoint',
    })
    await expect(check('insert into marts.numbers values (1)')).rejects.toThrow()
    const bare = endpointFile('summary: x\nsource: lake\npath: /api/x', 'select 1 as a')
    expect(() => parseEndpoint('api/endpoints/x.sql', bare)).toThrow('say personal_data')
    const silent = endpointFile(
      'summary: x\nsource: lake\npersonal_data: none\npath: /api/x',
      'select 1 as a',
    )
    expect(() => parseEndpoint('api/endpoints/x.sql', silent)).toThrow('say table_roles: waive')
  })
})
