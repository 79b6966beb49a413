/** What a stranger may try who can reach the port. Keys, tokens and sockets are attacked in access.test.ts, SQL of callers in ad-hoc.test.ts. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type ServedApi, serveApi } from '../../../api/serve-api.ts'
import { createCursorSeal } from '../../../api/tables/cursor.ts'
import { Secret } from '../../../core/secret.ts'
import { settingsSchema } from '../../../core/settings.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { migrate } from '../../../transform/publish/migrate.ts'
import { runSql } from '../../support/api.ts'
import { type RawAnswer, rawRequest, sendBytes } from '../../support/raw-http.ts'
import { servedSql } from '../../support/served-table.ts'

const schema = 'api_attacks'

const setup = `
  drop schema if exists ${schema} cascade; create schema ${schema}; set search_path = ${schema};
  create table people (id bigint primary key, name text, email text, score float8, born date, doc jsonb);
  insert into people select i, 'n' || i, 'CANARY-' || i, i, '2024-01-01', '{"a": "CANARY"}' from generate_series(1, 5) i;
  create table secrets (id int primary key, word text); insert into secrets values (1, 'CANARY-word');
  create table hidden (id int primary key, word text); insert into hidden values (1, 'CANARY-hidden');
  create table predictions (user_id bigint, score float8, model_version text, as_of timestamptz, scored_at timestamptz);
  insert into predictions values (1, 0.5, '12', now(), now());
  ${servedSql({ schema, table: 'people', rows: 5, pii: ['email', 'doc'] })}
  ${servedSql({ schema, table: 'secrets', roles: ['auditor'] })}
  ${servedSql({ schema, table: 'hidden', api: false })}`

const typed = `/* ---
path: /api/typed/{user_id}
summary: Gives its parameters back
shape: object
parameters:
  user_id: { type: integer }
  text: { type: string, default: none, max_length: 50 }
  ratio: { type: number, default: 1 }
  flag: { type: boolean, default: false }
  on_day: { type: date, default: '2024-01-01' }
  since: { type: timestamp, default: '2024-01-01T00:00:00Z' }
--- */
select :user_id as user_id, :text as text, :ratio as ratio, :flag as flag, :on_day as on_day, :since as since
`

const paged = `/* ---
path: /api/paged
summary: The ids of people
page: { by: [id], size: 1 }
personal_data: none
--- */
select id from people
`

let folder: string
let api: ServedApi
const stop = new AbortController()
const url = () => inject('services').postgresUrl

beforeAll(async () => {
  await migrate(url(), { schema, withTables: false })
  await runSql(url(), setup)
  folder = await mkdtemp(join(tmpdir(), 'millrace-attacks-'))
  await mkdir(join(folder, 'api/endpoints'), { recursive: true })
  await writeFile(join(folder, 'api/endpoints/typed.sql'), typed)
  await writeFile(join(folder, 'api/endpoints/paged.sql'), paged)
  const settings = { ...settingsSchema.parse({}).api, cursor_secret: new Secret('CANARY-cursor') }
  const place = { projectDir: folder, host: '127.0.0.1', port: 0, postgresUrl: url(), schema }
  api = await serveApi({ ...place, settings, log: silentLog }, stop.signal)
})
afterAll(async () => {
  stop.abort()
  await api.finished
  await runSql(url(), `delete from millrace.published where schema_name = '${schema}'`)
  await rm(folder, { recursive: true, force: true })
})

const send = (line: string, headers: readonly string[] = [], body: Buffer | string = '') =>
  sendBytes(api.port, rawRequest(line, headers, body))

/** What is said to nobody: values, SQL of ours, PostgreSQL's words, files, stacks, addresses. */
function expectNoLeak({ text }: RawAnswer): void {
  expect(text).not.toMatch(
    /CANARY|to_json|pg_catalog|millrace\.published|syntax error|does not exist|invalid input|unterminated|ERROR:|SQLSTATE|PostgreSQL \d/,
  )
  expect(text).not.toMatch(
    /node_modules|node:internal|\.ts\b|\.js\b|at \w+ \(|postgres:\/\/|127\.0\.0\.1|"stack"/,
  )
  expect(text).not.toContain(folder)
}

function expectRefused(answer: RawAnswer, status: number, code: string): void {
  expect([answer.status, codeOf(answer)]).toEqual([status, `api/${code}`])
  expect(answer.headers['content-type']).toBe('application/problem+json')
  expectNoLeak(answer)
}

function codeOf({ body }: RawAnswer): unknown {
  const problem: unknown = body === '' ? {} : JSON.parse(body)
  return typeof problem === 'object' && problem !== null && 'code' in problem
    ? problem.code
    : undefined
}

const encode = (query: string) => query.replaceAll(/[^\w=&%.*,()~-]/gu, encodeURIComponent)

describe('every answer', () => {
  it.each([
    ['GET /livez', 200],
    ['GET /api/tables', 200],
    ['HEAD /api/tables', 200],
    ['GET /docs', 200],
    ['GET /nothing', 404],
    ['POST /api/tables', 405],
    ['OPTIONS /api/tables', 204],
    ['GET http://[/', 400],
  ])('tells browsers what they may not do with it, and its name: %s', async (line, status) => {
    const answer = await send(line)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringMatching(/^max-age=15552000/),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  it('has one header of a name', async () => {
    const given = ['x-request-id: mine']
    const { text } = await send('GET /nothing', given)
    const head = text.slice(0, text.indexOf('\r\n\r\n'))
    const names = head
      .split('\r\n')
      .slice(1)
      .map((one) => one.split(':')[0]?.toLowerCase())
    expect(names).toEqual([...new Set(names)])
    expect(head).toContain('\r\nx-request-id: mine')
  })
})

describe('an attack through a parameter of tables', () => {
  it.each([
    ['select=id;select pg_sleep(9)', 'unknown-column'],
    ['select=(select email from people)', 'unknown-column'],
    ['select=id,(select word from secrets)', 'unknown-column'],
    ['select=*,email', 'unknown-column'],
    ['select=id as email', 'unknown-column'],
    ['select=count(*)', 'unknown-column'],
    ['select=xmin', 'unknown-column'],
    ['select=ctid,tableoid', 'unknown-column'],
    ['select=doc->>a', 'unknown-column'],
    ['select=people.email', 'unknown-column'],
    ['select=ID', 'unknown-column'],
    ['select=i%00d', 'unknown-column'],
    ['select=ıd', 'unknown-column'],
    ['select=constructor', 'unknown-column'],
    ['order=(case when 1=1 then id end)', 'unknown-column'],
    ['order=1', 'unknown-column'],
    ['order=ctid', 'unknown-column'],
    ['order=pg_sleep(9)', 'unknown-column'],
    ['order=id.desc;--', 'unknown-column'],
    ['order=id.desc nulls first, (select 1)', 'unknown-column'],
    ['order=id.desc.nullsfirst.desc', 'invalid-parameter'],
    ['order=id&order=name', 'invalid-parameter'],
    ['order=doc', 'masked-column'],
    ['limit=1;drop table people', 'invalid-parameter'],
    ['limit=1 offset 1', 'invalid-parameter'],
    ['limit=0x10', 'invalid-parameter'],
    ['limit=all', 'invalid-parameter'],
    ['limit=１', 'invalid-parameter'],
    ['limit=999999999999', 'invalid-parameter'],
    ['limit=9999999999999999999', 'invalid-parameter'],
    ['limit=1&limit=100000', 'invalid-parameter'],
    ['count=exact; drop table people', 'invalid-parameter'],
    ['count=constructor', 'invalid-parameter'],
    ['format=../../etc/passwd', 'invalid-parameter'],
    ['format=json%00', 'invalid-parameter'],
    ['format=__proto__', 'invalid-parameter'],
    ['format=json&format=csv', 'invalid-parameter'],
    ['format=csv&escape_formulas=1', 'invalid-parameter'],
    ['xmin=eq.1', 'unknown-parameter'],
    ['people.id=eq.1', 'unknown-parameter'],
    ['id::text=eq.1', 'unknown-parameter'],
    ['doc->>a=eq.CANARY', 'unknown-parameter'],
    ['"id"=eq.1', 'unknown-parameter'],
    ['id[]=eq.1', 'unknown-parameter'],
    ['id[$ne]=1', 'unknown-parameter'],
    ['__proto__[id]=eq.1', 'unknown-parameter'],
    ['toString=eq.1', 'unknown-parameter'],
    ['1=1)--=eq.1', 'unknown-parameter'],
    ['columns=id', 'unknown-parameter'],
    ['on_conflict=id', 'unknown-parameter'],
    ['id=eq.1 or 1=1', 'invalid-filter'],
    ['id=eq.1::text', 'invalid-filter'],
    ['id=eq.(select 1)', 'invalid-filter'],
    ['id=eq.１', 'invalid-filter'],
    ['id=eq.$1', 'invalid-filter'],
    ['id=in.(1) or (1=1)', 'invalid-filter'],
    ['id=raw.1', 'invalid-filter'],
    ['id=fts.1', 'invalid-filter'],
    ['id=is.unknown or true', 'invalid-filter'],
    ['born=eq.infinity', 'invalid-filter'],
    ["born=eq.2024-01-01' or '1'='1", 'invalid-filter'],
    ['score=eq.1/0', 'invalid-filter'],
    ['name=match.(a+)+$', 'invalid-filter'],
    ['name=eq.%00', 'invalid-filter'],
    ['or=(id.eq.1)) union select (1', 'invalid-filter'],
    ['or=(id.eq.1;drop table people)', 'invalid-filter'],
    ['and=(1.eq.1)', 'unknown-column'],
    ['and=(id.eq.1,pg_sleep(9).eq.1)', 'unknown-column'],
    ['or=((((((((((id.eq.1))))))))))', 'unknown-column'],
    ['email=like.C*', 'masked-column'],
    ['email=not.is.null&count=exact', 'masked-column'],
    ['select=id&or=(id.eq.0,not.and(email.eq.CANARY-1))', 'masked-column'],
    ['cursor=eyJpZCI6MX0', 'invalid-cursor'],
    ["cursor=1' or '1'='1", 'invalid-cursor'],
    ['cursor=../../../../etc/passwd', 'invalid-cursor'],
    ['cursor=', 'invalid-cursor'],
    ['cursor=%00', 'invalid-cursor'],
    ['format=csv&cursor=AAAA', 'invalid-cursor'],
  ])('is refused: %s', async (query, code) => {
    const answer = await send(`GET /api/tables/people?${encode(query)}`)
    expectRefused(answer, code === 'masked-column' ? 403 : 400, code)
  })

  it.each([
    ['a long value', `name=eq.${'a'.repeat(3000)}`, 'invalid-filter'],
    ['deep nesting', `or=${'(and'.repeat(500)}`, 'invalid-filter'],
    ['many filters', Array.from({ length: 300 }, () => 'id=gt.0').join('&'), 'invalid-parameter'],
  ])('is refused: %s', async (_, query, code) => {
    expectRefused(await send(`GET /api/tables/people?${query}`), 400, code)
  })

  it.each([
    `name=eq.' or '1'='1`,
    `name=eq.n1'--`,
    `name=in.("') or 1=1--",b)`,
    `name=like.*' union select word from secrets--`,
    'name=eq.$1',
    'name=eq.\\',
    'name=eq.${1+1}{{7*7}}<%=1%>',
    'name=eq.%C0%A7 or 1=1',
    'name=eq.%ED%A0%80',
    'name=eq.%E2%80%AEn1',
    'name=ilike.%25%25%25%25%25%25%25%25z',
    `or=(name.eq."') or (1=1",name.eq.x)`,
  ])('is a value like any other: %s', async (query) => {
    const answer = await send(`GET /api/tables/people?select=id&${encode(query)}`)
    expect([answer.status, answer.body]).toEqual([200, '{"data":[],"next":null}'])
  })
})

