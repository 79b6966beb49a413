import { describe, expect, it } from 'vitest'
import { openApiDocument } from '../../../../api/openapi/document.ts'
import { renderMarkdown } from '../../../../api/openapi/markdown.ts'
import { outlineOf } from '../../../../api/openapi/outline.ts'
import { pagePolicy, renderPage } from '../../../../api/openapi/page.ts'
import type { OpenApiPaths } from '../../../../api/openapi/paths.ts'

const orders: OpenApiPaths = {
  '/api/users/{user_id}/orders': {
    get: {
      operationId: 'orders',
      summary: 'Orders <b>of</b> one user',
      tags: ['endpoints'],
      parameters: [
        {
          name: 'user_id',
          in: 'path',
          required: true,
          example: 7,
          schema: { type: 'integer', format: 'int64', minimum: 1, maximum: 9 },
        },
        { name: 'since', in: 'query', example: '2024-01-01', schema: { type: 'string' } },
        { name: 'state', in: 'query', schema: { enum: ['open', 'paid'], default: 'open' } },
      ],
      responses: {
        200: {
          description: 'The orders',
          headers: { 'X-Total': { description: 'How many | all', schema: { type: 'integer' } } },
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['data'],
                properties: {
                  data: {
                    type: 'array',
                    items: {
                      type: 'object',
                      properties: { id: { type: ['integer', 'null'], description: 'Which' } },
                    },
                  },
                },
              },
            },
          },
        },
        404: { description: 'None', content: { 'application/problem+json': {} } },
      },
    },
    post: {
      operationId: 'addOrder',
      summary: 'Add one',
      tags: ['endpoints'],
      roles: ['clerk'],
      requestBody: {
        content: { 'application/json': { example: { text: "it's" }, schema: { type: 'object' } } },
      },
      responses: { 200: { description: 'Added' } },
    },
  },
}

describe('the document', () => {
  it('gives every answer a request id, and every problem the one schema', () => {
    expect(openApiDocument([orders])).toMatchObject({
      paths: {
        '/api/users/{user_id}/orders': {
          get: {
            responses: {
              200: { headers: { 'X-Request-Id': {}, 'X-Total': {} } },
              404: {
                content: {
                  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
                },
              },
              503: { $ref: '#/components/responses/Unavailable' },
            },
          },
        },
      },
    })
  })

  it('says that a key is needed, or that none is', () => {
    const schemes = [{ bearer: [] }, { key: [] }]
    expect(openApiDocument([orders], { isOpen: false })).toHaveProperty('security', schemes)
    expect(openApiDocument([orders], { isOpen: true })).toHaveProperty('security', [...schemes, {}])
  })

  it('leaves out what the reader has no role for, and tells no role', () => {
    const text = (isClerk: boolean) =>
      JSON.stringify(openApiDocument([orders], { isOpen: false, hasRole: () => isClerk }))
    expect(text(true)).toContain('addOrder')
    expect(text(true)).not.toContain('clerk')
    expect(text(false)).not.toContain('addOrder')
    expect(text(false)).toContain('"orders"')
  })
})

describe('the reference', () => {
  const outline = outlineOf(openApiDocument([orders]))
  const operations = outline.groups.flatMap((group) => group.operations)

  it('has a request that works for each operation whose examples are known', () => {
    expect(operations.map(({ example }) => example)).toEqual([
      { method: 'GET', url: '/api/users/7/orders?since=2024-01-01', body: undefined },
      // Its path has a parameter that it does not declare, so nothing is put in its place.
      { method: 'POST', url: '/api/users/{user_id}/orders', body: `{"text":"it's"}` },
    ])
  })

  it('puts schemas in words and names nested fields', () => {
    expect(operations[0]?.parameters.map(({ type }) => type)).toEqual([
      'integer (int64), 1 to 9',
      'string',
      'open or paid, default open',
    ])
    expect(operations[0]?.answers.find(({ status }) => status === '200')?.fields).toMatchObject([
      { path: 'data', type: 'array of object', isRequired: true },
      { path: 'data[].id', type: 'integer or null', isRequired: false, description: 'Which' },
    ])
  })

  it('is Markdown with command lines that a shell understands', () => {
    const text = renderMarkdown(outline, 'http://127.0.0.1:8080')
    expect(text).toContain("curl 'http://127.0.0.1:8080/api/users/7/orders?since=2024-01-01'")
    expect(text).toContain(`-d '{"text":"it'\\''s"}'`)
    expect(text).toContain('| `X-Total` | How many \\| all |')
    expect(text).toContain('| `user_id` (needed) | path | integer (int64), 1 to 9 |  |')
  })

  it('is a page without script and without anything from elsewhere, under a policy that allows neither', () => {
    const page = renderPage(outline, '')
    expect(page).not.toMatch(/<script|src=|@import|url\(|https?:|javascript:|style=| on\w+=/i)
    expect(page).toContain('Orders &lt;b&gt;of&lt;/b&gt; one user')
    expect(pagePolicy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; /)
  })
})
