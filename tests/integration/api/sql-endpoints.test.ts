import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import type { ApiEnvironment } from '../../../api/http/environment.ts'
import { problemResponse } from '../../../api/http/problem-response.ts'
import { openApiDocument } from '../../../api/openapi/document.ts'
import { openPostgresSource, type PostgresSource } from '../../../api/sources/postgres-source.ts'
import { listenForPublishes } from '../../../api/sources/publish-notices.ts'
import type { Caller } from '../../../api/sources/running-statements.ts'
import { checkEndpoint } from '../../../api/sql-endpoint/check-endpoints.ts'
import { describeSqlEndpoints } from '../../../api/sql-endpoint/describe.ts'
import { parseEndpoint } from '../../../api/sql-endpoint/parse-endpoint.ts'
import { addSqlRoutes } from '../../../api/sql-endpoint/route.ts'
import { createCursorSeal } from '../../../api/tables/cursor.ts'
import { systemClock } from '../../../core/clock.ts'
import { MillraceError } from '../../../core/errors.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { migrate } from '../../../transform/publish/migrate.ts'
import {
  endpointFile,
  openTestApi,
  runSql,
  shippedActiveUsers,
  type TestApi,
} from '../../support/api.ts'
import { servedSql } from '../../support/served-table.ts'
import { openTcpProxy } from '../../support/tcp-proxy.ts'

const pageSchema = z.object({
  data: z.array(z.object({ id: z.number() })),
  next: z.string().nullable(),
})

const userActivity = `
  create table user_activity (
    id serial primary key, user_id int, action varchar(50), event_timestamp timestamp, details jsonb);
  insert into user_activity (user_id, action, event_timestamp) values
    (1, 'login', now() at time zone 'utc' - interval '1 hour'),
    (1, 'purchase', now() at time zone 'utc' - interval '2 days'),
    (2, 'login', now() at time zone 'utc' - interval '29 days 23 hours'),
    (3, 'login', now() at time zone 'utc' - interval '30 days 1 hour'),
    (4, 'login', now() at time zone 'utc' + interval '1 hour');`

const endpoints = {
  'active-users': shippedActiveUsers,
  echo: endpointFile(
    `path: /api/echo
summary: Gives its parameters back
shape: object
cache_seconds: 60
parameters:
  text: { type: string, default: 'none', max_length: 200 }
  count: { type: integer, default: 1 }
  ratio: { type: number, default: null }
  flag: { type: boolean, default: false }
  on_day: { type: date, default: null }
  since: { type: timestamp, default: null }`,
    `select :text as text, :count as count, :ratio as ratio, :flag as flag, :on_day as on_day,
  :since::timestamptz at time zone 'utc' as since, ':text' as literal, /* :nothing */ 'a'::text as cast_`,
  ),
  user: endpointFile(
    `path: /api/users/{user_id}/activity
summary: Events of one user
row_limit: 1
parameters:
  user_id: { type: integer, minimum: 1 }`,
    'select action, 9007199254740993::bigint as big, 1.10::numeric as exact from user_activity where user_id = :user_id order by id',
  ),
  one: endpointFile(
    `path: /api/one/{user_id}
summary: One user
shape: object
parameters:
  user_id: { type: integer }`,
    'select distinct user_id from user_activity where user_id = :user_id',
  ),
  'a-any': endpointFile(
    'path: /api/{area}/any\nsummary: x\nshape: object\nparameters: { area: { type: string } }',
    'select :area as area',
  ),
  'a-one': endpointFile('path: /api/one/first\nsummary: x\nshape: object', 'select 1 as first'),
  slow: endpointFile(
    `path: /api/slow
summary: Sleeps
timeout_ms: 100
parameters:
  seconds: { type: number, default: 0 }`,
    'select pg_sleep(:seconds)::text as slept',
  ),
  far: endpointFile(
    `path: /api/far
summary: A day far away
shape: object
parameters:
  days: { type: integer, default: 1 }`,
    "select date '2024-01-01' + :days * interval '1 day' as day",
  ),
}