describe('a cursor', () => {
  const forged = (values: readonly (string | null)[], secret = 'guessed', scope = '') =>
    createCursorSeal(secret).seal(values, scope)

  it('is refused when it is made with another secret, or for nothing', async () => {
    for (const cursor of [forged(['0']), forged(['0'], 'CANARY-cursor'), forged([], '')]) {
      expectRefused(await send(`GET /api/tables/people?cursor=${cursor}`), 400, 'invalid-cursor')
    }
  })

  it('of an endpoint is refused by a table, and the other way round', async () => {
    const cursorOf = async (path: string) => {
      const { headers } = await send(`GET ${path}`)
      return /cursor=([\w-]+)/.exec(headers['link'] ?? '')?.[1] ?? ''
    }
    const [endpoint, table] = ['/api/paged?limit=1', '/api/tables/people?limit=1']
    const [ofEndpoint, ofTable] = [await cursorOf(endpoint), await cursorOf(table)]
    expect((await send(`GET ${endpoint}&cursor=${ofEndpoint}`)).status).toBe(200)
    expect((await send(`GET ${table}&cursor=${ofTable}`)).status).toBe(200)
    expectRefused(await send(`GET ${endpoint}&cursor=${ofTable}`), 400, 'invalid-cursor')
    expectRefused(await send(`GET ${table}&cursor=${ofEndpoint}`), 400, 'invalid-cursor')
  })

  it('is refused in another spelling of the same bytes', async () => {
    const page = await send('GET /api/tables/people?limit=1&select=id')
    const { next }: { next: string } = JSON.parse(page.body)
    const path = '/api/tables/people?limit=1&select=id&cursor='
    expect((await send(`GET ${path}${next}`)).body).toContain('"data":[{"id":2}]')
    const bytes = Buffer.from(next, 'base64url')
    for (const other of [
      `${next}=`,
      `${next}%0A`,
      `%20${next}`,
      encodeURIComponent(bytes.toString('base64').concat('==')),
      bytes.toString('hex'),
      `${next}${next}`,
      next.toUpperCase(),
    ]) {
      expectRefused(await send(`GET ${path}${other}`), 400, 'invalid-cursor')
    }
  })
})

