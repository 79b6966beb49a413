import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { insertKey, revokeKey } from '../../../api/access/keys/key-table.ts'
import { makeKey } from '../../../api/access/keys/key-text.ts'
import type { ServeOptions } from '../../../api/serve/options.ts'
import { type ServedApi, serveApi } from '../../../api/serve-api.ts'
import { systemClock } from '../../../core/clock.ts'
import { settingsSchema } from '../../../core/settings.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { runSql } from '../../support/api.ts'
import { runCli } from '../../support/cli.ts'
import { sendBytes } from '../../support/raw-http.ts'

const database = 'millrace_access_test'
const endpoint = (path: string, more = '') =>
  `/* ---\npath: ${path}\nsummary: s\nshape: object\n${more}--- */\nselect 1 as one`

let projectDir: string
let postgresUrl: string
let client: pg.Client
const stop = new AbortController()
const served: ServedApi[] = []

/** Keys belong to a database, so this file has one of its own. */
beforeAll(async () => {
  const url = new URL(inject('services').postgresUrl)
  await runSql(url.href, `drop database if exists ${database} with (force)`)
  await runSql(url.href, `create database ${database}`)
  url.pathname = `/${database}`
  postgresUrl = url.href
  client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  projectDir = await mkdtemp(join(tmpdir(), 'millrace-access-'))
  const yml = 'name: t\ndefault_target: t\ntargets:\n  t: { services: external }\n'
  await writeFile(join(projectDir, 'millrace.yml'), yml)
  await mkdir(join(projectDir, 'api/endpoints'), { recursive: true })
  const file = (name: string) => join(projectDir, `api/endpoints/${name}.sql`)
  await writeFile(file('one'), endpoint('/api/one'))
  await writeFile(file('secret'), endpoint('/api/secret', 'roles: [boss]\n'))
})
afterAll(async () => {
  stop.abort()
  await Promise.all(served.map(({ finished }) => finished))
  await client.end()
  await runSql(inject('services').postgresUrl, `drop database ${database} with (force)`)
  await rm(projectDir, { recursive: true, force: true })
})

async function serve(
  api: Record<string, unknown>,
  options: Partial<ServeOptions> = {},
): Promise<ServedApi> {
  const { settings, ...rest } = { settings: settingsSchema.parse({ api }).api, ...options }
  const fixed = { projectDir, postgresUrl, schema: 'public', log: silentLog, settings }
  const one = await serveApi({ host: '127.0.0.1', port: 0, ...fixed, ...rest }, stop.signal)
  served.push(one)
  return one
}

const keys = (...args: string[]) =>
  runCli(['keys', ...args, '--project-dir', projectDir], {
    env: { MILLRACE_POSTGRES_URL: postgresUrl },
  })

/** Makes a key without the command line. */
async function addKey(roles: readonly string[] = [], lifetimeMs?: number): Promise<string> {
  const key = makeKey(randomBytes)
  await insertKey(client, key, { name: 'test', roles, lifetimeMs })
  return key.text
}

type Problem = { readonly code?: string; readonly request_id?: string }

async function ask(url: string, init?: RequestInit) {
  const response = await fetch(url, init)
  const text = await response.text()
  // Every answer here is JSON.
  const body = (text === '' ? {} : JSON.parse(text)) as Problem
  return { status: response.status, headers: response.headers, text, code: body.code, body }
}

type Sent = Record<string, string>

const bearer = (text: string): Sent => ({ authorization: `Bearer ${text}` })

