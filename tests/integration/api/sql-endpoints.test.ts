import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openTestApi, shippedActiveUsers, type TestApi } from '../../support/api.ts'

const userActivity = `
  create table user_activity (
    id serial primary key, user_id int, action varchar(50), event_timestamp timestamp, details jsonb);
  insert into user_activity (user_id, action, event_timestamp) values
    (1, 'login', now() at time zone 'utc' - interval '1 hour'),
    (1, 'purchase', now() at time zone 'utc' - interval '2 days'),
    (2, 'login', now() at time zone 'utc' - interval '29 days 23 hours'),
    (3, 'login', now() at time zone 'utc' - interval '30 days 1 hour'),
    (4, 'login', now() at time zone 'utc' + interval '1 hour');`

const endpoint = (header: string, sql: string) => `/* ---\n${header}\n--- */\n${sql}\n`

const endpoints = {
  'active-users': shippedActiveUsers,
  echo: endpoint(
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
  user: endpoint(
    `path: /api/users/{user_id}/activity
summary: Events of one user
row_limit: 1
parameters:
  user_id: { type: integer, minimum: 1 }`,
    'select action, 9007199254740993::bigint as big, 1.10::numeric as exact from user_activity where user_id = :user_id order by id',
  ),
  one: endpoint(
    `path: /api/one/{user_id}
summary: One user
shape: object
parameters:
  user_id: { type: integer }`,
    'select distinct user_id from user_activity where user_id = :user_id',
  ),
  slow: endpoint(
    `path: /api/slow
summary: Sleeps
timeout_ms: 100
parameters:
  seconds: { type: number, default: 0 }`,
    'select pg_sleep(:seconds)::text as slept',
  ),
  far: endpoint(
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

  it('sends security headers and a request id with every answer', async () => {
    for (const path of ['/api/active-users', '/livez', '/nothing', '/api/active-users?x=1']) {
      const { headers } = await api.get(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  it('is alive and ready', async () => {
    expect((await api.get('/livez')).body).toEqual({ status: 'alive' })
    expect((await api.get('/readyz')).body).toEqual({ status: 'ready', checks: { postgres: 'up' } })
  })
})

describe('the check before traffic', () => {
  const url = () => inject('services').postgresUrl
  const problemOf = async (sql: string, header = 'path: /api/x\nsummary: x') => {
    const api = await openTestApi(url(), 'api_check', { endpoints: { x: endpoint(header, sql) } })
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
      endpoints: { w: endpoint('path: /api/w\nsummary: x', 'select grow() as a') },
    })
    expect((await api.get('/api/w')).body).toMatchObject({ status: 500, code: 'api/internal' })
    await api.close()
  })
})
