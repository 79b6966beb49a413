/** A page of a table as an HTTP answer. */
import type { Context } from 'hono'
import type { ApiEnvironment } from '../http/environment.ts'
import { answerPage } from './answer-page.ts'
import { askTable } from './ask-table.ts'
import type { PublishedTable } from './published-table.ts'
import { readQuestion } from './read-question.ts'
import { nextLink, type RowRequest, rowHeaders } from './row-headers.ts'
import type { TableService } from './service.ts'

export type AskedTable = {
  readonly context: Context<ApiEnvironment>
  readonly service: TableService
  readonly name: string
  readonly query: URLSearchParams
  readonly request: RowRequest
}

/** @throws what `askTable`, `readQuestion` and `answerPage` throw */
export async function pageResponse(asked: AskedTable): Promise<Response> {
  const { context, service, query, request } = asked
  const principal = context.get('principal')
  const caller = context.env?.outgoing
  const source: typeof service.source = {
    rows: (query) => service.source.rows({ ...query, caller }),
  }
  const ask = async (table: PublishedTable) => {
    const question = readQuestion(table, principal, query, 'json')
    return { question, ...(await answerPage(table, question, service.seal, source)) }
  }
  const { table, state, answer } = await askTable(service.catalog, asked.name, principal, ask)
  const { body, next, isCut, total, question } = answer
  const counted = { 'x-total-count': `${total}`, 'x-total-count-is': question.count ?? 'exact' }
  return context.body(body, 200, {
    ...rowHeaders(request, table, state),
    ...(next === null ? {} : { link: nextLink(request.url, next) }),
    ...(isCut && next === null ? { 'x-truncated': 'true' } : {}),
    ...(total === undefined ? {} : counted),
  })
}
