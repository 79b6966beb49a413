import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { Predictor } from '../../../core/contracts/predictor.ts'
import type { Settings } from '../../../core/settings.ts'
import { migrate } from '../../../transform/publish/migrate.ts'
import { openTestApi, runSql, type TestApi } from '../../support/api.ts'
import { servedSql } from '../../support/served-table.ts'

const schema = 'api_predictions'
const url = () => inject('services').postgresUrl
const sql = (text: string) => runSql(url(), `set search_path = ${schema}; ${text}`)

const table = `
  create table predictions (
    user_id bigint, score double precision, model_version text, as_of timestamptz, scored_at timestamp);
  insert into predictions values
    (1, 0.5, '11', '2024-11-23T00:00:00Z', '2024-11-23 01:00:00'),
    (1, 0.25, '12', '2024-11-25T02:00:00+02:00', '2024-11-25 01:00:00.5'),
    (2, 1, '11', '2024-11-24T00:00:00Z', '2024-11-24 01:00:00'),
    (9007199254740993, 0.125, '12', '2024-11-25T00:00:00Z', '2024-11-25 01:00:00'),
    (-7, 0, '12', '2024-11-25T00:00:00Z', '2024-11-25 01:00:00');`

type Send = (path: string, init?: RequestInit) => ReturnType<TestApi['get']>

