/** The body of `POST /api/sql`. */
import type { Context } from 'hono'
import { z } from 'zod'
import { problem } from '../../core/problems.ts'
import { readJsonBody } from '../http/json-body.ts'

/** Characters; the parser needs some hundred bytes for each. */
export const maxSqlLength = 50_000

/** Also what OpenAPI says of it. */
export const bodySchema = z.strictObject({
  sql: z.string().min(1).max(maxSqlLength).describe('One SELECT, in the SQL of DuckDB'),
  parameters: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/),
      z.union([z.string().max(maxSqlLength), z.number(), z.boolean(), z.null()]),
    )
    .default({})
    .describe('Values for `$name` in the query; always bound, never put into the text'),
  format: z
    .enum(['json', 'ndjson', 'csv', 'parquet'])
    .optional()
    .describe('Form of the answer; wins over `Accept`'),
})

/** Reads the body. @throws `api/invalid-parameter`, which names the field */
export async function readBody(context: Context): Promise<z.output<typeof bodySchema>> {
  const body = await readJsonBody(context, bodySchema)
  for (const [name, value] of Object.entries(body.parameters)) {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      const reason = 'has more digits than a number of JSON keeps; give it as a string'
      throw problem('api/invalid-parameter', { name: `parameters.${name}`, reason })
    }
  }
  return body
}
