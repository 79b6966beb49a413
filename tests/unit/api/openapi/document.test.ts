import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { toPrincipal } from '../../../../api/access/principal.ts'
import type { ApiEnvironment } from '../../../../api/http/environment.ts'
import { openApiDocument } from '../../../../api/openapi/document.ts'
import { addOpenApiRoutes } from '../../../../api/openapi/routes.ts'
import { describeSqlEndpoints } from '../../../../api/sql-endpoint/describe.ts'
import { parseEndpoint } from '../../../../api/sql-endpoint/parse-endpoint.ts'

const orders = parseEndpoint(
  'api/endpoints/orders.sql',
  `/* ---
path: /api/users/{user_id}/orders
summary: Orders of one user
parameters:
  user_id: { type: integer, minimum: 1, description: Whose }
  since: { type: date, default: null }
  state: { type: string, default: open, max_length: 10 }
--- */
select :user_id as user_id, :since as since, :state as state`,
)

describe('the OpenAPI document', () => {
  it('is not mixed up with that of callers whose roles are written alike', async () => {
    const path = { operationId: 'x', summary: 'x', tags: [], responses: {}, roles: ['b'] }
    const features = [{ '/api/hidden': { get: path } }]
    const app = new Hono<ApiEnvironment>()
    app.use((context, next) => {
      const roles: string[] = JSON.parse(context.req.header('x-roles') ?? '[]')
      context.set('principal', toPrincipal('token', 'token:x', roles, []))
      return next()
    })
    addOpenApiRoutes(app, { features: () => features, isOpen: false })
    const as = async (roles: readonly string[]) =>
      await (
        await app.request('/openapi.json', { headers: { 'x-roles': JSON.stringify(roles) } })
      ).text()
    expect(await as(['a', 'b'])).toContain('/api/hidden')
    expect(await as(['a,b'])).not.toContain('/api/hidden')
  })

  it('has a path for each endpoint, with its parameters and their limits', () => {
    const document = openApiDocument([describeSqlEndpoints([{ endpoint: orders }])])
    expect(document).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/api/users/{user_id}/orders': {
          get: {
            operationId: 'orders',
            parameters: [
              {
                name: 'user_id',
                in: 'path',
                required: true,
                description: 'Whose',
                schema: { type: 'integer', format: 'int64', minimum: 1 },
              },
              { name: 'since', in: 'query', required: false, schema: { format: 'date' } },
              {
                name: 'state',
                in: 'query',
                required: false,
                schema: { type: 'string', maxLength: 10, default: 'open' },
              },
            ],
          },
        },
      },
    })
  })
})
