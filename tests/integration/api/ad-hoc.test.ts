import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import type { DescribedTables } from '../../../api/ad-hoc/described-tables.ts'
import { openPool, type Pool } from '../../../api/ad-hoc/pool.ts'
import { addAdHocRoutes } from '../../../api/ad-hoc/routes.ts'
import type { ApiEnvironment } from '../../../api/http/environment.ts'
import { problemResponse } from '../../../api/http/problem-response.ts'
import { openDuckdb, queryRows } from '../../../core/clients/duckdb.ts'
import type { LakeOptions } from '../../../core/clients/lake/attach.ts'
import { type Lake, openLake } from '../../../core/clients/lake.ts'
import { settingsSchema } from '../../../core/settings.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { extensionDirectory } from '../../support/extension-directory.ts'

const services = inject('services')
const folder = mkdtempSync(join(tmpdir(), 'millrace-ad-hoc-'))
const closers: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closers.reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

const onSqlite: LakeOptions = {
  catalog: { kind: 'sqlite', path: join(folder, 'catalog.sqlite') },
  dataPath: `${folder}/data/`,
}
const name = `ad_hoc_${randomUUID().slice(0, 8)}`
const onPostgres: LakeOptions = {
  catalog: { kind: 'postgres', url: services.catalogUrl, schema: name },
  dataPath: `s3://${services.s3.bucket}/${name}/`,
  s3: services.s3,
}

async function fill(options: LakeOptions): Promise<Lake> {
  const lake = await openLake(await openDuckdb({ extensionDirectory }), options)
  closers.push(() => lake.close())
  await lake.transaction(async (transaction) => {
    for (const statement of [
      'create schema lake.marts',
      'create schema lake.staging',
      `create table lake.marts.users as
         select i as id, 'user' || i || '@example.org' as email, 'eu' as region from range(1000) t(i)`,
      'create table lake.marts.undescribed as select 1 as id',
      `create table lake.staging.wages as select 'SECRET' as wage`,
      'create view lake.marts.paid as select count(*) as n from lake.staging.wages',
      'create table lake.marts.salaries as select 4711 as salary',
      'create view lake.marts.raises as select salary + 1 as salary from lake.marts.salaries',
    ]) {
      await transaction.run(statement)
    }
  })
  return lake
}

const limits = {
  roles: ['analyst'],
  memory_limit: '200MB',
  max_temp_size: '100MB',
  timeout_ms: 3000,
  row_limit: 500,
  max_bytes: 100_000,
  per_caller: 3,
  queue: 4,
}

/** What the project says of its tables. */
const described: DescribedTables = {
  'marts.users': { personalColumns: ['EMAIL'], roles: [] },
  'marts.paid': { personalColumns: [], roles: [] },
  'marts.salaries': { personalColumns: [], roles: [['hr', 'auditor']] },
  'marts.raises': { personalColumns: [], roles: [['hr', 'auditor']] },
}
/** Of callers who are not simply analysts. */
const rolesOf: Readonly<Record<string, readonly string[]>> = {
  guest: [],
  hanna: ['analyst', 'hr'],
  privy: ['analyst', 'auditor'],
}

/** The route alone, with callers that say who they are. */
async function open(lake: LakeOptions) {
  const scratchDirectory = join(folder, `scratch-${randomUUID()}`)
  mkdirSync(scratchDirectory)
  const settings = settingsSchema.parse({ api: { ad_hoc: limits } }).api.ad_hoc
  const options = { settings, lake, extensionDirectory, scratchDirectory, log: silentLog }
  const pool = await openPool(options)
  const app = new Hono<ApiEnvironment>()
  app.use(requestId(), (context, next) => {
    const id = context.req.header('x-caller') ?? 'anna'
    const roles = new Set(rolesOf[id] ?? ['analyst'])
    const seesPersonalData = id === 'privy' || id === 'nosy'
    context.set('principal', { kind: 'key', id, roles, seesPersonalData })
    return next()
  })
  app.onError((error, context) => problemResponse(context, error))
  const describedTables = async () => described
  addAdHocRoutes(app, { pool, roles: limits.roles, schemas: ['marts'], describedTables })
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  // It listens on a port, so its address is no name of a socket.
  const { port } = server.address() as AddressInfo
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  closers.push(() => pool.close())
  return { app, pool, port, scratchDirectory, url: `http://127.0.0.1:${port}/api/sql` }
}

