import fc from 'fast-check'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { anonymous, type Principal } from '../../../api/access/principal.ts'
import type { ApiEnvironment } from '../../../api/http/environment.ts'
import { problemResponse } from '../../../api/http/problem-response.ts'
import { createCursorSeal } from '../../../api/tables/cursor.ts'
import { addTablesRoutes } from '../../../api/tables/routes.ts'
import { migrate } from '../../../transform/publish/migrate.ts'
import { openTestApi, runSql, type TestApi } from '../../support/api.ts'
import { openPublishFixture, request } from '../../support/publish-fixture.ts'
import { servedSql } from '../../support/served-table.ts'

const schema = 'api_tables'

const people = `
  create table people (
    id bigint primary key, name text, email text, age int, score numeric(10,2), born date,
    seen timestamptz, doc jsonb, "Odd ""name""" text default 'o');
  insert into people
  select i, case when i % 5 > 0 then chr(97 + i % 3) || i end, i || '@example.org', 20 + i % 4,
    case when i % 4 > 0 then i * 1.25 end, date '2024-01-01' + i,
    timestamptz '2024-01-01T00:00:00Z' + i * interval '1 hour', jsonb_build_object('n', i)
  from generate_series(1, 30) i;`

/** The service under other principals than that of open mode. */
function appAs(api: TestApi, principal: Partial<Principal>) {
  const app = new Hono<ApiEnvironment>()
  app.use((context, next) => {
    context.set('principal', { ...anonymous, ...principal })
    return next()
  })
  addTablesRoutes(app, api.tables)
  app.onError((error, context) => problemResponse(context, error))
  return app
}

type Page = { readonly data: Record<string, unknown>[]; readonly next: string | null }

/** All pages from the first to the last. */
async function readPages(app: Hono<ApiEnvironment>, path: string): Promise<Page['data'][]> {
  const pages: Page['data'][] = []
  for (let address: string | undefined = path; address !== undefined; ) {
    const response = await app.request(address)
    expect(response.status, address).toBe(200)
    // The shape is what the tests below compare.
    const page = (await response.json()) as Page
    pages.push(page.data)
    address = /<(.*)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    expect(address === undefined).toBe(page.next === null)
  }
  return pages
}

