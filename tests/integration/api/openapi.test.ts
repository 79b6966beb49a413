import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { isObject } from '../../../api/openapi/document.ts'
import { outlineOf } from '../../../api/openapi/outline.ts'
import { pagePolicy } from '../../../api/openapi/page.ts'
import type { OpenApiObject } from '../../../api/openapi/paths.ts'
import { type ServedApi, serveApi } from '../../../api/serve-api.ts'
import { settingsSchema } from '../../../core/settings.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { staleApiReference } from '../../../docs/openapi-reference.ts'
import { repository, runSql } from '../../support/api.ts'
import { makeShippedTables } from '../../support/shipped-tables.ts'

const schema = 'openapi_test'

describe('the API of this repository', () => {
  const url = () => inject('services').postgresUrl
  const ending = new AbortController()
  let api: ServedApi
  let document: OpenApiObject

  beforeAll(async () => {
    await makeShippedTables(url(), schema)
    const settings = settingsSchema.parse({}).api
    const where = { projectDir: repository, host: '127.0.0.1', port: 0, postgresUrl: url(), schema }
    api = await serveApi({ ...where, settings, log: silentLog }, ending.signal)
    // Whether it is one is what the first test asks.
    document = (await (await fetch(`${api.url}/openapi.json`)).json()) as OpenApiObject
  })
  afterAll(async () => {
    ending.abort()
    await api?.finished
    await runSql(
      url(),
      `drop schema ${schema} cascade; delete from millrace.published where schema_name = '${schema}'`,
    )
  })

  it('describes itself in a valid OpenAPI 3.1 document', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true })
    expect(document).toMatchObject({ openapi: '3.1.0', security: [{}, {}, {}] })
  })

  it('is what docs/openapi.json and docs/api-documentation.md say; `make docs` writes them', async () => {
    expect(await staleApiReference(url(), schema)).toEqual([])
  })

  it('answers every example of the document as the document says', async () => {
    const operations = outlineOf(document).groups.flatMap((group) => group.operations)
    const run: string[] = []
    for (const { id, example } of operations) {
      if (example === undefined) continue
      const body = example.body === undefined ? {} : { body: example.body }
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(api.url + example.url, {
        method: example.method,
        headers,
        ...body,
      })
      expect(response.status, `${example.url}: ${await response.clone().text()}`).toBe(200)
      const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
      const promised = answerOf(document, id)
      expect(Object.keys(promised), example.url).toContain(type)
      const declared = promised[type]
      if (type === 'application/json' && isObject(declared) && isObject(declared['schema'])) {
        // A JSON Schema of the document; formats such as int64 are hints.
        const parsed = z
          .fromJSONSchema(declared['schema'] as never)
          .safeParse(await response.json())
        expect(parsed.error?.issues, example.url).toBeUndefined()
      }
      run.push(id)
    }
    expect(run).toEqual(expect.arrayContaining(['active-users', 'listTables', 'live', 'ready']))
  })

  it('has a reference page that loads nothing, and says when it is the one already held', async () => {
    const page = await fetch(`${api.url}/docs`)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toBe(pagePolicy)
    const html = await page.text()
    expect(html).toContain('/api/active-users')
    expect(html).not.toMatch(/<script|https?:/)
    const etag = page.headers.get('etag') ?? ''
    const again = await fetch(`${api.url}/docs`, { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
  })

  it('tells a collector of this machine the age of each table, and what it has answered', async () => {
    await fetch(`${api.url}/api/active-users`)
    const text = await (await fetch(`${api.url}/metrics`)).text()
    expect(text).toMatch(
      /^http_requests_total\{route="\/api\/active-users",method="GET",status="200"\} \d/m,
    )
    expect(text).toMatch(/^millrace_table_freshness_seconds\{table="users"\} \d/m)
    expect(text).toMatch(/^millrace_table_version\{table="users"\} 7$/m)
    expect(text).toMatch(/^millrace_pool_connections\{pool="postgres",state="idle"\} \d/m)
    expect(text).toMatch(/^process_cpu_user_seconds_total /m)
  })

  it('is ready while its tables are there', async () => {
    const ready = await fetch(`${api.url}/readyz`)
    expect(await ready.json()).toEqual({
      status: 'ready',
      checks: { postgres: 'up', tables: 'up' },
    })
  })
})

/** Media type → what is promised of the 200 answer. */
function answerOf(document: OpenApiObject, id: string): OpenApiObject {
  const items = Object.values(isObject(document['paths']) ? document['paths'] : {})
  const operations = items.flatMap((item) => Object.values(isObject(item) ? item : {}))
  const found = operations.find((one) => isObject(one) && one['operationId'] === id)
  const responses = isObject(found) ? found['responses'] : undefined
  const good = isObject(responses) ? responses['200'] : undefined
  const content = isObject(good) ? good['content'] : undefined
  return isObject(content) ? content : {}
}