const post = (send: Send, body: unknown, type = 'application/json') =>
  send('/api/predictions', {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

/** No answer says how it is made. */
const leaks = /select |from predictions|syntax|127\.0\.0\.1|ECONN|\.ts\b|hunter2|at \w+ \(/

describe('predictions that are stored', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(url(), schema)
  })
  afterAll(() => api.close())

  it('says what to do while there are none, and gives them as soon as they are published', async () => {
    for (const answer of [
      await api.get('/api/predictions?user_id=1'),
      await post(api.get, { user_ids: [1] }),
    ]) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2'])
      expect(answer.body).toMatchObject({
        code: 'api/no-model',
        hint: expect.stringContaining('millrace ml score'),
      })
      expect(answer.text).not.toMatch(leaks)
    }
    await sql(table)
    const { status, body, headers } = await api.get('/api/predictions?user_id=1')
    expect(status).toBe(200)
    expect(body).toEqual({
      user_id: 1,
      score: 0.25,
      model_name: 'purchase-likelihood',
      model_version: '12',
      source: 'batch',
      computed_at: '2024-11-25T01:00:00.500000Z',
      age_seconds: expect.any(Number),
      as_of: '2024-11-25T00:00:00.000000Z',
    })
    const age = Math.floor((Date.now() - Date.parse('2024-11-25T01:00:00.5Z')) / 1000)
    expect(Math.abs((body as { age_seconds: number }).age_seconds - age)).toBeLessThan(60)
    expect(headers.get('x-model-version')).toBe('purchase-likelihood="12"')
    expect(headers.get('x-as-of')).toBe('2024-11-25T00:00:00.000000Z')
    expect(headers.get('cache-control')).toBe('private, no-store')
  })

  it.each(['99', '9223372036854775807', '9223372036854775808', '-9999999999999999999'])(
    'answers 404 for user %s, of whom nothing is known',
    async (id) => {
      const { status, body } = await api.get(`/api/predictions?user_id=${id}`)
      expect(status).toBe(404)
      expect(body).toMatchObject({
        code: 'api/unknown-user',
        detail: expect.stringContaining(id),
      })
    },
  )

  it('answers for many in their order, each user as often as asked for, with all digits', async () => {
    const ids = ['9007199254740993', 99, 1, 2, '01', -7, '9999999999999999999']
    const { status, text, headers } = await post(api.get, { user_ids: ids })
    expect(status).toBe(200)
    const entries = [
      ...text.matchAll(/"user_id":(-?\d+),"status":"(\w+)","?\w*"?:?"score":([^,}]+)/g),
    ]
    expect(entries.map((entry) => entry.slice(1))).toEqual([
      ['9007199254740993', 'ok', '0.125'],
      ['99', 'unknown', 'null'],
      ['1', 'ok', '0.25'],
      ['2', 'ok', '1'],
      ['1', 'ok', '0.25'],
      ['-7', 'ok', '0'],
      ['9999999999999999999', 'unknown', 'null'],
    ])
    expect(headers.get('x-model-version')).toBe('purchase-likelihood=("11" "12")')
    expect(headers.get('x-as-of')).toBe('2024-11-24T00:00:00.000000Z')
  })

  it('takes 500 users, and names no model when it knows none of them', async () => {
    const user_ids = Array.from({ length: 500 }, (_, index) => index + 1000)
    const { status, body, headers } = await post(api.get, { user_ids })
    expect(status).toBe(200)
    expect(body).toHaveProperty('data.length', 500)
    expect(headers.get('x-model-version')).toBeNull()
  })

  it.each([
    ['user_id', ''],
    ['user_id', '?user_id='],
    ['user_id', '?user_id=1.0'],
    ['user_id', '?user_id=1e3'],
    ['user_id', '?user_id=0x10'],
    ['user_id', "?user_id=1'--"],
    ['user_id', '?user_id=%00'],
    ['user_id', '?user_id=%D9%A1'],
    ['user_id', '?user_id=12345678901234567890'],
    ['user_id', '?user_id=1&user_id=2'],
    ['reasons', '?user_id=1&reasons=yes'],
    ['user', '?user=1'],
    ['__proto__', '?__proto__=1'],
  ])('refuses a wrong %s: GET %s', async (name, query) => {
    const { status, body, text } = await api.get(`/api/predictions${query}`)
    expect(status).toBe(400)
    expect(body).toHaveProperty('detail', expect.stringContaining(name))
    expect(text).not.toMatch(leaks)
  })

  it.each<[string, unknown]>([
    ['body', ''],
    ['body', '{'],
    ['body', 'null'],
    ['body', '[1]'],
    ['body', {}],
    ['body', { user_ids: [1], features: [{ a: 1 }] }],
    ['extra', { user_ids: [1], extra: 1 }],
    ['user_ids', { user_ids: 1 }],
    ['user_ids', { user_ids: [] }],
    ['user_ids', { user_ids: Array.from({ length: 501 }, () => 1) }],
    ['user_ids.1', { user_ids: [1, 1.5] }],
    ['user_ids.0', { user_ids: [null] }],
    ['user_ids.0', '{"user_ids":[9007199254740993]}'],
    ['user_ids.0', { user_ids: ["1'; drop table predictions; --"] }],
    ['user_ids.0', { user_ids: ['12345678901234567890'] }],
    ['features', { features: [] }],
    ['features.0', { features: [[1]] }],
    ['features.0', { features: [{ 'a b': 1 }] }],
    ['features.0.a', { features: [{ a: '1' }] }],
    ['features.0.a', '{"features":[{"a":1e999}]}'],
    ['reasons', { user_ids: [1], reasons: 'true' }],
  ])('refuses a wrong %s: POST %j', async (name, body) => {
    const answer = await post(api.get, body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code: 'api/invalid-parameter' })
    expect(answer.body).toHaveProperty('detail', expect.stringContaining(name))
    expect(answer.text).not.toMatch(leaks)
  })

  it('refuses what a page of another site can send, and other methods', async () => {
    expect((await post(api.get, '{"user_ids":[1]}', 'text/plain')).status).toBe(400)
    const { status, headers } = await api.get('/api/predictions', { method: 'DELETE' })
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS'])
  })

  it('cannot score features that are given, says so, and does not offer it', async () => {
    const { status, body } = await post(api.get, { features: [{ age: 1 }] })
    expect([status, body]).toEqual([503, expect.objectContaining({ code: 'api/no-model' })])
    const document = (await api.get('/openapi.json')).body
    const path = ['paths', '/api/predictions', 'post', 'requestBody', 'content']
    expect(document).toHaveProperty(
      [...path, 'application/json', 'schema', 'required'],
      ['user_ids'],
    )
  })

  it('names the version of the published table that the scores are from', async () => {
    await migrate(url(), { schema, withTables: false })
    expect((await api.get('/api/predictions?user_id=1')).headers.get('x-table-version')).toBeNull()
    await runSql(url(), servedSql({ schema, table: 'predictions', version: 57 }))
    const one = await api.get('/api/predictions?user_id=1')
    expect(one.headers.get('x-table-version')).toBe('predictions=57')
    expect(one.body).not.toHaveProperty('table')
    const many = await post(api.get, { user_ids: [99, 2, 1] })
    expect(many.headers.get('x-table-version')).toBe('predictions=57')
    await runSql(url(), `delete from millrace.published where schema_name = '${schema}'`)
  })

  it('takes a table that was published with other types', async () => {
    await sql(`begin; alter table predictions rename to old;
      create table predictions (user_id int primary key, score numeric, model_name varchar, model_version int, as_of date, scored_at timestamptz);
      insert into predictions values (1, 0.75, 'churn', 13, '2024-12-01', '2024-12-01T03:00:00+02:00'); commit;`)
    expect((await api.get('/api/predictions?user_id=1')).body).toMatchObject({
      score: 0.75,
      model_name: 'churn',
      model_version: '13',
      as_of: '2024-12-01T00:00:00.000000Z',
      computed_at: '2024-12-01T01:00:00.000000Z',
    })
  })

  it.each(['null', "'NaN'", '1.5'])('gives no score of %s to anybody', async (score) => {
    await sql(`update predictions set score = ${score}`)
    const { status, body, text } = await api.get('/api/predictions?user_id=1')
    expect([status, body]).toEqual([
      503,
      expect.objectContaining({ code: 'api/model-unavailable' }),
    ])
    expect(text).not.toMatch(leaks)
  })

  it('says that there is no model when the table is another one', async () => {
    await sql('alter table predictions rename score to chance')
    const { body } = await api.get('/api/predictions?user_id=1')
    expect(body).toMatchObject({ code: 'api/no-model' })
  })
})

