/** All rows of a question as an HTTP answer that is streamed. */
import { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import { createEncoder, type StreamedFormat } from '../formats/create-encoder.ts'
import { type StreamEnd, streamRows } from '../formats/stream-rows.ts'
import { askTable } from './ask-table.ts'
import { openExport } from './open-export.ts'
import type { AskedTable } from './page-response.ts'
import type { PublishedTable } from './published-table.ts'
import { readQuestion } from './read-question.ts'
import { attachmentHeader, rowHeaders } from './row-headers.ts'

/** @throws what `askTable`, `readQuestion` and `openExport` throw; afterwards the connection is broken off */
export async function exportResponse(
  asked: AskedTable & { readonly format: StreamedFormat },
): Promise<Response> {
  const { context, service, query, request, format } = asked
  const { seal, exports, limits, log } = service
  const principal = context.get('principal')
  const ask = async (table: PublishedTable) => {
    const question = readQuestion(table, principal, query, format)
    const dependencies = { seal, exports, maxRows: limits.maxRows }
    return { question, ...(await openExport(table, question, format, dependencies)) }
  }
  const discard = ({ cursor }: { cursor: { close(): Promise<void> } }) => cursor.close()
  const found = await askTable(service.catalog, asked.name, principal, ask, discard)
  const { table, state, answer } = found
  const headers = { ...rowHeaders(request, table, state), ...attachmentHeader(table.name, format) }
  if (context.req.method === 'HEAD') {
    await answer.cursor.close()
    return context.body(null, 200, headers)
  }
  const { select, escapeFormulas } = answer.question
  const onEnd = ({ error, ...end }: StreamEnd) => {
    const about = { request_id: context.get('requestId'), table: table.name, format, ...end }
    if (error === undefined) log.info({ event: 'export.finished', ...about })
    else log.warn({ event: 'export.failed', ...about, err: error })
  }
  const encoder = createEncoder(format, select, escapeFormulas)
  const body = streamRows(answer.cursor, encoder, { limits, onEnd, breakOff: breakOffOf(context) })
  return context.body(body, 200, headers)
}

/** Under @hono/node-server the connection can be broken off, which a client cannot take for the end of the file. */
function breakOffOf(context: Context): (() => void) | undefined {
  const env: unknown = context.env
  const outgoing =
    typeof env === 'object' && env !== null && 'outgoing' in env ? env.outgoing : undefined
  if (!(outgoing instanceof ServerResponse)) return undefined
  return () => outgoing.destroy()
}