type Opened = Awaited<ReturnType<typeof open>>
type Asked = {
  readonly caller?: string
  readonly parameters?: object
  readonly format?: string
}

/** On a busy machine even a small query may take too long; what is not about time asks again. */
async function ask(api: Opened, sql: string, asked: Asked = {}) {
  for (let attempt = 1; ; attempt++) {
    const answer = await askOnce(api, sql, asked)
    if (answer.status !== 504 || attempt === 10) return answer
  }
}

async function askOnce({ url }: Opened, sql: string, { caller = 'anna', ...more }: Asked = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-caller': caller },
    body: JSON.stringify({ sql, ...more }),
  })
  const text = await response.text()
  const isJson = /[/+]json$/.test(response.headers.get('content-type') ?? '')
  const body: unknown = isJson ? JSON.parse(text) : undefined
  return { status: response.status, headers: response.headers, text, body }
}

const idle = ({ pool }: { pool: Pool }, count = 2) =>
  vi.waitFor(() => expect(pool.state().idle).toBe(count), { timeout: 60_000, interval: 50 })

describe.each([
  ['SQLite and a folder', onSqlite],
  ['PostgreSQL and S3', onPostgres],
])('a lake on %s', (_, options) => {
  let api: Opened
  let lake: Lake
  beforeAll(async () => {
    lake = await fill(options)
    api = await open(options)
    await idle(api)
  })

  it('answers with rows, the snapshot and its time', async () => {
    const { status, body, headers } = await ask(
      api,
      'select id, region from users where id < $below and region = $region order by id desc; -- two',
      { parameters: { below: 2, region: 'eu' } },
    )
    expect([status, body]).toEqual([
      200,
      [
        { id: 1, region: 'eu' },
        { id: 0, region: 'eu' },
      ],
    ])
    const snapshot = await lake.currentSnapshot()
    expect(headers.get('x-table-version')).toBe(`lake=${snapshot}`)
    expect(Date.parse(headers.get('x-as-of') ?? '')).toBeLessThanOrEqual(Date.now())
    expect(headers.get('x-truncated')).toBeNull()
    await lake.transaction((transaction) =>
      transaction.run(`insert into lake.marts.users values (5000, 'new@example.org', 'us')`),
    )
    const next = await ask(api, 'select max(id) as id from marts.users')
    expect(next.body).toEqual([{ id: 5000 }])
    expect(next.headers.get('x-table-version')).toBe(`lake=${snapshot + 1}`)
  })

  it('masks personal data, and hides tables of which nobody says what is in them', async () => {
    const masked = await ask(
      api,
      `with users as (select * from users) select email, typeof(email) as type, count(*) as n
       from users where email is null group by all`,
    )
    expect(masked.body).toEqual([{ email: null, type: 'VARCHAR', n: 1001 }])
    expect((await ask(api, 'from undescribed')).status).toBe(403)
    const seen = await ask(api, 'select email from users where id = 7', { caller: 'privy' })
    expect(seen.body).toEqual([{ email: 'user7@example.org' }])
    expect((await ask(api, 'from undescribed', { caller: 'privy' })).status).toBe(200)
    expect((await ask(api, 'from paid')).body).toEqual([{ n: 1 }])
  })

  it('shows a table with roles, and views over it, only to who has one of them', async () => {
    for (const caller of ['hanna', 'privy']) {
      const seen = await ask(api, 'from salaries union all from raises', { caller })
      expect(seen.body).toEqual([{ salary: 4711 }, { salary: 4712 }])
    }
    // The right to see personal data is no role of a table, and what nobody describes may be a copy of one.
    for (const table of ['marts.salaries', 'marts.raises', 'marts.undescribed']) {
      const refused = await ask(api, `from ${table}`, { caller: 'nosy' })
      expect([refused.status, refused.body]).toEqual([
        403,
        expect.objectContaining({ code: 'api/sql-table-refused' }),
      ])
    }
    const email = await ask(api, 'select email from users where id = 7', { caller: 'nosy' })
    expect(email.body).toEqual([{ email: 'user7@example.org' }])
    expect((await ask(api, 'from users where email is not null', { caller: 'hanna' })).text).toBe(
      '[]\n',
    )
  })

  it('lets nothing out of the lake, even where the check of the statement is passed by', async () => {
    // What a hostile statement could try if the check had a hole, run in a child that is set up the same way.
    const { openSandbox } = await import('../../../api/ad-hoc/child/sandbox.ts')
    const scratch = mkdtempSync(join(folder, 'sandbox-'))
    const { connection } = await openSandbox({
      lake: options,
      extensionDirectory,
      scratch,
      memoryLimit: '200MB',
      maxTempSize: '100MB',
      threads: 1,
      schemas: ['marts'],
      rowLimit: 1,
      maxBytes: 1,
    })
    for (const statement of [
      `select * from read_text('/etc/passwd')`,
      `from '/etc/passwd'`,
      `from glob('/etc/*')`,
      `from read_csv('http://127.0.0.1:${services.s3.endpoint}/x.csv')`,
      `from read_parquet('s3://another-bucket/x.parquet')`,
      `copy (select 1) to '${folder}/out.csv'`,
      `attach '${folder}/other.db' as other`,
      'install httpfs',
      'load aws',
      `set memory_limit = '100GB'`,
      'set enable_external_access = true',
      'set lock_configuration = false',
      'insert into lake.marts.users from lake.marts.users',
      'drop table lake.marts.users',
    ]) {
      await expect(connection.run(statement).then(() => statement)).rejects.toThrow()
    }
    expect(await queryRows(connection, 'select count(*) as n from lake.marts.users')).toEqual([
      { n: 1001n },
    ])
    connection.closeSync()
  })
})