type Mode = (
  request: IncomingMessage,
  response: ServerResponse,
  asked: { features?: object }[],
) => void

const scored = (more: object = {}) => ({
  score: 0.875,
  modelName: 'likely',
  modelVersion: '13',
  computedAt: new Date().toISOString(),
  source: 'endpoint',
  reasons: [{ feature: 'recency_days', value: 3, contribution: -0.5 }],
  ...more,
})
const json = (response: ServerResponse, body: unknown) => response.end(JSON.stringify(body))
const sound: Mode = (_, response, asked) =>
  json(
    response,
    asked.map((question) => scored(question)),
  )

/** A model behind real HTTP, which behaves as it is told. */
async function openModel() {
  const state = { mode: sound, asked: 0, left: 0, limits: [] as number[] }
  const server = createServer(async (request, response) => {
    state.asked++
    response.on('close', () => {
      if (!response.writableFinished) state.left++
    })
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    state.mode(request, response, JSON.parse(Buffer.concat(chunks).toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // It listens on a port, so its address is no name of a socket.
  const { port } = server.address() as AddressInfo
  const predictor: Predictor = {
    featureNames: () => ['recency_days', 'purchases'],
    predict: async (questions, { signal, withReasons }) => {
      state.limits.push(questions.length)
      const asked = questions.map((question) =>
        question.kind === 'user' ? { user: `${question.userId}` } : { features: question.features },
      )
      const body = JSON.stringify(asked)
      const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body, signal })
      if (!response.ok) throw new Error(`status ${response.status} of http://127.0.0.1:${port}`)
      const answers = JSON.parse(await response.text())
      return answers.map(
        (answer: { user?: string; features?: object; reasons?: unknown } | null) => {
          if (answer === null) return undefined
          const { user, features: _, reasons, ...rest } = answer
          const ofUser =
            user === undefined ? {} : { userId: BigInt(user), asOf: '2024-11-26T00:00:00Z' }
          return { ...rest, ...ofUser, ...(withReasons ? { reasons } : {}) }
        },
      )
    },
  }
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { state, predictor, close }
}

describe('predictions of a deployed model', () => {
  let api: TestApi
  let model: Awaited<ReturnType<typeof openModel>>
  // Patient, because only what never answers may be taken for slow on a busy machine.
  const settings = { timeout_ms: 30_000, attempts: 2, breaker_failures: 1000 }
  const open = (changes: Partial<Settings['api']['predictions']> = {}) =>
    openTestApi(url(), schema, {
      setup: table,
      predictors: [{ name: 'endpoint', predictor: model.predictor }],
      predictions: { ...settings, ...changes },
    })
  const read = async (of = api) => (await of.get('/api/predictions?user_id=1')).body

  async function expectPassedOver(of: TestApi, mode: Mode): Promise<void> {
    model.state.mode = mode
    const stored = { score: 0.25, source: 'batch', computed_at: '2024-11-25T01:00:00.500000Z' }
    expect(await read(of)).toMatchObject(stored)
    const given = await post(of.get, { features: [{}] })
    expect([given.status, given.body]).toEqual([
      503,
      expect.objectContaining({ code: 'api/model-unavailable' }),
    ])
    expect(given.text).not.toMatch(leaks)
    model.state.mode = sound
    await expect.poll(() => read(of), { timeout: 10_000 }).toMatchObject({ source: 'endpoint' })
  }

  beforeAll(async () => {
    model = await openModel()
    api = await open()
  })
  beforeEach(() => {
    Object.assign(model.state, { mode: sound, asked: 0, left: 0, limits: [] })
  })
  afterAll(async () => {
    await api.close()
    await model.close()
  })

  it('come from it, with reasons, and its version', async () => {
    const { body, headers } = await api.get('/api/predictions?user_id=1')
    expect(body).toMatchObject({
      user_id: 1,
      score: 0.875,
      source: 'endpoint',
      age_seconds: 0,
      as_of: '2024-11-26T00:00:00Z',
      reasons: [{ feature: 'recency_days', value: 3, contribution: -0.5 }],
    })
    expect(headers.get('x-model-version')).toBe('likely="13"')
    const plain = await api.get('/api/predictions?user_id=1&reasons=false')
    expect(plain.text).not.toContain('reasons')
  })

  it('ask about a user once, and know who is unknown to the model', async () => {
    model.state.mode = (_, response, asked) =>
      json(
        response,
        asked.map((question, index) => (index === 1 ? null : scored(question))),
      )
    const { body } = await post(api.get, { user_ids: [5, 6, 5, 7], reasons: true })
    expect(body).toMatchObject({
      data: [
        { user_id: 5, status: 'ok', reasons: [{}] },
        { user_id: 6, status: 'unknown', score: null },
        { user_id: 5, status: 'ok' },
        { user_id: 7, status: 'ok' },
      ],
    })
    expect(model.state.limits).toEqual([3])
  })

  it('are computed of features that are given, whose names the model knows', async () => {
    const features = [{ recency_days: 1, purchases: null }, {}]
    const { body, headers } = await post(api.get, { features })
    expect(body).toMatchObject({ data: [{ status: 'ok', score: 0.875, as_of: null }, {}] })
    expect(body).not.toHaveProperty('data.0.user_id')
    expect(headers.get('x-as-of')).toBeNull()
    const wrong = await post(api.get, { features: [{}, { recency_day: 1 }] })
    expect([wrong.status, wrong.body]).toEqual([
      400,
      expect.objectContaining({
        detail: expect.stringContaining('features.1.recency_day'),
      }),
    ])
    expect(wrong.text).toContain('did you mean recency_days?')
  })

  it.each<[string, Mode]>([
    ['resets the connection', (request) => void request.socket.resetAndDestroy()],
    ['answers 500', (_, response) => void response.writeHead(500).end('Traceback: hunter2')],
    ['answers no JSON', (_, response) => void response.end('<html>hunter2')],
    ['answers no list', (_, response) => void json(response, { error: 'hunter2' })],
    ['answers too little', (_, response) => void json(response, [])],
    [
      'answers a score of 2',
      (_, response, asked) => void json(response, [scored({ ...asked[0], score: 2 })]),
    ],
    [
      'answers a null score',
      (_, response, asked) => void json(response, [scored({ ...asked[0], score: null })]),
    ],
    ['answers for another', (_, response) => void json(response, [scored({ user: '2' })])],
  ])('are the stored ones, with their age, while it %s, and its own afterwards', (_, mode) =>
    expectPassedOver(api, mode),
  )

  it.each<[string, Mode]>([
    ['never answers', () => undefined],
    [
      'begins an answer and goes on for ever',
      (_, response) => void response.writeHead(200).write('[{"score":'),
    ],
  ])('are the stored ones while it %s', async (_, mode) => {
    const hasty = await open({ timeout_ms: 150 })
    await expectPassedOver(hasty, mode)
    await hasty.close()
  })

  it('are tried again after a reset', async () => {
    model.state.mode = (request, response, asked) => {
      if (model.state.asked === 1) request.socket.resetAndDestroy()
      else sound(request, response, asked)
    }
    expect(await read()).toMatchObject({ source: 'endpoint' })
    expect(model.state.asked).toBe(2)
  })

  it('leave it alone after failures, and find out when it is back', async () => {
    const guarded = await open({ breaker_failures: 3, attempts: 1, breaker_pause_ms: 500 })
    model.state.mode = (request) => void request.socket.resetAndDestroy()
    for (let i = 0; i < 20; i++) expect(await read(guarded)).toMatchObject({ source: 'batch' })
    expect(model.state.asked).toBeLessThan(20)
    model.state.mode = sound
    await expect
      .poll(() => read(guarded), { timeout: 10_000 })
      .toMatchObject({ source: 'endpoint' })
    await guarded.close()
  })

  it('are not computed any further when the caller leaves', async () => {
    model.state.mode = () => undefined
    const leaving = new AbortController()
    const request = new Request('http://localhost/api/predictions?user_id=1', {
      signal: leaving.signal,
    })
    const answer = api.app.request(request)
    await expect.poll(() => model.state.asked).toBe(1)
    leaving.abort()
    expect((await answer).status).toBe(499)
    await expect.poll(() => model.state.left).toBe(1)
  })

  it('are for callers with one of the roles', async () => {
    const closed = await open({ roles: ['scorer'] })
    expect((await closed.get('/api/predictions?user_id=1')).status).toBe(403)
    expect((await post(closed.get, { user_ids: [1] })).status).toBe(403)
    expect(model.state.asked).toBe(0)
    await closed.close()
  })
})
