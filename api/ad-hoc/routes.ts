/** `POST /api/sql`: one SELECT on the lake, run in a child process. */
import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { problem } from '../../core/problems.ts'
import { requireRole } from '../access/principal.ts'
import { chooseFormat, formats, mediaTypeOf } from '../formats/format.ts'
import type { ApiEnvironment } from '../http/environment.ts'
import { type DescribedTables, masksFor } from './described-tables.ts'
import type { Pool } from './pool.ts'
import type { AnswerFormat } from './protocol.ts'
import { maxSqlLength, readBody } from './request-body.ts'

export type AdHocService = {
  readonly pool: Pick<Pool, 'run'>
  /** Callers need one of them; none: every caller may. */
  readonly roles: readonly string[]
  /** Of the lake, that may be read. */
  readonly schemas: readonly string[]
  /** What the project says of its tables. */
  readonly describedTables: () => Promise<DescribedTables>
}

const answerFormats: readonly AnswerFormat[] = ['json', 'ndjson', 'csv', 'parquet']
// Every character of SQL may take six in JSON; parameters come on top.
const maxBodyBytes = maxSqlLength * 6

/** Adds the route. */
export function addAdHocRoutes(app: Hono<ApiEnvironment>, service: AdHocService): void {
  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw problem('api/sql-too-long', { limit: maxSqlLength })
    },
  })
  app.post('/api/sql', limit, (context) => answer(context, service))
}

async function answer(
  context: Context<ApiEnvironment>,
  { pool, roles, describedTables }: AdHocService,
): Promise<Response> {
  const principal = context.get('principal')
  requireRole(principal, roles)
  const { sql, parameters, format: asked } = await readBody(context)
  const format = toAnswerFormat(chooseFormat(asked, context.req.header('accept')))
  const described = await describedTables().catch((cause: unknown) => {
    throw problem('api/sql-unavailable', {}, { cause })
  })
  const masks = masksFor(principal, described)
  const request = { sql, parameters, format, masks }
  const { head, body } = await pool.run(request, principal.id, context.req.raw.signal)
  return new Response(body, {
    headers: {
      'content-type': formats[format].contentType,
      'cache-control': 'private, no-store',
      vary: 'Accept',
      'x-table-version': `lake=${head.snapshot}`,
      'x-as-of': head.asOf,
      ...(head.truncated ? { 'x-truncated': 'true' } : {}),
    },
  })
}

function toAnswerFormat(name: string): AnswerFormat {
  const found = answerFormats.find((format) => format === name)
  if (found !== undefined) return found
  throw problem('api/not-acceptable', { offered: answerFormats.map(mediaTypeOf) })
}