describe('a trick with the path', () => {
  const nothing: readonly (readonly [string, number, string])[] = [
    ['/api/tables/hidden', 404, 'unknown-table'],
    ['/api/tables/secrets', 403, 'forbidden'],
    ['/api/tables/people/../secrets', 403, 'forbidden'],
    ['/api/tables/people/%2e%2e/secrets', 403, 'forbidden'],
    ['/api/tables/people%2f..%2fsecrets', 404, 'unknown-table'],
    ['/api/tables/people%5c..%5csecrets', 404, 'unknown-table'],
    ['/api/tables/..%2fpredictions', 404, 'unknown-table'],
    ['/api/tables/people%00', 404, 'unknown-table'],
    ['/api/tables/people%00.json', 404, 'unknown-table'],
    ['/api/tables/people%0a', 404, 'unknown-table'],
    ['/api/tables/people%20', 404, 'unknown-table'],
    ['/api/tables/%2570eople', 404, 'unknown-table'],
    ['/api/tables/%EF%BD%90eople', 404, 'unknown-table'],
    ['/api/tables/peo%CC%81ple', 404, 'unknown-table'],
    ['/api/tables/People', 404, 'unknown-table'],
    ['/api/tables/people;x=1', 404, 'unknown-table'],
    ['/api/tables/people%3Fselect=email', 404, 'unknown-table'],
    ['/api/tables/people%23', 404, 'unknown-table'],
    ['/api/tables/%', 400, 'malformed-request'],
    ['/api/tables/%ff%fe', 400, 'malformed-request'],
    ['/api/tables/%c0%ae%c0%ae', 400, 'malformed-request'],
    ['/api/tables/information_schema.tables', 404, 'unknown-table'],
    [`/api/tables/${schema}.people`, 404, 'unknown-table'],
    ['/api/tables/people,secrets', 404, 'unknown-table'],
    ['/api/tables/people%22%20where%201=1--', 404, 'unknown-table'],
    ['/api/tables/*', 404, 'unknown-table'],
    ['/api/tables/:name', 404, 'unknown-table'],
    ['/api/tables/constructor', 404, 'unknown-table'],
    ['/api/tables/secrets/schema', 403, 'forbidden'],
    ['/api/tables/people/rows', 404, 'not-found'],
    ['/api/tables//people', 404, 'not-found'],
    ['/api//tables', 404, 'not-found'],
    ['//api/tables', 404, 'not-found'],
    ['/API/TABLES', 404, 'not-found'],
    ['/api/tables.json', 404, 'not-found'],
    ['/%61pi%2ftables', 404, 'not-found'],
    ['/api/endpoints/typed.sql', 404, 'not-found'],
    ['/..%2f..%2fetc%2fpasswd', 404, 'not-found'],
    ['/../../../../etc/passwd', 404, 'not-found'],
    ['/..\\..\\etc\\passwd', 400, 'malformed-request'],
    ['/.env', 404, 'not-found'],
    ['/.git/config', 404, 'not-found'],
    ['/millrace.yml', 404, 'not-found'],
    ['/package.json', 404, 'not-found'],
    ['/openapi.json/../millrace.yml', 404, 'not-found'],
    ['/debug/pprof', 404, 'not-found'],
    ['/api/typed/1%20or%201=1', 400, 'invalid-parameter'],
    ['/api/typed/1;select', 400, 'invalid-parameter'],
    ['/api/typed/%31%00', 400, 'invalid-parameter'],
    ['/api/typed/1%2f..%2f2', 400, 'invalid-parameter'],
    ['/api/typed/-', 400, 'invalid-parameter'],
    ['/api/typed/%D9%A1', 400, 'invalid-parameter'],
    ['/api/typed/9223372036854775808', 400, 'invalid-parameter'],
  ]
  it.each(nothing)('leads nowhere: %s', async (path, status, code) => {
    expectRefused(await send(`GET ${path}`), status, code)
  })

  it.each([
    'X-Original-URL: /api/tables/people',
    'X-Rewrite-URL: /api/tables/people',
    'X-Forwarded-Prefix: /api/tables/people?',
    'X-HTTP-Method-Override: POST',
  ])('is not taken from a header: %s', async (header) => {
    expectRefused(await send('GET /api/nothing', [header]), 404, 'not-found')
  })

  it('names no other server, whatever the request is said to be for', async () => {
    const forwarded = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: ftp']
    const page = await send('GET /api/tables/people?limit=1', forwarded)
    expect(page.headers['link']).toMatch(/^<\/api\/tables\/people\?limit=1&cursor=/)
    expect(page.text).not.toContain('evil.example')
    const whole = await send('GET http://evil.example/api/tables/people?limit=1')
    expect(whole.text).not.toContain('evil.example')
  })
})

