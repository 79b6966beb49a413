import { describe, expect, it } from 'vitest'
import { openApiDocument } from '../../../../api/openapi/document.ts'
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