describe('before there is a key', () => {
  it.each([
    [{ host: '0.0.0.0' }, {}, 'api/no-credentials'],
    [{ host: '::' }, {}, 'api/no-credentials'],
    [{}, { access: 'required' }, 'api/no-credentials'],
    [{ host: '0.0.0.0' }, { access: 'open' }, 'api/open-beyond-loopback'],
    [{}, { cors_origins: ['*'] }, 'config/invalid-value'],
    [{}, { trusted_proxies: ['proxy'] }, 'config/invalid-value'],
    [
      {},
      { access: 'required', oidc: { issuer: 'http://id.example', audience: ['a'] } },
      'config/invalid-value',
    ],
    [
      {},
      {
        access: 'required',
        oidc: { issuer: 'https://id.example', audience: ['a'], jwks_url: 'http://id.example/k' },
      },
      'config/invalid-value',
    ],
    [
      {},
      {
        access: 'required',
        oidc: { issuer: 'https://id.example', jwks_url: 'https://id.example/k' },
      },
      'config/invalid-value',
    ],
  ])('refuses to serve with %j and %j', async (options, api, code) => {
    await expect(serve(api, options)).rejects.toMatchObject({ code, exitCode: 2 })
  })

  it('lists no keys, and revokes none', async () => {
    expect(await keys('list', '--json')).toMatchObject({ code: 0, stdout: '[]\n' })
    const { code, stderr } = await keys('revoke', 'abcdefgh')
    expect([code, stderr]).toEqual([2, expect.stringContaining('api/unknown-key')])
  })
})

describe('keys of the command line', () => {
  it('are shown once, listed without their secret, taken by servers, and refused once they are revoked', async () => {
    const roles = ['--role', 'boss', '--role', 'b']
    const made = await keys('create', '--name', 'the boss', ...roles, '--expires', '90d')
    expect(made.stdout).toMatch(/^mlr_[a-z2-7]{8}_[\w-]{43}\n$/)
    const key = made.stdout.trim()
    const prefix = key.slice(4, 12)

    const api = await serve({ access: 'required', key_refresh_ms: 60_000 })
    expect(api.isOpen).toBe(false)
    const headers = bearer(key)
    expect(await ask(`${api.url}/api/secret`, { headers })).toMatchObject({ status: 200 })
    expect(await ask(`${api.url}/api/one`, { headers: { 'x-api-key': key } })).toMatchObject({
      text: '{"one":1}',
    })

    const { stdout } = await keys('list', '--json')
    expect(stdout).not.toContain(key.slice(13))
    expect(JSON.parse(stdout)).toMatchObject([
      { prefix, name: 'the boss', roles: ['boss', 'b'], state: 'live', revoked_at: null },
    ])
    const { rows } = await client.query('select * from millrace.api_keys')
    expect(JSON.stringify(rows)).not.toContain(key.slice(13))

    expect(await keys('revoke', prefix)).toMatchObject({ code: 0, stdout: '' })
    // By the notice: the next reading is a minute away.
    const status = async () => (await ask(`${api.url}/api/one`, { headers })).status
    await expect.poll(status, { timeout: 5000 }).toBe(401)
    expect((await keys('list')).stdout).toContain('"state":"revoked"')
  })

  it('say so when the login has no right to them', async () => {
    const role = 'millrace_access_nobody'
    await client.query(
      `drop role if exists ${role}; create role ${role} login password 'p';
       grant usage on schema millrace to ${role}`,
    )
    const url = new URL(postgresUrl)
    url.username = role
    url.password = 'p'
    try {
      const env = { MILLRACE_POSTGRES_URL: url.href }
      for (const args of [['create', '--name', 'a'], ['list']]) {
        const { code, stderr } = await runCli(['keys', ...args, '--project-dir', projectDir], {
          env,
        })
        expect([code, stderr]).toEqual([2, expect.stringContaining('api/keys-not-permitted')])
      }
      const refused = serve({ access: 'required' }, { postgresUrl: url.href })
      await expect(refused).rejects.toMatchObject({ code: 'api/keys-not-permitted' })
    } finally {
      await client.query(`drop owned by ${role}; drop role ${role}`)
    }
  })

  it.each([
    [['create'], '--name'],
    [['create', '--name', 'a', '--role', 'a b'], 'role'],
    [['create', '--name', 'a', '--expires', '90'], '--expires'],
    [['revoke'], 'prefix'],
  ])('are not made or revoked by %j', async (args, message) => {
    const { code, stderr, stdout } = await keys(...args)
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)])
  })
})