describe('an attack on an SQL endpoint', () => {
  it.each([
    ['text', 'a text of more than fifty characters, which are too many'],
    ['text', 'a%00b'],
    ['ratio', 'NaN'],
    ['ratio', 'Infinity'],
    ['ratio', '1e999'],
    ['ratio', '1,5'],
    ['ratio', "1'::int"],
    ['flag', '1'],
    ['flag', 'true or true'],
    ['on_day', "2024-01-01'; drop table people; --"],
    ['on_day', 'infinity'],
    ['on_day', 'now()'],
    ['on_day', '0000-01-01'],
    ['on_day', '99999-01-01'],
    ['since', 'epoch'],
    ['since', '2024-01-01T00:00:00Z%0a'],
    ['since', "2024-01-01T00:00:00Z' at time zone 'utc"],
  ])('is refused: %s=%s', async (name, value) => {
    const answer = await send(`GET /api/typed/1?${name}=${encode(value)}`)
    expectRefused(answer, 400, 'invalid-parameter')
    expect(answer.body).toContain(name)
  })

  it.each(['text[]=a', 'text[x]=a', 'TEXT=a', 'user_id=2', ':text=a', '__proto__=a', '%00=a'])(
    'is refused: %s',
    async (query) => {
      expectRefused(await send(`GET /api/typed/1?${encode(query)}`), 400, 'unknown-parameter')
    },
  )
})