describe('tables', () => {
  const url = () => inject('services').postgresUrl
  let api: TestApi
  const served = (more: Omit<Parameters<typeof servedSql>[0], 'schema'>) =>
    servedSql({ schema, ...more })
  const codeOf = async (path: string) => {
    const { body } = await api.get(path)
    return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
  }

  beforeAll(async () => {
    await migrate(url(), { schema, withTables: false })
    const setup = `${people}
      create table secrets (id int primary key); create table hidden (id int primary key);
      create table names (id int primary key, shown_row text, t text, k0 text, "limit" text, doc text, page text);
      insert into names values (1, 'a', 'b', 'c', 'd', 'e', 'f'), (2, 'a', 'b', 'c', 'd', 'e', 'f');
      create table keyless (a int); insert into keyless select generate_series(1, 5);
      create table merged (id int primary key); insert into merged select generate_series(1, 20);
      create table nulls (id int primary key, a int, b float8, c text);
      insert into nulls select i, nullif(i % 4, 0), case i % 5 when 0 then null when 1 then 'NaN'::float8 else i % 3 end,
        nullif(chr(97 + i % 3), 'a') from generate_series(1, 40) i;
      ${served({ table: 'people', rows: 30, pii: ['email'] })}
      ${served({ table: 'secrets', roles: ['auditor'] })}
      ${served({ table: 'hidden', api: false })}
      ${served({ table: 'keyless' })}
      ${served({ table: 'names' })}
      ${served({ table: 'merged', strategy: 'merge', rows: 20 })}
      ${served({ table: 'nulls' })}`
    api = await openTestApi(url(), schema, { setup })
  })
  afterAll(async () => {
    await api.close()
    await runSql(url(), `delete from millrace.published where schema_name = '${schema}'`)
  })

  it('lists those that the caller may read, with columns, key and version', async () => {
    const { body } = await api.get('/api/tables')
    expect(body).toMatchObject({
      data: [
        { name: 'keyless', unique_key: [] },
        { name: 'merged' },
        { name: 'names' },
        { name: 'nulls' },
        {
          name: 'people',
          description: 'About people',
          url: '/api/tables/people',
          version: 7,
          as_of: '2024-11-25T12:00:00.000000Z',
          rows_estimate: 30,
          unique_key: ['id'],
        },
      ],
    })
    const schemaOf = await api.get('/api/tables/people/schema')
    expect(schemaOf.body).toHaveProperty('columns.2', {
      name: 'email',
      type: 'string',
      postgres_type: 'text',
      nullable: true,
      description: '',
      pii: true,
      masked: true,
      filterable: false,
    })
    expect(schemaOf.body).toHaveProperty('columns.4.postgres_type', 'numeric(10,2)')
  })

  it('answers a page as JSON, with all digits, in the order of the key, and says which version it is', async () => {
    const { text, headers } = await api.get('/api/tables/people?limit=2&select=id,score,born,seen')
    expect(text).toMatch(
      /^\{"data":\[\{"id":1,"score":1\.25,"born":"2024-01-02","seen":"2024-01-01T01:00:00\+00:00"\},\{"id":2,.*\],"next":"[\w-]+"\}$/,
    )
    expect(headers.get('x-table-version')).toBe('people=7')
    expect(headers.get('x-as-of')).toBe('2024-11-25T12:00:00.000000Z')
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('private, no-cache')
    const last = await api.get('/api/tables/people?id=gte.29&select=id')
    expect(last.text).toBe('{"data":[{"id":29},{"id":30}],"next":null}')
    expect(last.headers.get('link')).toBeNull()
    expect((await api.get('/api/tables/people?id=eq.0')).text).toBe('{"data":[],"next":null}')
  })

  it('is not confused by what columns are called', async () => {
    const row = { id: 1, shown_row: 'a', t: 'b', k0: 'c', limit: 'd', doc: 'e', page: 'f' }
    const path = '/api/tables/names?and=(limit.eq.d)&limit=1'
    expect((await api.get(path)).body).toMatchObject({ data: [row], next: expect.any(String) })
    const ordered = await api.get('/api/tables/names?order=shown_row,k0&select=id')
    expect(ordered.body).toMatchObject({ data: [{ id: 1 }, { id: 2 }] })
    const lines = await api.app.request(`${path}&format=ndjson`)
    expect(JSON.parse(await lines.text())).toEqual(row)
  })

  it.each([
    ['id=gte.3&id=lt.6', '3,4,5'],
    ['name=like.a*&id=lte.10', '3,6,9'],
    ['name=is.null', '5,10,15,20,25,30'],
    ['id=in.(1,30,99)', '1,30'],
    ['id=not.in.(1,2)&id=lt.5', '3,4'],
    ['score=eq.1.250', '1'],
    ['born=eq.2024-01-04', '3'],
    ['seen=lte.2024-01-01T03:00:00%2B01:00', '1,2'],
    ['or=(id.eq.1,and(age.eq.23,id.gt.25))', '1,27'],
    ['Odd "name"=eq.o&id=eq.7', '7'],
    ['name=ilike.A3&or=(age.eq.23,age.is.null)', '3'],
  ])('filters by %s', async (query, ids) => {
    const { body } = await api.get(`/api/tables/people?${query}&select=id`)
    const page = body as Page // compared right away
    expect(page.data.map(({ id }) => id).join()).toBe(ids)
  })

  it.each([
    ['people?nope=eq.1', 400, 'api/unknown-parameter'],
    ['people?select=nope', 400, 'api/unknown-column'],
    ['people?select="id"', 400, 'api/unknown-column'],
    ['people?order=id;drop table people', 400, 'api/unknown-column'],
    ["people?id=eq.1'--", 400, 'api/invalid-filter'],
    ['people?id=eq.1&id=1', 400, 'api/invalid-filter'],
    ['people?limit=10001', 400, 'api/invalid-parameter'],
    ['people?format=xml', 400, 'api/invalid-parameter'],
    ['people?cursor=AAAA', 400, 'api/invalid-cursor'],
    ['people?format=csv&count=exact', 400, 'api/invalid-parameter'],
    ['people?email=eq.a', 403, 'api/masked-column'],
    ['people?order=email', 403, 'api/masked-column'],
    ['people?score=eq.1e999', 200, undefined],
    ['nulls?b=eq.1e999', 400, 'api/values-out-of-range'],
    ['secrets', 403, 'api/forbidden'],
    ['secrets/schema', 403, 'api/forbidden'],
    ['hidden', 404, 'api/unknown-table'],
    ['pg_class', 404, 'api/unknown-table'],
    ['__proto__', 404, 'api/unknown-table'],
    ['people%22', 404, 'api/unknown-table'],
    ['..%2Fpeople', 404, 'api/unknown-table'],
    ['people/schema?x=1', 400, 'api/unknown-parameter'],
  ])('answers %s with %i', async (path, status, code) => {
    const response = await api.get(`/api/tables/${path}`)
    expect([response.status, await codeOf(`/api/tables/${path}`)]).toEqual([status, code])
    expect(response.text).not.toMatch(/select |from |syntax|millrace\.published/)
  })

  it('names the nearest table and column, but none that the caller may not read', async () => {
    expect((await api.get('/api/tables/peeple')).text).toContain('did you mean people?')
    expect((await api.get('/api/tables/secret')).text).not.toContain('secrets')
    expect((await api.get('/api/tables/people?select=scor')).text).toContain('did you mean score?')
  })

  it('counts only when it is asked to', async () => {
    const exact = await api.get('/api/tables/people?count=exact&id=gt.10&limit=1&select=id')
    expect(exact.body).toMatchObject({ data: [{ id: 11 }], count: 20 })
    expect(exact.headers.get('x-total-count')).toBe('20')
    expect(exact.headers.get('x-total-count-is')).toBe('exact')
    const whole = await api.get('/api/tables/people?count=estimated&limit=1')
    expect(whole.body).toMatchObject({ count: 30 })
    const estimated = await api.get('/api/tables/people?count=estimated&id=eq.1')
    expect(estimated.headers.get('x-total-count')).toMatch(/^\d+$/)
    expect(estimated.headers.get('x-total-count-is')).toBe('estimated')
    expect((await api.get('/api/tables/people')).headers.get('x-total-count')).toBeNull()
  })

  it('shows personal data, and lets it be filtered by, only to who may see it', async () => {
    const path = '/api/tables/people?id=eq.1&select=email'
    expect((await api.get(path)).text).toContain('[{"email":null}]')
    const trusted = appAs(api, { seesPersonalData: true })
    expect(await (await trusted.request(path)).text()).toContain('[{"email":"1@example.org"}]')
    const found = await trusted.request('/api/tables/people?email=eq.2@example.org&select=id')
    expect(await found.json()).toMatchObject({ data: [{ id: 2 }] })
    for (const format of ['csv', 'ndjson', 'parquet', 'arrow']) {
      const response = await api.app.request(`/api/tables/people?format=${format}`)
      const text = await response.text()
      expect(text).not.toContain('example.org')
    }
  })

  it('opens a table with roles to who has one of them', async () => {
    const auditor = appAs(api, { roles: new Set(['auditor']) })
    expect((await auditor.request('/api/tables/secrets')).status).toBe(200)
    expect(await (await auditor.request('/api/tables')).text()).toContain('"secrets"')
  })

  it('does not page by a key that it does not have, and says that rows are missing', async () => {
    const { headers, body } = await api.get('/api/tables/keyless?limit=2&order=a')
    expect(body).toEqual({ data: [{ a: 1 }, { a: 2 }], next: null })
    expect(headers.get('x-truncated')).toBe('true')
    expect(await codeOf('/api/tables/keyless?cursor=AAAA')).toBe('api/no-key')
  })

  it('takes a cursor only for the table, order, filters and rights that it was made for', async () => {
    const first = (await api.get('/api/tables/people?limit=1&id=gt.1')).body as Page
    const cursor = `cursor=${first.next}`
    const good = `/api/tables/people?id=gt.1&select=id&limit=1&${cursor}`
    expect((await api.get(good)).body).toMatchObject({ data: [{ id: 3 }] })
    for (const other of ['people?', 'people?id=gt.2&', 'people?id=gt.1&order=age&', 'nulls?']) {
      expect(await codeOf(`/api/tables/${other}${cursor}`)).toBe('api/invalid-cursor')
    }
    const trusted = appAs(api, { seesPersonalData: true })
    expect((await trusted.request(good)).status).toBe(400)
  })

  it('keeps its place when a new version comes between two pages', async () => {
    const first = (await api.get('/api/tables/merged?limit=10')).body as Page
    await runSql(
      url(),
      `delete from ${schema}.merged where id in (10, 11); insert into ${schema}.merged values (-1), (99);
       ${served({ table: 'merged', strategy: 'merge', rows: 20, version: 8 })}`,
    )
    const second = await api.get(`/api/tables/merged?limit=10&cursor=${first.next}`)
    const page = second.body as Page
    expect(page.data.map(({ id }) => id)).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 99])
    expect(second.headers.get('x-table-version')).toBe('merged=8')
  })

  it('pages through every order of rows with nulls and equals exactly as PostgreSQL sorts them', async () => {
    const direction = fc.constantFrom('', '.asc', '.desc')
    const nulls = fc.constantFrom('', '.nullsfirst', '.nullslast')
    const term = (name: string) => fc.tuple(direction, nulls).map((parts) => name + parts.join(''))
    const orders = fc
      .shuffledSubarray(['a', 'b', 'c', 'id'], { minLength: 1 })
      .chain((names) => fc.tuple(...names.map(term)))
    await fc.assert(
      fc.asyncProperty(orders, fc.integer({ min: 1, max: 15 }), async (terms, limit) => {
        const path = `/api/tables/nulls?order=${terms.join()}&select=id`
        const paged = await readPages(api.app, `${path}&limit=${limit}`)
        const whole = await readPages(api.app, path)
        expect(paged.flat()).toEqual(whole.flat())
        expect(paged.flat()).toHaveLength(40)
        expect(paged.slice(0, -1).every((page) => page.length === limit)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('ends a page before it grows beyond its bytes', async () => {
    const rows =
      'insert into wide select i, repeat(chr(65 + i), 6 * 1024 * 1024) from generate_series(1, 5) i'
    await runSql(
      url(),
      `set search_path = ${schema}; create table wide (id int primary key, t text); ${rows}; ${served({ table: 'wide' })}`,
    )
    const pages = await readPages(api.app, '/api/tables/wide')
    expect(pages.map((page) => page.length)).toEqual([3, 2])
  })

  it('answers 304 to who has the same version, and a new answer after a publish', async () => {
    const path = '/api/tables/people?limit=1'
    const etag = (await api.get(path)).headers.get('etag') ?? ''
    const again = await api.get(path, { headers: { 'if-none-match': etag } })
    expect([again.status, again.text]).toEqual([304, ''])
    expect(again.headers.get('x-table-version')).toBe('people=7')
    const csv = await api.app.request(`${path}&format=csv`, { headers: { 'if-none-match': etag } })
    expect(csv.status).toBe(200)
    await csv.text()
    const trusted = appAs(api, { seesPersonalData: true })
    expect((await trusted.request(path, { headers: { 'if-none-match': etag } })).status).toBe(200)
    const wrong = await api.get('/api/tables/people?limit=x', { headers: { 'if-none-match': '*' } })
    expect(wrong.status).toBe(400)
    await runSql(url(), served({ table: 'people', rows: 30, pii: ['email'], version: 9 }))
    const fresh = await api.get(path, { headers: { 'if-none-match': etag } })
    expect([fresh.status, fresh.headers.get('x-table-version')]).toEqual([200, 'people=9'])
  })

  it('answers no 304 whose cursor another process sealed', async () => {
    const path = '/api/tables/names?limit=1'
    const etag = (await api.get(path)).headers.get('etag') ?? ''
    const restarted = appAs(
      { ...api, tables: { ...api.tables, seal: createCursorSeal('another') } },
      {},
    )
    const headers = { 'if-none-match': etag }
    expect((await api.get(path, { headers })).status).toBe(304)
    const again = await restarted.request(path, { headers })
    expect(again.status).toBe(200)
    // The shape is what the next line needs.
    const { next } = (await again.json()) as Page
    expect((await restarted.request(`${path}&cursor=${next}`)).status).toBe(200)
    const file = (await restarted.request(`${path}&format=csv`)).headers.get('etag') ?? ''
    const csv = { headers: { 'if-none-match': file } }
    expect((await api.get(`${path}&format=csv`, csv)).status).toBe(304)
  })

  it.each([
    ['bytea', `decode(lpad(to_hex(i), 4, '0'), 'hex')`],
    ['interval', `i * interval '1 day 3 hours'`],
    ['integer[]', 'array[i / 3, i]'],
    ['jsonb', `jsonb_build_object('n', i)`],
    ['"Odd kind"', `(array['x', 'it''s', 'z'])[i]::"Odd kind"`],
    ['char(8)', `'k' || i`],
    ['inet', `'10.0.0.0'::inet + i`],
  ])('pages by a key of type %s', async (type, value) => {
    await runSql(
      url(),
      `set search_path = ${schema}; drop table if exists odd_keys;
       do $$ begin create type "Odd kind" as enum ('x', 'it''s', 'z'); exception when duplicate_object then end $$;
       create table odd_keys (n int, id ${type} primary key);
       insert into odd_keys select i, ${value} from generate_series(1, 3) i; ${served({ table: 'odd_keys' })}`,
    )
    const pages = await readPages(api.app, '/api/tables/odd_keys?select=n&limit=1')
    expect(pages).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]])
    const mixed = await readPages(api.app, '/api/tables/odd_keys?select=n&limit=1&order=n.desc')
    expect(mixed).toEqual([[{ n: 3 }], [{ n: 2 }], [{ n: 1 }]])
  })

  it('gives no cursor that it would refuse for its length', async () => {
    await runSql(
      url(),
      `set search_path = ${schema}; create table long_keys (id text primary key);
       insert into long_keys values ('a'), (repeat('b', 5000)), ('c'); ${served({ table: 'long_keys' })}`,
    )
    const path = '/api/tables/long_keys?limit=1'
    const { next } = (await api.get(path)).body as Page
    const second = await api.get(`${path}&cursor=${next}`)
    expect([second.status, second.body]).toEqual([200, expect.objectContaining({ next: null })])
    expect(second.headers.get('x-truncated')).toBe('true')
  })

  it('gives no tag to a table into which others write as well', async () => {
    const { headers } = await api.get('/api/tables/merged')
    expect(headers.get('etag')).toBeNull()
  })

  it('masks a column from the moment on in which the table is published so', async () => {
    const path = '/api/tables/people?select=name&limit=1'
    expect((await api.get(path)).text).toContain('"name":"b1"')
    await runSql(url(), served({ table: 'people', rows: 30, pii: ['email', 'name'], version: 9 }))
    expect((await api.get(path)).text).toContain('"name":null')
    await runSql(url(), served({ table: 'people', rows: 30, pii: ['email'], version: 9 }))
    expect((await api.get(path)).text).toContain('"name":"b1"')
    await runSql(url(), served({ table: 'people', api: false }))
    expect((await api.get(path)).status).toBe(404)
    await runSql(url(), served({ table: 'people', rows: 30, pii: ['email'] }))
    expect((await api.get(path)).status).toBe(200)
  })
})

describe('a refusal by what is known of a table', () => {
  const known = 'api_tables_known'
  const url = () => inject('services').postgresUrl
  let api: TestApi
  beforeAll(async () => {
    await migrate(url(), { schema: known, withTables: false })
    api = await openTestApi(url(), known)
  })
  afterAll(async () => {
    await api.close()
    await runSql(url(), `delete from millrace.published where schema_name = '${known}'`)
  })
  const publish = (columns: string, contract: Partial<Parameters<typeof servedSql>[0]>) =>
    runSql(
      url(),
      `set search_path = ${known}; drop table if exists wages; create table wages (${columns});
       ${servedSql({ schema: known, table: 'wages', ...contract })}`,
    )

  type Contract = Parameters<typeof publish>[1]
  it.each<[string, string, number, [string, Contract], [string, Contract]]>([
    ['a role', '', 403, ['a int', { roles: ['hr'] }], ['a int', { version: 8 }]],
    ['a mask', '?a=eq.1', 403, ['a int', { pii: ['a'] }], ['a int', { version: 8 }]],
    ['a filter', '?b=eq.1', 400, ['a int', {}], ['a int, b int', { version: 8 }]],
    ['a selection', '?select=b', 400, ['a int', {}], ['a int, b int', { version: 8 }]],
    ['a type', '?a=eq.x', 400, ['a int', {}], ['a text', { version: 8 }]],
    ['an order', '?order=a', 400, ['a jsonb', {}], ['a int', { version: 8 }]],
    ['the rows', '?format=csv', 400, ['a int', { rows: 1e9 }], ['a int', { version: 8 }]],
  ])('ends with the publish that ends its reason: %s', async (_, query, status, before, after) => {
    const ask = async (path: string) => (await api.app.request(`/api/tables/wages${path}`)).status
    await publish(...before)
    await api.tables.catalog.reload()
    expect(await ask(query)).toBe(status)
    await publish(...after)
    expect(await ask(query)).toBe(200)
  })
})

describe('tables that are published while they are read', () => {
  it('shows each version with its own columns and never one with the rows of another', async () => {
    await using fixture = await openPublishFixture(inject('services').postgresUrl)
    const contract = { uniqueKey: ['id'], api: true, roles: [], piiColumns: [] }
    const publish = async (columns: string) => {
      const snapshot = await fixture.build(
        `create or replace table lake.marts.t as select range as id, ${columns} from range(50)`,
      )
      await fixture.publish([request('t', contract)])
      return snapshot
    }
    const api = await openTestApi(fixture.url, 'public')
    expect((await api.get('/api/tables/t')).status).toBe(404)
    const versions = [await publish('1::integer as v')]
    let isOver = false
    const reads: { readonly version: number; readonly values: readonly unknown[] }[] = []
    const reader = (async () => {
      while (!isOver) {
        const { status, headers, body } = await api.get('/api/tables/t?v=not.is.null')
        expect(status).toBe(200)
        const page = body as Page
        const version = Number(headers.get('x-table-version')?.split('=')[1])
        reads.push({ version, values: [...new Set(page.data.map(({ v }) => v))] })
        expect(page.data).toHaveLength(50)
      }
    })()
    for (const columns of [
      "'2' as v",
      '3::integer as v',
      'true as more, 4::bigint as v',
      '5 as v',
    ]) {
      versions.push(await publish(columns))
      await api.get('/api/tables/t')
    }
    isOver = true
    await reader
    const expected = [1, '2', 3, 4, 5]
    for (const { version, values } of reads) {
      expect(values).toEqual([expected[versions.indexOf(version)]])
    }
    expect((await api.get('/api/tables/t?v=eq.5&limit=1')).body).toMatchObject({ data: [{ v: 5 }] })
    await api.close()
  })
})
