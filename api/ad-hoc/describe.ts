/** What OpenAPI says of `POST /api/sql`. */
import { z } from 'zod'
import { formats } from '../formats/format.ts'
import type { OpenApiPaths, OpenApiValue } from '../openapi/paths.ts'
import { bodySchema } from './request-body.ts'

const problemContent: OpenApiValue = {
  'application/problem+json': { schema: { type: 'object' } },
}

/** The paths of this feature. @param schemas that may be read */
export function describeAdHoc(schemas: readonly string[]): OpenApiPaths {
  const { $schema: _, ...schema } = z.toJSONSchema(bodySchema, { io: 'input' })
  const text = { schema: { type: 'string' } }
  return {
    '/api/sql': {
      post: {
        operationId: 'runSql',
        summary: 'Run one SELECT on the lake',
        description: `Tables of ${schemas.join(', ')} can be read. One snapshot answers the whole query.`,
        tags: ['sql'],
        requestBody: {
          required: true,
          // Plain JSON, as JSON Schema is.
          content: { 'application/json': { schema: schema as OpenApiValue } },
        },
        responses: {
          200: {
            description: 'The rows; `X-Truncated: true` when there were more than one answer holds',
            headers: {
              'X-Table-Version': { description: '`lake=<snapshot>`', ...text },
              'X-As-Of': { description: 'When that snapshot was committed', ...text },
              'X-Truncated': { description: '`true` when rows were left out', ...text },
            },
            content: {
              [formats.json.contentType]: {
                schema: { type: 'array', items: { type: 'object' } },
              },
              'application/x-ndjson': text,
              'text/csv': text,
              [formats.parquet.contentType]: { schema: { type: 'string', format: 'binary' } },
            },
          },
          400: {
            description: 'Not one SELECT, or one that cannot be run',
            content: problemContent,
          },
          403: {
            description: 'A table, function or role that is not yours',
            content: problemContent,
          },
          406: { description: 'No such form of an answer', content: problemContent },
          413: { description: 'The query is too long', content: problemContent },
          429: { description: 'Too many of your queries run or wait', content: problemContent },
          503: { description: 'Busy, or the lake does not answer', content: problemContent },
          504: { description: 'The query took too long', content: problemContent },
        },
      },
    },
  }
}