describe('SQL endpoints over PostgreSQL', () => {
  let api: TestApi
  beforeAll(async () => {
    const url = inject('services').postgresUrl
    api = await openTestApi(url, 'api_endpoints', { setup: userActivity, endpoints })
  })
  afterAll(() => api.close())

  it('finds nothing wrong with sound endpoints', async () => {
    await expect(api.check()).resolves.toBeUndefined()
  })

  it('counts the distinct users of the last 30 days, and none of the future', async () => {
    const { status, text, headers } = await api.get('/api/active-users')
    expect(text).toBe('{"active_users":2}')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('looks back as many days as it is asked', async () => {
    expect((await api.get('/api/active-users?days=1')).body).toEqual({ active_users: 1 })
    expect((await api.get('/api/active-users?days=31')).body).toEqual({ active_users: 3 })
  })

  it.each([
    ['days=0', 'days', 'from 1 to 3650'],
    ['days=3651', 'days', 'from 1 to 3650'],
    ['days=1.5', 'days', 'whole number'],
    ['days=', 'days', 'whole number'],
    ['days=30%20or%201=1', 'days', 'whole number'],
    ['days=1&days=2', 'days', 'more than once'],
    ['dayz=1', 'dayz', 'takes days'],
    ['constructor=1', 'constructor', 'Unknown'],
    ['__proto__=1', '__proto__', 'Unknown'],
  ])('refuses %s with a 400 that names the parameter', async (query, name, reason) => {
    const { status, headers, body } = await api.get(`/api/active-users?${query}`)
    expect(status).toBe(400)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body).toMatchObject({ status: 400, title: 'Bad Request' })
    expect(body).toHaveProperty('detail', expect.stringContaining(name))
    expect(body).toHaveProperty('detail', expect.stringContaining(reason))
  })

  it.each([
    "x'; drop table user_activity; --",
    '$1 :count "quoted" \\',
    "' || (select version()) || '",
    'ünïcødé 😀 \n\t',
  ])('gives %j back as it came', async (text) => {
    const { body } = await api.get(`/api/echo?text=${encodeURIComponent(text)}`)
    expect(body).toMatchObject({ text, literal: ':text', cast_: 'a' })
  })

  it('binds every type', async () => {
    const query = 'count=-7&ratio=2.5&flag=true&on_day=2024-02-29&since=2024-11-25T12:00:00%2B02:00'
    const { body, headers } = await api.get(`/api/echo?${query}`)
    expect(body).toMatchObject({ count: -7, ratio: 2.5, flag: true, on_day: '2024-02-29' })
    expect(body).toMatchObject({ since: '2024-11-25T10:00:00' })
    expect(headers.get('cache-control')).toBe('max-age=60')
  })

  it('takes NULL for an optional parameter that is not given', async () => {
    expect((await api.get('/api/echo')).body).toMatchObject({ ratio: null, on_day: null })
  })

  it('refuses a string with a zero byte', async () => {
    expect((await api.get('/api/echo?text=%00')).status).toBe(400)
  })

  it('takes parameters from the path, keeps numbers exact and says when rows are left out', async () => {
    const { text, headers } = await api.get('/api/users/1/activity')
    expect(text).toBe('[{"action":"login","big":9007199254740993,"exact":1.10}]')
    expect(headers.get('x-truncated')).toBe('true')
    const other = await api.get('/api/users/2/activity')
    expect(other.headers.get('x-truncated')).toBeNull()
    expect((await api.get('/api/users/77/activity')).text).toBe('[]')
  })

  it('prefers the path without a parameter, and what the API itself serves', async () => {
    expect((await api.get('/api/one/first')).body).toEqual({ first: 1 })
    expect((await api.get('/api/one/1')).body).toEqual({ user_id: 1 })
    expect((await api.get('/api/one/any')).status).toBe(400)
    expect((await api.get('/api/two/any')).body).toEqual({ area: 'two' })
    expect((await api.get('/api/tables/any')).body).toMatchObject({ code: 'api/unknown-table' })
  })

  it('refuses a bad value in the path, and the same name in the query', async () => {
    expect((await api.get('/api/users/x/activity')).body).toMatchObject({ status: 400 })
    expect((await api.get('/api/users/1/activity?user_id=2')).status).toBe(400)
  })

  it('answers 404 when an object has no row', async () => {
    expect((await api.get('/api/one/1')).body).toEqual({ user_id: 1 })
    expect((await api.get('/api/one/99')).body).toMatchObject({ code: 'api/no-row', status: 404 })
  })

  it('stops a statement at its time limit with 504, and serves the next one', async () => {
    expect((await api.get('/api/slow?seconds=3')).body).toMatchObject({ code: 'api/timeout' })
    expect((await api.get('/api/slow?seconds=3')).status).toBe(504)
    expect((await api.get('/api/slow')).status).toBe(200)
    expect((await api.get('/api/active-users')).status).toBe(200)
  })

  it('gives a connection up that does not answer, and goes on with another', async () => {
    const url = new URL(inject('services').postgresUrl)
    await using proxy = await openTcpProxy(url.hostname, Number(url.port))
    url.host = `127.0.0.1:${proxy.port}`
    const source = openPostgresSource({ url: url.href, schema: 'api_endpoints', maxConnections: 1 })
    const ask = { text: 'select 1::text', values: [], timeoutMs: 100 }
    expect(await source.query(ask)).toEqual(['1'])
    proxy.freeze()
    await expect(source.query(ask)).rejects.toMatchObject({ code: 'api/database-unavailable' })
    expect(await source.query(ask)).toEqual(['1'])
    await source.close()
  }, 10_000)

  it('takes a burst after slow statements as long as a connection is idle', async () => {
    const source = openPostgresSource({
      url: inject('services').postgresUrl,
      schema: 'api_endpoints',
      maxConnections: 4,
      maxWaitMs: 20,
    })
    const ask = (text: string) => source.query({ text, values: [], timeoutMs: 5000 })
    const slow = () => ask('select pg_sleep(0.5)::text')
    await Promise.all([slow(), slow(), slow()])
    const burst = Array.from({ length: 30 }, (_, index) => ask(`select '${index}'`))
    expect((await Promise.all(burst)).flat()).toEqual(burst.map((_, index) => `${index}`))
    const running = [slow(), slow(), slow(), slow()]
    await expect.poll(() => source.stats().idle).toBe(0)
    const more = await Promise.allSettled(Array.from({ length: 30 }, () => ask("select 'x'")))
    expect(more.at(-1)).toMatchObject({ reason: { code: 'api/overloaded' } })
    await Promise.all(running)
    await source.close()
  })

  it('answers 400 to an instant of a zone that PostgreSQL does not know', async () => {
    const { status, body } = await api.get('/api/echo?since=2024-11-25T12:00:00%2B23:59')
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({ code: 'api/values-out-of-range' }),
    ])
  })

  it('answers 400 when a value leads out of the range of its type', async () => {
    const { body } = await api.get('/api/far?days=9007199254740991')
    expect(body).toMatchObject({ status: 400, code: 'api/values-out-of-range' })
  })

  it('answers HEAD like GET without a body', async () => {
    const { status, text, headers } = await api.get('/api/active-users', { method: 'HEAD' })
    expect([status, text]).toEqual([200, ''])
    expect(headers.get('content-type')).toBe('application/json')
  })

  it('says at OPTIONS what is possible', async () => {
    const { status, headers, text } = await api.get('/api/active-users', { method: 'OPTIONS' })
    expect([status, text, headers.get('allow')]).toEqual([204, '', 'GET, HEAD, OPTIONS'])
    expect(headers.get('content-type')).toBeNull()
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('refuses %s with 405', async (method) => {
    const { status, headers, body } = await api.get('/api/active-users', { method })
    expect(status).toBe(405)
    expect(headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    expect(body).toMatchObject({ code: 'api/method-not-allowed' })
  })

  it('answers 404 with a problem for an unknown address', async () => {
    const { status, body, headers } = await api.get('/api/nothing', {
      headers: { 'x-request-id': 'abc-1' },
    })
    expect(status).toBe(404)
    expect(headers.get('x-request-id')).toBe('abc-1')
    expect(body).toMatchObject({
      type: 'urn:millrace:problem:api/not-found',
      code: 'api/not-found',
      request_id: 'abc-1',
    })
  })

  it('names every request', async () => {
    for (const path of ['/api/active-users', '/livez', '/nothing', '/api/active-users?x=1']) {
      const { headers } = await api.get(path)
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  it('is alive and ready', async () => {
    expect((await api.get('/livez')).body).toEqual({ status: 'alive' })
    expect((await api.get('/readyz')).body).toEqual({ status: 'ready', checks: { postgres: 'up' } })
  })
})

describe('statements for which nobody waits any more', () => {
  const schema = 'api_endpoints_left'
  const url = () => inject('services').postgresUrl
  const sleeping = async () => {
    const text = `select count(*) from pg_stat_activity
      where wait_event = 'PgSleep' and query ~ 'pg_sleep[(]50|${schema}'`
    return (await watch.query({ text, values: [], timeoutMs: 5000 }))[0]
  }
  let watch: PostgresSource
  beforeAll(() => {
    watch = openPostgresSource({ url: url(), schema, maxConnections: 1 })
  })
  afterAll(() => watch.close())

  it('are stopped when the caller leaves, at endpoints and at tables', async () => {
    await migrate(url(), { schema, withTables: false })
    const api = await openTestApi(url(), schema, {
      setup: `create view long as select 1 as id, pg_sleep(50)::text as slept;
        ${servedSql({ schema, table: 'long' })}`,
      endpoints: {
        long: endpointFile(
          'path: /api/long\nsummary: x\ntimeout_ms: 60000\npersonal_data: none\ntable_roles: waive',
          'select pg_sleep(50)::text as slept',
        ),
      },
    })
    const server = createServer(getRequestListener(api.app.fetch))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo // A server that listens on a port has one.
    for (const path of ['/api/long', '/api/tables/long']) {
      const leaving = new AbortController()
      const asked = fetch(`http://127.0.0.1:${port}${path}`, leaving)
      await expect.poll(sleeping).toBe('1')
      leaving.abort()
      await expect(asked).rejects.toThrow()
      await expect.poll(sleeping, { timeout: 5000 }).toBe('0')
    }
    await new Promise((resolve) => server.close(resolve))
    await api.close()
  })

  it('are not begun when the caller has left while they waited', async () => {
    const source = openPostgresSource({ url: url(), schema, maxConnections: 1 })
    const ask = (text: string, caller?: Caller) =>
      source.query({ text, values: [], timeoutMs: 5000, caller })
    const first = ask('select pg_sleep(0.3)::text')
    const response = new ServerResponse(new IncomingMessage(new Socket()))
    const second = ask('select pg_advisory_lock(4711)::text', response)
    response.destroy()
    await expect(second).rejects.toMatchObject({ code: 'api/caller-left' })
    await first
    const locks = `select count(*) from pg_locks where locktype = 'advisory' and objid = 4711`
    expect(await ask(locks)).toEqual(['0'])
    await source.close()
  })

  it('are stopped alone: the next one of the connection is not', async () => {
    const source = openPostgresSource({ url: url(), schema, maxConnections: 1 })
    const ask = (seconds: number, caller?: Caller) => {
      const text = `select pg_sleep(${seconds})::text`
      return source.query({ text, values: [], timeoutMs: 5000, caller })
    }
    const outcomes = new Set<unknown>()
    for (let round = 0; round < 300; round++) {
      const response = new ServerResponse(new IncomingMessage(new Socket()))
      // The caller leaves shortly before or after the end of his statement.
      const left = ask((round % 30) / 10_000, response).catch((error: unknown) => error)
      const next = ask(0.002)
      setTimeout(() => response.destroy(), 1)
      const outcome = await left
      outcomes.add(outcome instanceof MillraceError ? outcome.code : outcome)
      expect(await next).toEqual([''])
    }
    expect([...outcomes]).toContain('api/caller-left')
    await source.close()
  })

  it('are stopped when the source closes', async () => {
    const source = openPostgresSource({ url: url(), schema, maxConnections: 2 })
    const text = 'select pg_sleep(50)::text'
    const asked = source.query({ text, values: [], timeoutMs: 60_000 }).catch(() => 'stopped')
    await expect.poll(sleeping).toBe('1')
    await source.close()
    expect(await asked).toBe('stopped')
    expect(await sleeping()).toBe('0')
  })
})

describe('the check before traffic', () => {
  const url = () => inject('services').postgresUrl
  const problemOf = async (sql: string, header = 'path: /api/x\nsummary: x') => {
    const api = await openTestApi(url(), 'api_check', {
      endpoints: { x: endpointFile(header, sql) },
    })
    try {
      return await api.check().then(
        () => undefined,
        (error: unknown) => error,
      )
    } finally {
      await api.close()
    }
  }

  it('names file, line and column of a mistake in the SQL', async () => {
    const error = await problemOf(
      'select :a as a,\n  😀.b as b,\n  nope(1) as c',
      'path: /api/x\nsummary: x\nparameters: { a: { type: integer } }',
    )
    expect(error).toMatchObject({ code: 'api/broken-endpoint', exitCode: 2 })
    const second = await problemOf("select '😀' as a,\n  nope(1) as c")
    expect(second).toMatchObject({ at: { file: 'api/endpoints/x.sql', line: 6, column: 3 } })
  })

  it('says to build first when a table is not there', async () => {
    const error = await problemOf('select count(*) as n\nfrom not_yet')
    expect(error).toMatchObject({ code: 'api/not-built', exitCode: 2, at: { line: 6 } })
    expect(error).toHaveProperty('hint', expect.stringContaining('millrace build'))
  })

  it.each([
    ['select 1', 'no name'],
    ['select 1 as a, 2 as a', 'named a'],
    ['delete from pg_class', 'syntax error'],
    ['with gone as (delete from pg_class returning 1) select 1 as a', 'WITH'],
  ])('refuses %s', async (sql, reason) => {
    expect(await problemOf(sql)).toHaveProperty('message', expect.stringContaining(reason))
  })

  it('runs every endpoint in a session that cannot write', async () => {
    const api = await openTestApi(url(), 'api_write', {
      setup:
        'create table t (a int); create function grow() returns int language sql as $$ insert into t values (1) returning a $$;',
      endpoints: {
        w: endpointFile(
          'path: /api/w\nsummary: x\npersonal_data: none\ntable_roles: waive',
          'select grow() as a',
        ),
      },
    })
    expect((await api.get('/api/w')).body).toMatchObject({ status: 500, code: 'api/internal' })
    await api.close()
  })
})

describe('endpoints over published tables', () => {
  const schema = 'api_published'
  const url = () => inject('services').postgresUrl
  const served = (more: Omit<Parameters<typeof servedSql>[0], 'schema'>) =>
    servedSql({ schema, ...more })
  const listed = (header: string) => `summary: x\nparameters: {}\n${header}`
  const published = {
    people: endpointFile(
      listed('path: /api/people'),
      'select id, email, name from people order by id',
    ),
    whole: endpointFile(
      listed('path: /api/whole\npersonal_data: mask'),
      `with p as (select * from people), q as (select lower(email) as mail, p.* from p)
       select id, to_json(q) as row, mail, q::text as text, (select count(r.email) from people r) as mails
       from q where email is null or id < 3 order by id`,
    ),
    contacts: endpointFile(listed('path: /api/contacts'), 'select * from contacts'),
    staff: endpointFile(
      listed('path: /api/staff\nroles: [staff]'),
      'select count(*) as n from people',
    ),
    mails: endpointFile(
      listed('path: /api/mails\npersonal_data: refuse'),
      'select lower(email) as mail from people order by 1',
    ),
    counted: endpointFile(
      listed('path: /api/counted\npersonal_data: none\nshape: object'),
      'select count(email) as mails from people',
    ),
    kept: endpointFile(
      listed('path: /api/kept\ncache_seconds: 600\nshape: object'),
      'select count(*) as n from orders',
    ),
    plain: endpointFile(
      listed('path: /api/plain\nshape: object'),
      'select max(id) as id from orders',
    ),
    both: endpointFile(
      listed('path: /api/both\nshape: object'),
      'select (select count(*) from people) as people, (select count(*) from order_view) as orders, (select count(*) from merged) as merged',
    ),
    pay: endpointFile(listed('path: /api/pay'), 'select sum(amount) as amount from salaries'),
    pay_view: endpointFile(
      listed('path: /api/pay-view\nroles: [staff]\ncache_seconds: 600'),
      'select sum(amount) as amount from salary_view, people where people.id = 1',
    ),
    pay_waived: endpointFile(
      listed('path: /api/pay-waived\ntable_roles: waive\nroles: [staff]'),
      'select sum(amount) as amount from salaries',
    ),
    timed: endpointFile(
      listed('path: /api/timed\nshape: object'),
      'select count(*) as n, now() as at from orders',
    ),
    pages: endpointFile(
      `path: /api/pages/{kind}\nsummary: x\nparameters: { kind: { type: integer, enum: [0, 1], example: 1 } }
page: { by: [at, id], descending: true, size: 7, max_size: 20 }`,
      'select id, at, price from orders where kind = :kind',
    ),
  }
  let api: TestApi
  let app: Hono<ApiEnvironment>
  const appOver = (service: TestApi['sql']) => {
    const made = new Hono<ApiEnvironment>()
    made.use((context, next) => {
      const roles = new Set((context.req.header('x-roles') ?? '').split(','))
      const principal = { id: 'x', kind: 'key', roles, seesPersonalData: roles.has('dpo') } as const
      context.set('principal', principal)
      return next()
    })
    addSqlRoutes(made, service)
    made.onError((error, context) => problemResponse(context, error))
    return made
  }
  const as = async (path: string, roles: string, init?: RequestInit) => {
    const headers = { 'x-roles': roles, ...init?.headers }
    const response = await app.request(path, { ...init, headers })
    const text = await response.text()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    return { status: response.status, headers: response.headers, body }
  }

  beforeAll(async () => {
    await migrate(url(), { schema, withTables: false })
    const setup = `
      create table people (id int primary key, email text, name varchar(20));
      insert into people select i, 'A' || i || '@example.org', 'n' || i from generate_series(1, 3) i;
      create table orders (id int primary key, kind int, at timestamp, price numeric);
      insert into orders select i, i % 2, nullif(timestamp '2024-01-01' + (i / 5) * interval '1.000001 hours', timestamp '2024-01-01'), 1.50
        from generate_series(1, 100) i;
      create index on orders (kind, at);
      create view order_view as select * from orders;
      create table merged (id int primary key);
      create view people_view as select email from people;
      create function mail_of(int) returns text language plpgsql as $$ begin return (select email from people where id = $1); end $$;
      create domain mail as varchar(50) not null;
      create domain work_mail as mail check (value like '%@%');
      create table contacts (id int primary key, email work_mail);
      insert into contacts values (1, 'w@example.org');
      ${served({ table: 'contacts', pii: ['email'] })}
      create table salaries (id int, amount int);
      insert into salaries values (1, 500);
      create view salary_view as select amount from salaries;
      ${served({ table: 'salaries', roles: ['finance', 'audit'] })}
      ${served({ table: 'people', rows: 3, pii: ['Email'] })}
      ${served({ table: 'orders', version: 12 })}
      ${served({ table: 'merged', version: 3, strategy: 'merge' })}`
    api = await openTestApi(url(), schema, { setup, endpoints: published })
    app = appOver(api.sql)
  })
  afterAll(() => api.close())

  it('finds nothing wrong with them', async () => {
    await expect(api.check()).resolves.toBeUndefined()
  })

  it('answers with the versions of the tables it read, and the age of the oldest', async () => {
    const { headers, body } = await as('/api/both', '')
    expect(body).toEqual({ people: 3, orders: 100, merged: 0 })
    expect(headers.get('x-table-version')).toBe('merged=3, orders=12, people=7')
    expect(headers.get('x-as-of')).toBe('2024-11-25T12:00:00.000000Z')
  })

  it('shows no personal data to callers without the right, however the SQL is written', async () => {
    const rows = [1, 2, 3].map((id) => ({ id, email: null, name: `n${id}` }))
    expect((await as('/api/people', '')).body).toEqual(rows)
    expect((await as('/api/people', 'dpo')).body).toHaveProperty('0.email', 'A1@example.org')
    const whole = await as('/api/whole', '')
    expect(JSON.stringify(whole.body)).not.toContain('example.org')
    expect(whole.body).toHaveLength(3)
    expect(whole.body).toHaveProperty('0.mails', 0)
    expect((await as('/api/whole', 'dpo')).body).toMatchObject([
      { id: 1, mail: 'a1@example.org', mails: 3 },
      { id: 2 },
    ])
  })

  it('masks a column whose type does not take NULL', async () => {
    expect((await as('/api/contacts', '')).body).toEqual([{ id: 1, email: null }])
    expect((await as('/api/contacts', 'dpo')).body).toEqual([{ id: 1, email: 'w@example.org' }])
  })

  it('refuses callers without the role or the right that an endpoint asks for', async () => {
    expect((await as('/api/staff', '')).body).toMatchObject({ status: 403, code: 'api/forbidden' })
    expect((await as('/api/staff', 'other,staff')).body).toEqual([{ n: 3 }])
    expect((await as('/api/mails', 'staff')).status).toBe(403)
    expect((await as('/api/mails', 'dpo')).body).toHaveLength(3)
    expect((await as('/api/counted', '')).body).toEqual({ mails: 3 })
  })

  it.each([
    ['/api/pay', '', 403],
    ['/api/pay', 'staff', 403],
    ['/api/pay', 'audit', 200],
    // Through a view, and beside a role of its own.
    ['/api/pay-view', 'finance', 403],
    ['/api/pay-view', 'staff', 403],
    ['/api/pay-view', 'staff,finance', 200],
    ['/api/pay-view', 'staff', 403],
    ['/api/pay-waived', 'finance', 403],
    ['/api/pay-waived', 'staff', 200],
  ])(
    'asks at %s for the roles of its tables unless they are waived: [%s] gets %d',
    async (path, roles, status) => {
      const answer = await as(path, roles)
      expect(answer.status).toBe(status)
      if (status === 200) expect(answer.body).toEqual([{ amount: 500 }])
      else expect(answer.body).toMatchObject({ code: 'api/forbidden' })
    },
  )

  it('shows an endpoint in the document only to who has the roles of its tables', () => {
    const endpoints = api.sql.endpoints.map((one) => {
      return { endpoint: one.endpoint, tableRoles: one.known()?.tableRoles }
    })
    const pathsFor = (...own: string[]) => {
      const hasRole = (roles: readonly string[]) => roles.some((role) => own.includes(role))
      const document = openApiDocument([describeSqlEndpoints(endpoints)], {
        isOpen: false,
        hasRole,
      })
      return Object.keys(Object(document['paths'])).filter((path) => path.includes('pay'))
    }
    expect(pathsFor()).toEqual([])
    expect(pathsFor('audit')).toEqual(['/api/pay'])
    expect(pathsFor('staff', 'audit')).toEqual(['/api/pay', '/api/pay-view', '/api/pay-waived'])
  })

  it('asks for a role from the publish on that brings it, also for answers that are kept', async () => {
    const amounts = async (roles: string) => [
      (await as('/api/pay', roles)).status,
      (await as('/api/pay-view', roles)).status,
    ]
    await runSql(url(), `${served({ table: 'salaries', version: 8 })}`)
    api.sql.onPublish()
    expect(await amounts('staff')).toEqual([200, 200])
    await runSql(url(), `${served({ table: 'salaries', version: 9, roles: ['finance'] })}`)
    api.sql.onPublish()
    expect(await amounts('staff')).toEqual([403, 403])
    expect(await amounts('staff,finance')).toEqual([200, 200])
  })

  it('refuses before traffic a function behind which a table with roles could be read', async () => {
    const header = 'path: /api/x\nsummary: x\npersonal_data: none'
    const check = (more: string) =>
      checkEndpoint(
        parseEndpoint('x.sql', endpointFile(`${header}${more}`, 'select mail_of(1) as a')),
        api.sql.sources,
      )
    await expect(check('')).rejects.toMatchObject({
      code: 'api/broken-endpoint',
      message: expect.stringContaining('table_roles: waive'),
    })
    await expect(check('\ntable_roles: waive')).resolves.toBeDefined()
  })

  it('masks a column at once when it is tagged while the API runs', async () => {
    const before = await as('/api/people', '')
    expect(before.body).toHaveProperty('0.name', 'n1')
    await runSql(url(), served({ table: 'people', rows: 3, pii: ['email', 'name'] }))
    // The version is the same, the answer is not.
    const tag = { headers: { 'if-none-match': before.headers.get('etag') ?? '' } }
    expect((await as('/api/people', '', tag)).body).toHaveProperty('0', {
      id: 1,
      email: null,
      name: null,
    })
    await runSql(url(), served({ table: 'people', rows: 3, pii: ['email'] }))
    expect((await as('/api/people', '')).body).toHaveProperty('0.name', 'n1')
  })

  it('masks from the first publish of a database on, and serves nothing of which it is not clear how', async () => {
    const fresh = new URL(url())
    fresh.pathname = '/api_first_publish'
    await runSql(url(), 'create database api_first_publish')
    const first = await openTestApi(fresh.href, schema, {
      setup: `create table people (id int primary key, email text); insert into people values (1, 'a@example.org');`,
      endpoints: {
        shown: endpointFile('path: /api/shown\nsummary: x', 'select email from people'),
        used: endpointFile('path: /api/used\nsummary: x', 'select lower(email) as e from people'),
      },
    })
    await first.check()
    for (const path of ['/api/shown', '/api/used']) {
      expect((await first.get(path)).text).toContain('a@example.org')
    }
    await migrate(fresh.href, { schema, withTables: false })
    await runSql(fresh.href, served({ table: 'people', pii: ['email'] }))
    expect((await first.get('/api/shown')).body).toEqual([{ email: null }])
    expect((await first.get('/api/used')).body).toMatchObject({ code: 'api/table-missing' })
    expect((await first.get('/api/used')).text).not.toContain('example.org')
    await first.close()
    await runSql(url(), 'drop database api_first_publish')
  })

  it.each([
    ['select lower(email) as mail from people', 'people.email'],
    ['select id from people where email like :q', 'people.email'],
    ['select email from api_published.people', 'where masks do not reach'],
    ['select * from people_view', 'where masks do not reach'],
    ['select mail_of(1) as m', 'the function mail_of'],
    ['select email as e, id from people', 'people.email'],
  ])('refuses %s, because it is not said who may see what', async (sql, reason) => {
    const parameters = sql.includes(':q') ? '{ q: { type: string } }' : '{}'
    const text = endpointFile(`path: /api/x\nsummary: x\nparameters: ${parameters}`, sql)
    const x = parseEndpoint('api/endpoints/x.sql', text)
    await expect(checkEndpoint(x, api.sql.sources)).rejects.toMatchObject({
      code: 'api/broken-endpoint',
      message: expect.stringContaining(reason),
    })
  })

  it('answers 304 to who has the rows of this version, only where the version decides the answer', async () => {
    const first = await as('/api/plain', '')
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^W\/"/)
    const again = await as('/api/plain', '', { headers: { 'if-none-match': etag } })
    expect([again.status, again.body]).toEqual([304, undefined])
    expect(again.headers.get('x-table-version')).toBe('orders=12')
    await runSql(url(), served({ table: 'orders', version: 13 }))
    const other = await as('/api/plain', '', { headers: { 'if-none-match': etag } })
    expect([other.status, other.headers.get('x-table-version')]).toEqual([200, 'orders=13'])
    // One reads the clock, the other a table that applications write and a view.
    expect((await as('/api/timed', '')).headers.get('etag')).toBeNull()
    expect((await as('/api/both', '')).headers.get('etag')).toBeNull()
    const seen = await as('/api/people', 'dpo')
    const hidden = await as('/api/people', '')
    expect(seen.headers.get('etag')).not.toBe(hidden.headers.get('etag'))
  })

  it('answers no 304 whose cursor another process sealed', async () => {
    const path = '/api/pages/1?limit=9'
    const etag = (await as(path, '')).headers.get('etag') ?? ''
    const headers = { 'if-none-match': etag }
    expect((await as(path, '', { headers })).status).toBe(304)
    const restarted = appOver({ ...api.sql, seal: createCursorSeal('another') })
    const again = await restarted.request(path, { headers })
    expect(again.status).toBe(200)
    const { next } = pageSchema.parse(await again.json())
    expect((await restarted.request(`${path}&cursor=${next}`)).status).toBe(200)
  })

  it('keeps an answer for its seconds, and only until the next publish', async () => {
    expect((await as('/api/kept', '')).body).toEqual({ n: 100 })
    await runSql(url(), `insert into ${schema}.orders values (101, 5, now(), 1)`)
    const kept = await as('/api/kept', '')
    expect(kept.body).toEqual({ n: 100 })
    expect(kept.headers.get('cache-control')).toBe('private, max-age=600')
    const tag = { headers: { 'if-none-match': kept.headers.get('etag') ?? '' } }
    expect((await as('/api/kept', '', tag)).status).toBe(304)
    const notices = listenForPublishes({
      url: url(),
      schema,
      onPublish: api.sql.onPublish,
      log: silentLog,
      clock: systemClock,
    })
    await expect.poll(async () => (await as('/api/kept', '')).body).toEqual({ n: 101 })
    await runSql(
      url(),
      `delete from ${schema}.orders where id = 101; notify millrace_published, '${schema}'`,
    )
    await expect.poll(async () => (await as('/api/kept', '')).body).toEqual({ n: 100 })
    await notices.close()
  })

  it('gives every row once over pages, and says where the next one begins', async () => {
    const seen: unknown[] = []
    let path: string | undefined = '/api/pages/1?limit=9'
    let sizes = 0
    while (path !== undefined) {
      const { status, headers, body } = await as(path, '')
      expect(status).toBe(200)
      const { data, next } = pageSchema.parse(body)
      seen.push(...data.map(({ id }) => id))
      sizes = Math.max(sizes, data.length)
      path = /<(.*)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
      expect(path === undefined).toBe(next === null)
    }
    // The rows without a time are left out; of equal times the larger id comes first.
    const ids = Array.from({ length: 50 }, (_, index) => 99 - 2 * index).filter((id) => id >= 5)
    expect(seen).toEqual(ids)
    expect(sizes).toBe(9)
    expect(pageSchema.parse((await as('/api/pages/0', '')).body).data).toHaveLength(7)
  })

  it('refuses cursors of another question, and parameters outside of what is declared', async () => {
    const { next } = pageSchema.parse((await as('/api/pages/1', '')).body)
    const cursor = encodeURIComponent(next ?? '')
    expect((await as(`/api/pages/1?cursor=${cursor}&limit=3`, '')).status).toBe(200)
    for (const query of [`0?cursor=${cursor}`, '1?cursor=x', `1?cursor=${cursor}A`]) {
      expect((await as(`/api/pages/${query}`, '')).body).toMatchObject({
        code: 'api/invalid-cursor',
      })
    }
    expect((await as(`/api/pages/1?cursor=${cursor}`, 'dpo')).status).toBe(400)
    for (const query of ['1?limit=21', '1?limit=0', '1?limit=1&limit=2', '2']) {
      expect((await as(`/api/pages/${query}`, '')).body).toMatchObject({
        code: 'api/invalid-parameter',
      })
    }
  })

  it('describes the types of its answers', () => {
    const known = api.sql.endpoints.map((one) => ({
      endpoint: one.endpoint,
      columns: one.known()?.facts.columns,
    }))
    const paths = describeSqlEndpoints(known)
    expect(paths['/api/pages/{kind}']?.get?.responses['200']).toMatchObject({
      content: {
        'application/json': {
          schema: {
            required: ['data', 'next'],
            properties: {
              data: {
                items: {
                  properties: {
                    id: { type: ['integer', 'null'], format: 'int32' },
                    at: { type: ['string', 'null'] },
                    price: { type: ['number', 'null'] },
                  },
                },
              },
            },
          },
        },
      },
    })
  })

  it('goes on when a table is replaced by another of the same name', async () => {
    const swapped = (columns: string, version: number) =>
      `begin; set local search_path = ${schema}; create table next (id int primary key, ${columns});
       insert into next select i, 'a' || i, 'b' from generate_series(1, 4) i;
       alter table people rename to old; alter table next rename to people; drop table old cascade;
       ${served({ table: 'people', version, pii: ['email'] })} commit`
    for (let round = 0; round < 3; round++) {
      await runSql(
        url(),
        swapped(
          round % 2 ? 'name text, email text' : 'email text, name varchar(9), x int',
          20 + round,
        ),
      )
      for (const roles of ['', 'dpo', '', 'dpo']) {
        const { status, headers, body } = await as('/api/people', roles)
        expect([status, headers.get('x-table-version')]).toEqual([200, `people=${20 + round}`])
        expect(body).toHaveLength(4)
      }
    }
  })
})