describe('what is asked for', () => {
  let api: Opened
  beforeAll(async () => {
    if (!existsSync(`${folder}/catalog.sqlite`)) await fill(onSqlite)
    api = await open(onSqlite)
    await idle(api)
  })

  it('comes as CSV, NDJSON or Parquet', async () => {
    const sql = 'select id, region as "the, region" from users where id < 2 order by id'
    const csv = await ask(api, sql, { format: 'csv' })
    expect(csv.text).toBe('id,"the, region"\r\n0,eu\r\n1,eu\r\n')
    const ndjson = await ask(api, sql, { format: 'ndjson' })
    expect(ndjson.text).toBe('{"id":0,"the, region":"eu"}\n{"id":1,"the, region":"eu"}\n')
    const parquet = await ask(api, sql, { format: 'parquet' })
    expect([parquet.status, parquet.text.slice(0, 4)]).toEqual([200, 'PAR1'])
    expect((await ask(api, 'from users where false')).text).toBe('[]\n')
    expect((await ask(api, 'from users where false', { format: 'csv' })).text).toBe(
      'id,email,region\r\n',
    )
  })

  it('is cut at the limits of rows and of bytes, and says so', async () => {
    const rows = await ask(api, 'select i from range(1000000000) t(i)')
    expect(rows.headers.get('x-truncated')).toBe('true')
    expect(rows.body).toHaveLength(500)
    const bytes = await ask(api, `select repeat('x', 3000) as x from range(1000000000)`)
    expect(bytes.headers.get('x-truncated')).toBe('true')
    expect(bytes.body).toHaveLength(33)
    const parquet = await ask(api, 'from range(1000)', { format: 'parquet' })
    expect(parquet.headers.get('x-truncated')).toBe('true')
    expect(readdirSync(api.scratchDirectory, { recursive: true }).join()).not.toContain('parquet')
  })

  it('keeps every digit, and numbers that JSON does not have are null', async () => {
    const { text } = await ask(
      api,
      `select 9223372036854775807 as big, 12345678901234567890.12::decimal(38, 2) as exact,
         'nan'::double as nan, [1, 'inf'::double] as list, 1 as big`,
    )
    expect(text).toBe(
      '[{"big":9223372036854775807,"exact":12345678901234567890.12,"nan":null,"list":[1.0,null],"big_1":1}]\n',
    )
  })

  it('needs a role, JSON, and a body that makes sense', async () => {
    expect((await ask(api, 'select 1', { caller: 'guest' })).body).toMatchObject({
      code: 'api/forbidden',
    })
    const send = async (body: string, type = 'application/json') => {
      const headers = { 'content-type': type }
      const response = await fetch(api.url, { method: 'POST', headers, body })
      const { detail }: { detail?: string } = JSON.parse(await response.text())
      return [response.status, detail]
    }
    expect(await send('{"sql":"select 1"}', 'text/plain')).toEqual([
      400,
      expect.stringContaining('Content-Type'),
    ])
    expect(await send('{')).toEqual([400, expect.stringContaining('not JSON')])
    expect(await send('{"sql":"select 1","extra":1}')).toEqual([
      400,
      expect.stringContaining('extra'),
    ])
    expect(await send('{"sql":"select 1","parameters":{"a b":1}}')).toEqual([
      400,
      expect.stringContaining('parameters'),
    ])
    expect(await send('{"sql":"select 1","parameters":{"n":9007199254740993}}')).toEqual([
      400,
      expect.stringContaining('digits'),
    ])
    const tooLong = await api.app.request('/api/sql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql: `select '${'x'.repeat(400_000)}'` }),
    })
    expect(tooLong.status).toBe(413)
    expect((await send('{"sql":"select $n"}'))[0]).toBe(400)
  })

  const refused: readonly (readonly [string, number])[] = [
    [`copy (select 1) to '/tmp/x.csv'`, 400],
    [`copy marts.users from '/etc/passwd'`, 400],
    [`attach '/tmp/x.db' as x`, 400],
    [`attach 'ducklake:sqlite:x' as other`, 400],
    ['detach lake', 400],
    ['install httpfs', 400],
    [`load '/tmp/evil.duckdb_extension'`, 400],
    [`set enable_external_access = true`, 400],
    [`reset memory_limit`, 400],
    ['pragma database_list', 400],
    ['call lake.snapshots()', 400],
    [`call ducklake_expire_snapshots('lake', older_than => now())`, 400],
    ['create table t as select 1', 400],
    ['create macro upper(x) as 1', 400],
    ['insert into marts.users values (1, 2, 3)', 400],
    ['update marts.users set id = 1', 400],
    ['delete from marts.users', 400],
    ['drop schema marts cascade', 400],
    [`export database '/tmp/x'`, 400],
    ['checkpoint', 400],
    ['begin; drop table marts.users; commit', 400],
    ['select 1; select 2', 400],
    ['prepare p as select 1', 400],
    ['explain analyze select 1', 400],
    ['select 1) as x; drop table lake.marts.users; select (1', 400],
    [`select * from read_text('/etc/passwd')`, 403],
    [`select * from read_csv('/proc/self/environ')`, 403],
    [`select * from read_blob('/proc/self/mem')`, 403],
    [`select * from parquet_metadata('x')`, 403],
    [`select * from '/etc/passwd'`, 403],
    [`select * from 's3://${services.s3.bucket}/x.parquet'`, 403],
    [`select * from 'http://169.254.169.254/latest/meta-data.csv'`, 403],
    [`select * from glob('/**')`, 403],
    [`select getenv('HOME')`, 403],
    [`select current_setting('s3_secret_access_key')`, 403],
    ['select * from duckdb_secrets()', 403],
    ['select * from duckdb_settings()', 403],
    ["select * from which_secret('s3://x', 's3')", 403],
    ["select * from pragma_table_info('users')", 403],
    ['select * from information_schema.columns', 403],
    ['select * from pg_catalog.pg_class', 403],
    ['select * from sqlite_master', 403],
    ['select * from __ducklake_metadata_lake.ducklake_data_file', 403],
    ['select * from __ducklake_metadata_lake.main.ducklake_table', 403],
    [`select * from ducklake_list_files('lake', 'users')`, 403],
    ['select * from lake.snapshots()', 403],
    [`select * from sqlite_scan('${folder}/catalog.sqlite', 'ducklake_table')`, 403],
    [`select * from sqlite_query('__ducklake_metadata_lake', 'select 1')`, 403],
    [`select * from postgres_scan('host=127.0.0.1', 'public', 'users')`, 403],
    [`select * from query('from lake.staging.wages')`, 403],
    [`select * from query_table('lake.staging.wages')`, 403],
    [`select json_serialize_plan('from lake.staging.wages')`, 403],
    [`select * from json_execute_serialized_sql('{}')`, 403],
    ['select * from staging.wages', 403],
    ['select * from lake.staging.wages', 403],
    ['with wages as (from staging.wages) from wages', 403],
    ['select (select wage from staging.wages)', 403],
    ['from users at (version => 1)', 403],
    ['from (describe lake.staging.wages)', 403],
    ['select * from marts.salaries', 403],
    ['select * from SALARIES', 403],
    ['from "Marts"."Salaries"', 403],
    ['from lake.marts.salaries', 403],
    ['from readable.marts.salaries', 403],
    ['select (select max(salary) from salaries)', 403],
    ['with users as (from salaries) from users', 403],
    ['from users where exists (from marts.salaries where salary > 4000)', 403],
    ['from users join marts.salaries on true', 403],
    ['from raises', 403],
    [`select * from query_table('marts.salaries')`, 403],
    ['show all tables', 403],
    ['summarize users', 403],
    ['select filename from users', 400],
    ['select rowid from users', 400],
    [`select write_log('x')`, 403],
    ['select sleep_ms(60000)', 403],
    ['select pg_sleep(60)', 403],
    [`select * from enable_logging('QueryLog')`, 403],
  ]
  it.each(refused)('refuses %s', async (sql, status) => {
    const answer = await ask(api, sql)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ code: expect.stringMatching(/^api\/sql-/) })
    expect(answer.text).not.toMatch(/SECRET|root:|\/data\/|\.sqlite"|node_modules|at \w+ \(/)
  })

  const bombs: readonly (readonly [string, readonly number[]])[] = [
    ['select count(*) from range(1000000000000)', [504]],
    ['select count(*) from users a, users b, users c, users d', [504]],
    [
      'with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r',
      [504],
    ],
    [`select levenshtein(repeat('ab', 60000), repeat('ba', 60000))`, [504]],
    ['select i, hash(i) from range(100000000) t(i) order by hash(i) desc', [400, 504]],
    [`select list(i) from range(100000000) t(i)`, [400, 504]],
    [`select string_agg(i::varchar, ',') from range(1000000000) t(i)`, [400, 504]],
    [`select repeat('x', 4000000000)`, [400, 504]],
    [`select lpad('x', 2000000000, 'y')`, [400, 504]],
    [`select repeat('x', 50000000) as x`, [400, 504]],
    ['select range(1000000000000)', [400, 504]],
    ['select count(*) from (select unnest(range(i)) from range(1000000) t(i))', [400, 504]],
    [`select regexp_full_match(repeat('a', 100000), '(a|aa)+$') as ok`, [200]],
  ]
  it.each(bombs)(
    'ends %s while another caller is answered',
    async (sql, statuses) => {
      await idle(api)
      const hostile = askOnce(api, sql, { caller: 'mallory' })
      const small = await ask(api, 'select count(*) as n from users', { caller: 'anna' })
      expect(small.status).toBe(200)
      const answer = await hostile
      expect(statuses, answer.text.slice(0, 300)).toContain(answer.status)
      const after = await ask(api, 'select 1 as one', { caller: 'mallory' })
      expect(after.body).toEqual([{ one: 1 }])
    },
    90_000,
  )

  it.each([
    ['parentheses', `select ${'('.repeat(20_000)}1${')'.repeat(20_000)}`],
    ['brackets', `select ${'['.repeat(5000)}1${']'.repeat(5000)}`],
    ['sums', `select ${Array.from({ length: 4000 }, (_, i) => i).join('+')}`],
    ['unions', `select 1${' union all select 1'.repeat(2500)}`],
  ])(
    'survives a text of thousands of %s',
    async (_, sql) => {
      const answer = await ask(api, sql, { caller: 'mallory' })
      expect([200, 400, 403, 503, 504], answer.text.slice(0, 300)).toContain(answer.status)
      expect((await ask(api, 'select 1 as one')).body).toEqual([{ one: 1 }])
    },
    60_000,
  )

  it('leaves one caller no more than his share, and everybody a bounded line', async () => {
    await idle(api)
    const slow = 'select count(*) from range(1000000000000)'
    const many = Array.from({ length: 6 }, () => askOnce(api, slow, { caller: 'mallory' }))
    await vi.waitFor(() => expect(api.pool.state().waiting).toBe(2))
    const other = await ask(api, 'select 1 as one', { caller: 'anna' })
    expect(other.status).toBe(200)
    const answers = await Promise.all(many)
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 429)).toHaveLength(3)
    // Run until they were stopped, or waited for as long.
    expect(statuses.filter((status) => status === 503 || status === 504)).toHaveLength(3)
  }, 60_000)

  it('comes to nothing when its process is killed, and the next one is answered', async () => {
    await idle(api)
    const before = api.pool.state().pids
    const answer = askOnce(api, 'select count(*) from range(1000000000000)')
    await idle(api, 1)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    const { status, body } = await answer
    expect([status, body]).toEqual([503, expect.objectContaining({ code: 'api/sql-process-lost' })])
    expect((await ask(api, 'select 1 as one')).body).toEqual([{ one: 1 }])
    await idle(api)
    expect(api.pool.state().pids.filter((pid) => before.includes(pid))).toEqual([])
  }, 60_000)

  it('stops when the caller leaves, before an answer and in the middle of one', async () => {
    await idle(api)
    const leaving = new AbortController()
    const left = fetch(api.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'select count(*) from range(1000000000000)' }),
      signal: leaving.signal,
    })
    await idle(api, 1)
    leaving.abort()
    await expect(left).rejects.toThrow()
    await idle(api)
    // Reads the first bytes and goes.
    await new Promise<void>((resolve, reject) => {
      const options = {
        port: api.port,
        path: '/api/sql',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      }
      const request = httpRequest(options, (response) => {
        response.once('data', () => {
          request.destroy()
          resolve()
        })
      })
      request.once('error', reject)
      request.end(JSON.stringify({ sql: `select repeat('x', 9000) as x from range(9)` }))
    })
    await idle(api)
    expect((await ask(api, 'select 1 as one')).body).toEqual([{ one: 1 }])
  }, 60_000)

  it.runIf(process.platform === 'linux')(
    'runs in processes with limits and without secrets',
    () => {
      for (const pid of api.pool.state().pids) {
        const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')
        expect(read('limits')).toMatch(/Max core file size +0 +0/)
        expect(read('limits')).toMatch(/Max open files +256 +256/)
        expect(read('limits')).not.toMatch(/Max data size +unlimited/)
        expect(read('limits')).not.toMatch(/Max file size +unlimited/)
        expect(read('oom_score_adj').trim()).toBe('1000')
        const names = read('environ')
          .split('\0')
          .filter(Boolean)
          .map((entry) => entry.split('=')[0])
        expect(names.sort()).toEqual(
          ['HOME', 'MALLOC_ARENA_MAX', 'PATH', 'PWD', 'UV_THREADPOOL_SIZE'].filter((own) =>
            names.includes(own),
          ),
        )
        expect(read('cmdline')).not.toMatch(/secret|postgres:/i)
      }
    },
  )
})

it('answers 503 while there is no lake, and kills its processes when it closes', async () => {
  const nowhere = join(folder, 'nowhere')
  const api = await open({
    catalog: { kind: 'sqlite', path: join(nowhere, 'catalog.sqlite') },
    dataPath: `${nowhere}/data/`,
  })
  const { status, body } = await ask(api, 'select 1')
  expect([status, body]).toEqual([503, expect.objectContaining({ code: 'api/sql-unavailable' })])
  await api.pool.close()
  expect(api.pool.state().pids).toEqual([])
  expect(readdirSync(api.scratchDirectory)).toEqual([])
})
