/** `GET /api/tables`, `/api/tables/{name}` and `/api/tables/{name}/schema`. */
import type { Context, Hono } from 'hono'
import { problem } from '../../core/problems.ts'
import { chooseFormat } from '../formats/format.ts'
import type { ApiEnvironment } from '../http/environment.ts'
import { matchesEtag } from '../http/etag.ts'
import { askTable, readableTables } from './ask-table.ts'
import { stateStatement } from './catalog-query.ts'
import { describeTable } from './describe-table.ts'
import { exportResponse } from './export-response.ts'
import { pageResponse } from './page-response.ts'
import type { PublishedTable } from './published-table.ts'
import { readQuestion } from './read-question.ts'
import { readState } from './read-state.ts'
import { type RowRequest, rowHeaders, tagOf } from './row-headers.ts'
import type { TableService } from './service.ts'

type ApiContext = Context<ApiEnvironment>

/** Adds the routes; HEAD is answered like GET, without the body. */
export function addTablesRoutes(app: Hono<ApiEnvironment>, service: TableService): void {
  app.get('/api/tables', async (context) => {
    refuseParameters(context)
    await service.catalog.reload()
    const principal = context.get('principal')
    const tables = readableTables(service.catalog, principal)
    context.header('cache-control', 'private, no-cache')
    return context.json({ data: tables.map((table) => describeTable(table, principal)) })
  })
  app.get('/api/tables/:name/schema', async (context) => {
    refuseParameters(context)
    const { table } = await askState(context, service)
    context.header('cache-control', 'private, no-cache')
    return context.json(describeTable(table, context.get('principal')))
  })
  app.get('/api/tables/:name', async (context) => {
    const { url } = context.req
    const query = new URL(url).searchParams
    const format = chooseFormat(query.get('format') ?? undefined, context.req.header('accept'))
    const { seesPersonalData } = context.get('principal')
    const sealIdentity = service.seal.identity
    const request = { url, format, seesPersonalData, sealIdentity }
    const unchanged = await answerUnchanged(context, service, request)
    if (unchanged !== undefined) return unchanged
    const asked = { context, service, query, request, name: nameOf(context) }
    return format === 'json'
      ? await pageResponse(asked)
      : await exportResponse({ ...asked, format })
  })
}

function nameOf(context: ApiContext): string {
  return context.req.param('name') ?? ''
}

function refuseParameters(context: ApiContext): void {
  const [name] = new URL(context.req.url).searchParams.keys()
  if (name !== undefined) throw problem('api/unknown-parameter', { name, known: [] })
}

/** The state alone; the same rules as for rows decide who gets it. */
async function askState(context: ApiContext, { catalog, source }: TableService) {
  const ask = async (table: PublishedTable) => {
    const text = `select (${stateStatement(table.schema, table.name)})`
    const [row] = await source.rows({ text, values: [], timeoutMs: 5000 })
    return { state: readState(row) }
  }
  return await askTable(catalog, nameOf(context), context.get('principal'), ask)
}

/** 304 when the caller has what he would get; that costs one look at the ledger. */
async function answerUnchanged(
  context: ApiContext,
  service: TableService,
  request: RowRequest,
): Promise<Response | undefined> {
  const ifNoneMatch = context.req.header('if-none-match')
  if (ifNoneMatch === undefined) return undefined
  const { table, state } = await askState(context, service)
  const query = new URL(request.url).searchParams
  // A wrong question is answered as one, whatever the caller says he has.
  readQuestion(table, request, query, request.format)
  const etag = tagOf(request, table, state)
  if (etag === undefined || !matchesEtag(ifNoneMatch, etag)) return undefined
  return context.body(null, 304, rowHeaders(request, table, state))
}