describe('an attack by Accept', () => {
  it.each([
    'text/html',
    '../../etc/passwd',
    'application/json;q=0',
    'application/json;q=NaN',
    '*/*;q=-1',
    'a/b, c/d;q=1;q=2;;;, /, */json',
    'application/vnd.sqlite3',
  ])('is refused: %s', async (accept) => {
    const answer = await send('GET /api/tables/people', [`Accept: ${accept}`])
    expectRefused(answer, 406, 'not-acceptable')
  })
})

describe('a body', () => {
  const json = 'Content-Type: application/json'
  const post = (body: Buffer | string, ...headers: string[]) =>
    send(
      'POST /api/predictions',
      [...(headers.length === 0 ? [json] : headers), `Content-Length: ${Buffer.byteLength(body)}`],
      body,
    )
  const deep = `{"user_ids":${'['.repeat(200_000)}1${']'.repeat(200_000)}}`
  const one = '{"user_ids":[1]}'

  it.each<[string, Buffer | string, string[]]>([
    ['that is nested 200,000 times', deep, []],
    ['of objects nested 100,000 times', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, []],
    ['with a prototype', '{"__proto__":{"user_ids":[1]}}', []],
    ['with a constructor', '{"constructor":{"prototype":{"user_ids":[1]}}}', []],
    ['that says the same twice', '{"user_ids":[1],"user_ids":["x"]}', []],
    ['with a comment', `/* x */${one}`, []],
    ['with more behind it', `${one}${one}`, []],
    ['in UTF-16', Buffer.from(one, 'utf16le'), []],
    ['that is packed', gzipSync(one), [json, 'Content-Encoding: gzip']],
    ['with digits of another script', '{"user_ids":["١"]}', []],
    ['with a line break in an id', '{"user_ids":["1\\n"]}', []],
    ['with a hexadecimal id', '{"user_ids":["0x1"]}', []],
    ['with an id of a thousand digits', `{"user_ids":["${'1'.repeat(1000)}"]}`, []],
    ['with a number of a thousand digits', `{"user_ids":[${'1'.repeat(1000)}]}`, []],
    ['with an array literal of SQL', '{"user_ids":["1}\'::text[]; drop table people; --"]}', []],
    ['with an object for an id', '{"user_ids":[{"toString":"1"}]}', []],
    [
      'with 100,000 users',
      JSON.stringify({ user_ids: Array.from({ length: 100_000 }, () => 1) }),
      [],
    ],
    ['with SQL for a feature', '{"features":[{"x\\"; drop table people; --":1}]}', []],
    ['as a form', 'user_ids=1', ['Content-Type: application/x-www-form-urlencoded']],
    ['as text', one, ['Content-Type: text/plain']],
    ['without a type', one, ['X: y']],
    ['as a file', one, ['Content-Type: multipart/form-data; boundary=x']],
  ])('%s is refused', async (_, body, headers) => {
    const answer = await post(body, ...headers)
    expectRefused(answer, 400, 'invalid-parameter')
    expect(answer.body.length).toBeLessThan(1000)
  })

  it('where features are tricked into a prototype changes nothing', async () => {
    const answer = await post('{"features":[{"__proto__":1}]}')
    expectRefused(answer, 503, 'no-model')
    expect(Object.keys({})).toEqual([])
  })

  it('of more than a mebibyte is refused', async () => {
    expectRefused(await post(`{"user_ids":[${'1,'.repeat(600_000)}1]}`), 413, 'body-too-large')
  })

  it.each([
    ['a query', '{"sql":"select 1"}'],
    ['anything', 'x'],
  ])('with %s runs no SQL while that is switched off', async (_, body) => {
    const headers = [json, `Content-Length: ${body.length}`]
    expectRefused(await send('POST /api/sql', headers, body), 404, 'not-found')
  })
})