describe('a server that asks for credentials', () => {
  const issuer = 'https://id.example.com'
  const site = 'https://app.example.com'
  let api: ServedApi
  let key: string
  let boss: string
  let expired: string
  let revoked: string
  let pair: Awaited<ReturnType<typeof generateKeyPair>>
  const provider = createServer(async (_, response) => {
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256' }
    response.end(JSON.stringify({ keys: [jwk] }))
  })
  const token = (changes: Record<string, unknown> = {}, signer = pair) => {
    const exp = Math.floor(Date.now() / 1000) + 300
    const claims = { iss: issuer, aud: 'millrace', sub: 'ada', exp, roles: ['boss'], ...changes }
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .sign(signer.privateKey)
  }
  const past = { exp: 1_700_000_000 }

  beforeAll(async () => {
    pair = await generateKeyPair('RS256')
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    // A server that listens on a port has an address of this form.
    const { port } = provider.address() as AddressInfo
    key = await addKey(['reader'])
    boss = await addKey(['boss'])
    expired = await addKey(['boss'], 1)
    revoked = await addKey(['boss'])
    await revokeKey(client, revoked.slice(4, 12))
    api = await serve(
      {
        access: 'required',
        key_refresh_ms: 500,
        cors_origins: [site],
        max_body_bytes: 1000,
        rate_limit: { failures_per_address: 100_000 },
        oidc: { issuer, audience: ['millrace'], jwks_url: `http://127.0.0.1:${port}/` },
      },
      { timeouts: { headersMs: 300, requestMs: 600, checkMs: 50, idleMs: 5000 } },
    )
  })
  afterAll(() => {
    provider.close()
  })

  it.each<[string, string, () => Sent | Promise<Sent>]>([
    ['/api/one', 'a key', () => bearer(key)],
    ['/api/one', 'a key in X-Api-Key', () => ({ 'x-api-key': key })],
    ['/api/secret', 'a key with the role', () => bearer(boss)],
    ['/api/secret', 'a token with the role', async () => bearer(await token())],
    ['/api/one', 'a token without roles', async () => bearer(await token({ roles: [] }))],
    [
      '/api/one',
      'a token for several',
      async () => bearer(await token({ aud: ['x', 'millrace'] })),
    ],
    ['/livez', 'nothing', () => ({})],
    ['/readyz', 'nothing', () => ({})],
  ])('answers %s to %s', async (path, _, headers) => {
    const answer = await ask(`${api.url}${path}`, { headers: await headers() })
    expect(answer.status).toBe(200)
  })

  it('says at /readyz how long ago it read the keys, and whether it knows those of the provider', async () => {
    const { body } = await ask(`${api.url}/readyz`)
    expect(body).toEqual({
      status: 'ready',
      checks: { postgres: 'up', tables: 'up', keys: 'up', identity_provider: 'up' },
      age_seconds: { keys: expect.any(Number), identity_provider: expect.any(Number) },
    })
  })

  const unsigned = () => new UnsecuredJWT({ iss: issuer, aud: 'millrace', sub: 'ada' }).encode()
  const other = makeKey(randomBytes).text
  const refused: [string, () => Sent | Promise<Sent>][] = [
    ['a key that nobody made', () => bearer(other)],
    ['a known prefix with another secret', () => bearer(key.slice(0, 13) + other.slice(13))],
    ['the prefix alone', () => bearer(key.slice(0, 12))],
    ['a key that has expired', () => bearer(expired)],
    ['a key that was revoked', () => bearer(revoked)],
    ['two keys', () => ({ ...bearer(key), 'x-api-key': key })],
    ['a key as a password', () => ({ authorization: `Basic ${btoa(`x:${key}`)}` })],
    ['a key with SQL', () => bearer(`mlr_' or 1=1--`)],
    ['an empty key', () => ({ 'x-api-key': '' })],
    ['a cookie', () => ({ cookie: `authorization=${key}` })],
    ['a token without a signature', () => bearer(unsigned())],
    [
      'a token of another key pair',
      async () => bearer(await token({}, await generateKeyPair('RS256'))),
    ],
    ['a token that has expired', async () => bearer(await token(past))],
    ['a token for another audience', async () => bearer(await token({ aud: 'elsewhere' }))],
    ['a token of another issuer', async () => bearer(await token({ iss: 'https://evil.example' }))],
    ['half a token', async () => bearer((await token()).slice(0, 200))],
  ]

  it.each(refused)('does not let %s in, and says nothing of why', async (_, headers) => {
    const answer = await ask(`${api.url}/api/one`, { headers: await headers() })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer( error="invalid_token")?$/)
    const { request_id, ...rest } = answer.body
    expect(rest).toEqual({
      type: 'urn:millrace:problem:api/unauthorized',
      title: 'Unauthorized',
      status: 401,
      detail: 'This needs a key or a token, and no valid one was sent.',
      code: 'api/unauthorized',
      hint: expect.any(String),
    })
    expect(request_id).toBe(answer.headers.get('x-request-id'))
  })

  it.each([
    '/api/one',
    '/api/secret',
    '/api/tables',
    '/api/nothing-is-here',
    '/openapi.json',
    `/api/one?key=`,
    '/livez/',
    '//livez',
    '/livez/../api/one',
    '/%6civez/api',
  ])('answers %s to nobody without credentials', async (path) => {
    const answer = await ask(`${api.url}${path.replace('key=', `key=${key}&x-api-key=${key}`)}`)
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  it('answers 403 where the role is missing, without naming it', async () => {
    const answer = await ask(`${api.url}/api/secret`, { headers: bearer(key) })
    expect([answer.status, answer.code]).toEqual([403, 'api/forbidden'])
    expect(answer.text).not.toContain('boss')
  })

  it('goes on with the keys that it knows while PostgreSQL refuses it, and reads them again after', async () => {
    const end = () =>
      client.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'millrace-api-keys' and datname = current_database()`)
    await end()
    const status = async (one: string) =>
      (await ask(`${api.url}/api/one`, { headers: bearer(one) })).status
    expect(await status(key)).toBe(200)
    const late = await addKey()
    await expect.poll(() => status(late), { timeout: 10_000, interval: 200 }).toBe(200)
  })

  const preflight = (origin: string, path = '/api/one') =>
    fetch(`${api.url}${path}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET' },
    })

  it('tells pages of the named site that they may ask with a key, and others not', async () => {
    const answer = await preflight(site)
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(site)
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/Authorization.*X-Api-Key/)
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    const real = await ask(`${api.url}/api/one`, { headers: { ...bearer(key), origin: site } })
    expect(real.headers.get('access-control-allow-origin')).toBe(site)
    expect(real.headers.get('access-control-expose-headers')).toContain('X-Table-Version')
    expect(real.headers.get('vary')).toMatch(/origin/i)
    const refusal = await ask(`${api.url}/api/one`, { headers: { origin: site } })
    expect([refusal.status, refusal.headers.get('access-control-allow-origin')]).toEqual([
      401,
      site,
    ])
  })

  it.each(['https://evil.example', `${site}.evil.example`, 'http://app.example.com', 'null'])(
    'allows nothing to pages of %s',
    async (origin) => {
      const answer = await preflight(origin)
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      const real = await ask(`${api.url}/api/one`, { headers: { ...bearer(key), origin } })
      expect(real.headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  it('gives every answer an id and headers for browsers, whatever it is', async () => {
    for (const path of ['/livez', '/api/one', '/api/secret', '/api/tables', '/api/nothing']) {
      const { headers } = await ask(`${api.url}${path}`, { headers: bearer(key) })
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-powered-by')).toBeNull()
      expect(headers.get('server')).toBeNull()
    }
  })

  it.each([
    ['an id of the caller', 'abc-123', true],
    ['no id of more than 64 characters', 'a'.repeat(65), false],
    ['no id with other characters', 'a b"<script>', false],
  ])('takes %s', async (_, id, taken) => {
    const headers = { ...bearer(key), 'x-request-id': id }
    const answer = await ask(`${api.url}/api/one`, { headers })
    expect(answer.headers.get('x-request-id') === id).toBe(taken)
  })

  it('refuses an address of more than 8192 characters, before it asks who sends it', async () => {
    const answer = await ask(`${api.url}/api/one?x=${'x'.repeat(8192)}`)
    expect([answer.status, answer.code]).toEqual([414, 'api/url-too-long'])
  })

  const post = (body: string | ReadableStream, more: RequestInit = {}) =>
    ask(`${api.url}/api/predictions`, {
      method: 'POST',
      headers: { ...bearer(key), 'content-type': 'application/json' },
      body,
      ...more,
    })

  it('refuses a larger body, whether it says so or not', async () => {
    const body = JSON.stringify({ user_ids: [], more: 'x'.repeat(1000) })
    expect(await post(body)).toMatchObject({ status: 413, code: 'api/body-too-large' })
    const parts = new Blob([body]).stream()
    const streamed = await post(parts, { duplex: 'half' } as RequestInit)
    expect(streamed).toMatchObject({ status: 413, code: 'api/body-too-large' })
  })

  const head = (path: string, ...lines: string[]) =>
    [`${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')

  it.each<[string, () => string[], number, string]>([
    [
      'headers of 17 KiB',
      () => [head('GET /api/one', `X: ${'x'.repeat(17_000)}`)],
      431,
      'headers-too-large',
    ],
    [
      'three thousand headers',
      () => [
        head(
          'GET /api/one',
          ...Array.from({ length: 3000 }, (_, n) => `X${n}: 1`),
          'Connection: close',
        ),
      ],
      431,
      'headers-too-large',
    ],
    [
      'Authorization twice, once right',
      () => [
        head(
          'GET /api/one',
          `Authorization: Bearer ${key}`,
          'Authorization: Bearer x',
          'Connection: close',
        ),
      ],
      401,
      'unauthorized',
    ],
    [
      'two lengths of a body',
      () => [head('POST /api/one', 'Content-Length: 5', 'Transfer-Encoding: chunked')],
      400,
      'malformed-request',
    ],
    [
      'a line break inside a header',
      () => [
        head('GET /api/one', `Authorization: Bearer x\nX-Api-Key: ${key}`, 'Connection: close'),
      ],
      400,
      'malformed-request',
    ],
    [
      'no Host',
      () => ['GET /api/one HTTP/1.1\r\nConnection: close\r\n\r\n'],
      400,
      'malformed-request',
    ],
    [
      'headers that do not end',
      () => ['GET /api/one HTTP/1.1\r\nHost: localhost\r\nX:'],
      408,
      'request-too-slow',
    ],
    [
      'a body that does not come',
      () => [
        head(
          'POST /api/predictions',
          `Authorization: Bearer ${key}`,
          'Content-Type: application/json',
          'Content-Length: 100',
        ),
        '{"user_ids":',
      ],
      408,
      'request-too-slow',
    ],
  ])('ends a connection with %s', async (_, parts, status, code) => {
    const { text, headers, body, ...answer } = await sendBytes(api.port, parts().join(''))
    expect(answer.status, text).toBe(status)
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    })
    const request_id = headers['x-request-id']
    expect(JSON.parse(body)).toMatchObject({ status, code: `api/${code}`, request_id })
    expect((await ask(`${api.url}/livez`)).status).toBe(200)
  })
})

describe('tokens of an issuer that says where its keys are', () => {
  type Signer = Awaited<ReturnType<typeof makeSigner>>
  const state = { issuer: '', keys: [] as Signer['jwk'][], discovered: 0, fetched: 0 }
  const provider = createServer((request, response) => {
    if (request.url === '/realm/.well-known/openid-configuration') {
      state.discovered++
      response.end(JSON.stringify({ issuer: state.issuer, jwks_uri: `${origin}/keys` }))
    } else if (request.url === '/keys') {
      state.fetched++
      response.end(JSON.stringify({ keys: state.keys }))
    } else response.writeHead(404).end()
  })
  let origin: string
  let issuer: string
  let aheadMs = 0
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs }

  async function makeSigner(kid: string) {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const sign = (named = kid) =>
      new SignJWT({ iss: issuer, aud: 'millrace', sub: 'ada' })
        .setExpirationTime('2h')
        .setProtectedHeader({ alg: 'ES256', kid: named })
        .sign(privateKey)
    return { jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' }, sign }
  }
  const start = () => {
    const rate_limit = { failures_per_address: 100_000, per_key: 0, per_address: 0 }
    const oidc = { issuer, audience: ['millrace'] }
    return serve({ access: 'required', rate_limit, oidc }, { clock })
  }
  const statusOf = async (api: ServedApi, token: string) =>
    (await ask(`${api.url}/api/one`, { headers: bearer(token) })).status

  beforeAll(async () => {
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
    issuer = `${origin}/realm`
  })
  beforeEach(() => {
    Object.assign(state, { issuer, keys: [], discovered: 0, fetched: 0 })
  })
  afterAll(() => {
    provider.close()
  })

  it('are taken as its keys come and go, and made-up keys are no reason to ask it', async () => {
    const old = await makeSigner('old')
    const fresh = await makeSigner('fresh')
    state.keys = [old.jwk]
    const api = await start()
    const before = await old.sign()
    expect(await statusOf(api, before)).toBe(200)

    state.keys = [old.jwk, fresh.jwk]
    const flood = async () => {
      const tokens = await Promise.all(Array.from({ length: 50 }, (_, n) => old.sign(`no-${n}`)))
      return new Set(await Promise.all(tokens.map((token) => statusOf(api, token))))
    }
    expect(await flood()).toEqual(new Set([401]))
    expect(state).toMatchObject({ discovered: 1, fetched: 1 })

    aheadMs += 30_000
    const after = await fresh.sign()
    expect(await statusOf(api, after)).toBe(200)
    expect(await statusOf(api, before)).toBe(200)
    expect(await flood()).toEqual(new Set([401]))
    expect(state).toMatchObject({ discovered: 2, fetched: 2 })

    state.keys = [fresh.jwk]
    aheadMs += 600_000
    expect(await statusOf(api, after)).toBe(200)
    await expect.poll(() => statusOf(api, before), { timeout: 5000 }).toBe(401)
    expect(await statusOf(api, after)).toBe(200)
    expect(state.fetched).toBe(3)
  })

  it('are not taken by the document of another issuer, while keys are, and are once it is right', async () => {
    const signer = await makeSigner('k')
    Object.assign(state, { issuer: `${issuer}/`, keys: [signer.jwk] })
    const key = await addKey()
    const api = await start()
    const token = await signer.sign()
    const answer = await ask(`${api.url}/api/one`, { headers: bearer(token) })
    expect([answer.status, answer.code]).toEqual([503, 'api/identity-unavailable'])
    expect(await statusOf(api, key)).toBe(200)
    expect(state.fetched).toBe(0)
    expect((await ask(`${api.url}/readyz`)).body).toMatchObject({
      status: 'degraded',
      checks: { keys: 'up', identity_provider: 'down' },
    })
    state.issuer = issuer
    aheadMs += 30_000
    expect(await statusOf(api, token)).toBe(200)
  })
})

describe('limits', () => {
  let api: ServedApi
  let key: string
  let another: string
  const from = (address: string, more: Sent = {}) => ({
    headers: { 'x-forwarded-for': address, ...more },
  })
  beforeAll(async () => {
    key = await addKey()
    another = await addKey()
    const rate_limit = {
      ...{ per_key: 1, key_burst: 3, per_address: 1, address_burst: 6 },
      failures_per_address: 2,
    }
    api = await serve({ access: 'required', rate_limit, trusted_proxies: ['127.0.0.0/8'] })
  })

  it('are counted down for a key, and end in 429 with the time to wait', async () => {
    const asked = []
    for (const address of ['1', '2', '3', '4']) {
      asked.push(await ask(`${api.url}/api/one`, from(`192.0.2.${address}`, bearer(key))))
    }
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(asked.map(({ headers }) => headers.get('ratelimit'))).toEqual([
      expect.stringMatching(/^"key";r=2;t=\d+$/),
      expect.stringMatching(/^"key";r=1;t=\d+$/),
      expect.stringMatching(/^"key";r=0;t=\d+$/),
      expect.stringMatching(/^"key";r=0;t=\d+$/),
    ])
    const last = asked[3]
    expect(last?.code).toBe('api/too-many-requests')
    expect(last?.headers.get('ratelimit-policy')).toBe('"key";q=3;w=180')
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(50)
  })

  it('count an address, whatever is asked, and not whoever else comes through the proxy', async () => {
    const statuses = async (address: string, count: number) => {
      const all = []
      for (let index = 0; index < count; index++) {
        all.push((await ask(`${api.url}/api/one`, from(address))).status)
      }
      return all
    }
    expect(await statuses('198.51.100.1', 7)).toEqual([401, 401, 401, 401, 401, 401, 429])
    expect(await statuses('198.51.100.1, 198.51.100.2', 1)).toEqual([401])
    expect(await statuses('198.51.100.3, 198.51.100.1', 1)).toEqual([429])
    expect(await statuses('2001:db8::1', 6)).not.toContain(429)
    expect(await statuses('2001:db8::ffff', 1)).toEqual([429])
    expect(await statuses('2001:db8:0:1::1', 1)).toEqual([401])
    expect((await ask(`${api.url}/livez`, from('198.51.100.1'))).status).toBe(200)
  })

  it('slow down who guesses, and nobody who knows', async () => {
    const guess = () =>
      ask(`${api.url}/api/one`, from('203.0.113.1', bearer(makeKey(randomBytes).text)))
    expect([await guess(), await guess(), await guess()].map(({ status }) => status)).toEqual([
      401, 401, 429,
    ])
    const known = () => ask(`${api.url}/api/one`, from('203.0.113.1', bearer(another)))
    expect((await known()).status).toBe(200)
  })
})

describe('a server that is open', () => {
  let api: ServedApi
  beforeAll(async () => {
    api = await serve({ anonymous_roles: ['boss'] })
  })

  it('answers everyone on this machine with the roles of the settings', async () => {
    expect(api.isOpen).toBe(true)
    expect(await ask(`${api.url}/api/secret`)).toMatchObject({ status: 200 })
    expect((await ask(`http://localhost:${api.port}/api/one`)).status).toBe(200)
  })

  it.each([
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['203.0.113.1', 421],
    ['localhost@evil.example', 4],
    ['LOCALHOST', 200],
    ['[::1]:80', 200],
  ])('that is asked for %s answers %d', async (host, status) => {
    const request = `GET /api/one HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
    const { text } = await sendBytes(api.port, request)
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status}`))
    if (status === 421) expect(text).toContain('api/foreign-host')
  })

  it.each([
    ['x-forwarded-for', '203.0.113.1'],
    ['forwarded', 'for=203.0.113.1'],
    ['x-real-ip', '203.0.113.1'],
    ['via', '1.1 proxy'],
  ])('does not take for this machine what a proxy hands on with %s', async (name, value) => {
    const headers = { [name]: value }
    const answer = await ask(`${api.url}/api/one`, { headers })
    expect([answer.status, answer.code]).toEqual([421, 'api/foreign-host'])
  })

  it('allows nothing to pages of other sites', async () => {
    const answer = await ask(`${api.url}/api/one`, { headers: { origin: 'https://evil.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
  })
})