describe('a request that is none', () => {
  const hidden = 'GET /api/tables/people HTTP/1.1\r\nHost: localhost\r\n\r\n'
  it.each<[string, Buffer]>([
    ['a negative length', rawRequest('POST /api/predictions', ['Content-Length: -1'], hidden)],
    ['a signed length', rawRequest('POST /api/predictions', ['Content-Length: +5'], hidden)],
    [
      'two lengths',
      rawRequest('POST /api/predictions', ['Content-Length: 0', 'Content-Length: 9'], hidden),
    ],
    ['a list of lengths', rawRequest('POST /api/predictions', ['Content-Length: 0, 9'], hidden)],
    [
      'an unknown coding',
      rawRequest('POST /api/predictions', ['Transfer-Encoding: chunked, gzip'], hidden),
    ],
    [
      'a chunk without a size',
      rawRequest('POST /api/predictions', ['Transfer-Encoding: chunked'], `x\r\n${hidden}`),
    ],
    [
      'a chunk of 2^68 bytes',
      rawRequest('POST /api/predictions', ['Transfer-Encoding: chunked'], `${'F'.repeat(17)}\r\n`),
    ],
    ['a folded header', rawRequest('GET /livez', ['X: a', ' b: c'])],
    ['a space before the colon', rawRequest('GET /livez', ['Content-Length : 5'])],
    ['a zero byte in a header', rawRequest('GET /livez', ['X: a\0b'])],
    ['a zero byte in the path', rawRequest('GET /livez\0')],
    ['a space in the path', rawRequest('GET /api/tables/people x')],
    ['an unknown method', rawRequest('HACK /livez')],
    ['HTTP/0.9', Buffer.from('GET /livez\r\n\r\n')],
    ['HTTP/3.7', Buffer.from('GET /livez HTTP/3.7\r\nHost: localhost\r\n\r\n')],
    ['TLS', Buffer.from('160301020001000001fc0303', 'hex')],
    ['two hosts', rawRequest('GET /livez', ['Host: localhost', 'Host: evil.example'])],
    ['a host that is none', rawRequest('GET /livez', ['Host: local host'])],
    ['a host with a path', rawRequest('GET /livez', ['Host: localhost/x'])],
    ['a host with a user', rawRequest('GET /api/tables', ['Host: localhost@evil.example'])],
  ])('%s is refused, and no second request comes out of it', async (_, bytes) => {
    const answer = await sendBytes(api.port, bytes)
    expect(answer.status === 0 || answer.status >= 400, answer.text).toBe(true)
    expect(answer.status).toBeLessThan(500)
    expect(answer.text.match(/HTTP\/1\.1 \d/g)?.length ?? 0).toBeLessThanOrEqual(1)
    if (answer.status > 0) {
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(codeOf(answer)).toMatch(/^api\//)
    }
    expect(answer.text).not.toContain('"data"')
    expectNoLeak(answer)
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY'])(
    '%s of what is there is refused',
    async (method) => {
      for (const path of ['/api/tables/people', '/api/predictions', '/api/typed/1']) {
        expectRefused(
          await send(`${method} ${path}`, ['X-Echo: CANARY']),
          405,
          'method-not-allowed',
        )
      }
    },
  )
})

it('leaves everything as it was', async () => {
  const page = await send('GET /api/tables/people?count=exact&limit=1')
  expect(page.body).toContain('"id":1,"name":"n1","email":null')
  expect(page.body).toContain('"count":5')
  expect((await send('GET /api/predictions?user_id=1')).status).toBe(200)
  expect((await send('GET /readyz')).status).toBe(200)
})
