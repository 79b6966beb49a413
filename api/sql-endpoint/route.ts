/** SQL endpoints as routes. */
import type { Context, Hono } from 'hono'
import { problem } from '../../core/problems.ts'
import { type Principal, requireRole } from '../access/principal.ts'
import type { ApiEnvironment } from '../http/environment.ts'
import { etagOf, matchesEtag } from '../http/etag.ts'
import type { KnownRequests } from '../http/known-requests.ts'
import { routeOf } from '../http/observe-requests.ts'
import type { Caller } from '../sources/running-statements.ts'
import { nextLink } from '../tables/row-headers.ts'
import type { AnswerState } from './answer-state.ts'
import { pathParameters } from './parse-endpoint.ts'
import type { ParameterValue } from './parse-value.ts'
import { takePage } from './read-page.ts'
import { readParameters } from './read-parameters.ts'
import { askState, type EndpointAnswer, runEndpoint } from './run-endpoint.ts'
import type { CheckedEndpoint, ServedEndpoint } from './served-endpoint.ts'
import type { EndpointService, ReadyAnswer } from './service.ts'
import { mayReadTables, refuseUnlessChanged } from './table-roles.ts'

type ApiContext = Context<ApiEnvironment>

/** Adds all endpoints; HEAD is answered like GET, without the body. */
export function addSqlRoutes(
  app: Hono<ApiEnvironment>,
  service: EndpointService,
  known?: KnownRequests,
): void {
  for (const served of service.endpoints.toSorted(byPath)) {
    const { header } = served.endpoint
    const names = pathParameters(header.path)
    const read = header.cache_seconds > 0 ? remembering(readRequest) : readRequest
    app.get(header.path.replaceAll(/\{([a-z0-9_]+)\}/g, ':$1'), (context) =>
      answer(context, (hides) => read(context, names, served, hides), served, service, known),
    )
  }
}

/** The first route that fits answers: where one path has a word and the other a parameter, the word comes first. */
function byPath(left: ServedEndpoint, right: ServedEndpoint): number {
  const key = ({ endpoint }: ServedEndpoint) => endpoint.header.path.replaceAll(/\{[^}]*\}/g, '~')
  return key(left) < key(right) ? -1 : 1
}

/** One request, read. */
type Asked = {
  readonly values: readonly ParameterValue[]
  readonly limit: number
  readonly cursor: string | undefined
  readonly hidesPersonalData: boolean
  /** Everything that decides the answer but the tables. */
  readonly key: string
  /** The whole address. */
  readonly url: string
}

async function answer(
  context: ApiContext,
  read: (hidesPersonalData: boolean) => Asked,
  served: ServedEndpoint,
  service: EndpointService,
  known?: KnownRequests,
): Promise<Response> {
  const { header } = served.endpoint
  const principal = context.get('principal')
  requireRole(principal, header.roles)
  if (header.personal_data === 'refuse' && !principal.seesPersonalData) {
    throw problem('api/forbidden', {})
  }
  if (!mayReadTables(principal, served)) {
    await refuseUnlessChanged(principal, served, service.sources)
  }
  const hidesPersonalData = header.personal_data !== 'none' && !principal.seesPersonalData
  const asked = read(hidesPersonalData)
  const ifNoneMatch = context.req.header('if-none-match')
  const ready =
    header.cache_seconds > 0
      ? (service.cache.peek(asked.key) ??
        (await service.cache.get(asked.key, header.cache_seconds, () =>
          makeReady(asked, served, service),
        )))
      : ((await unchanged(asked, served, service, ifNoneMatch)) ??
        (await makeReady(asked, served, service, context.env?.outgoing)))
  // A publish may have changed them while the rows were read, and the first request learns of them only then.
  if (!mayReadTables(principal, served)) throw problem('api/forbidden', {})
  const isPrivate = !isForEverybody(principal, served)
  const headers = isPrivate ? { ...ready.headers, ...privately(ready.headers) } : ready.headers
  const { etag } = ready.headers
  if (known !== undefined && !isPrivate && header.cache_seconds > 0) {
    learn(known, context, () =>
      isForEverybody(principal, served) ? service.cache.peek(asked.key) : undefined,
    )
  }
  // Not by `context.body`, which takes the headers apart one by one.
  return etag !== undefined && matchesEtag(ifNoneMatch, etag)
    ? new Response(null, { status: 304, headers })
    : new Response(ready.body, { headers })
}

/** When not everybody gets the answer, nobody else may keep it. */
function isForEverybody({ kind }: Principal, served: ServedEndpoint): boolean {
  const { roles } = served.endpoint.header
  const isGuarded = roles.length > 0 || (served.known()?.tableRoles.length ?? 0) > 0
  return kind === 'anonymous' && !isGuarded
}

function learn(
  known: KnownRequests,
  context: ApiContext,
  read: () => ReadyAnswer | undefined,
): void {
  const incoming = context.env?.incoming
  if (incoming === undefined) return
  const { path } = context.req
  known.learn(incoming, {
    path,
    route: routeOf(context),
    principal: context.get('principal').id,
    read,
  })
}

const maxRemembered = 1000

/** The same address is read once: an answer that is kept should cost little more than sending it. */
function remembering(read: typeof readRequest): typeof readRequest {
  const requests = new Map<string, Asked>()
  return (context, names, served, hidesPersonalData) => {
    const key = `${hidesPersonalData} ${context.req.url}`
    const known = requests.get(key)
    if (known !== undefined) return known
    const asked = read(context, names, served, hidesPersonalData)
    if (requests.size >= maxRemembered) requests.clear()
    requests.set(key, asked)
    return asked
  }
}

function privately(headers: Readonly<Record<string, string>>): Record<string, string> {
  const cache = headers['cache-control'] ?? ''
  return cache.startsWith('max-age') ? { 'cache-control': `private, ${cache}` } : {}
}

function readRequest(
  context: ApiContext,
  names: readonly string[],
  { endpoint: { header, sql }, fingerprint }: ServedEndpoint,
  hidesPersonalData: boolean,
): Asked {
  const { url } = context.req
  // The whole address need not be taken apart.
  const mark = url.indexOf('?')
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const path = new Map(names.map((name) => [name, context.req.param(name) ?? '']))
  const { limit, cursor } = takePage(header, query)
  const read = readParameters(header.parameters, query, path)
  const values = sql.names.map((name) => read.get(name) ?? null)
  const key = JSON.stringify([fingerprint, hidesPersonalData, limit, cursor ?? null, values])
  return { values, limit, cursor, hidesPersonalData, key, url }
}

/** The headers alone when the caller has what he would get; that costs one look at the ledger. */
async function unchanged(
  asked: Asked,
  served: ServedEndpoint,
  service: EndpointService,
  ifNoneMatch: string | undefined,
): Promise<ReadyAnswer | undefined> {
  const checked = served.known()
  if (ifNoneMatch === undefined || checked?.facts.isTaggable !== true) return undefined
  const state = await askState(checked, service.sources)
  const etag = tagOf(asked, checked, state, sealOf(served, service))
  if (!matchesEtag(ifNoneMatch, etag)) return undefined
  return { body: '', headers: headersOf(served, state, etag) }
}

function tagOf(
  { key }: Asked,
  { facts }: CheckedEndpoint,
  state: AnswerState,
  sealIdentity: string,
): string {
  const types = facts.columns.map(({ name, type }) => `${name} ${type}`)
  return etagOf([key, state.identity, types.join(), sealIdentity])
}

/** Who has a page whose cursor is refused by now has to get another one; only pages hold cursors. */
function sealOf({ endpoint }: ServedEndpoint, { seal }: EndpointService): string {
  return endpoint.header.page === undefined ? '' : seal.identity
}

async function makeReady(
  asked: Asked,
  served: ServedEndpoint,
  service: EndpointService,
  caller?: Caller,
): Promise<ReadyAnswer> {
  const { values, limit, cursor, hidesPersonalData } = asked
  const scope = JSON.stringify([served.fingerprint, hidesPersonalData, values])
  const after = cursor === undefined ? undefined : service.seal.open(cursor, scope)
  const question = { values, hidesPersonalData, limit, after, caller }
  const answer = await runEndpoint(served, question, service.sources)
  const checked = served.known()
  const etag =
    checked !== undefined && answer.isTaggable
      ? tagOf(asked, checked, answer.state, sealOf(served, service))
      : undefined
  const headers = headersOf(served, answer.state, etag)
  if (served.endpoint.header.page === undefined) {
    const cut = answer.truncated ? { 'x-truncated': 'true' } : {}
    return { body: answer.rows, headers: { ...headers, ...cut } }
  }
  return pageOf(asked, answer, headers, (keys) => service.seal.seal(keys, scope))
}

function pageOf(
  { url }: Asked,
  { rows, last }: EndpointAnswer,
  headers: Readonly<Record<string, string>>,
  seal: (keys: readonly (string | null)[]) => string,
): ReadyAnswer {
  if (last === undefined) return { body: `{"data":${rows},"next":null}`, headers }
  const next = seal(last)
  return {
    body: `{"data":${rows},"next":${JSON.stringify(next)}}`,
    headers: { ...headers, link: nextLink(url, next) },
  }
}

function headersOf(
  { endpoint: { header } }: ServedEndpoint,
  { versions, asOf }: AnswerState,
  etag: string | undefined,
): Record<string, string> {
  const kept = header.cache_seconds > 0 ? `max-age=${header.cache_seconds}` : undefined
  const cache = kept ?? (etag === undefined ? 'no-store' : 'private, no-cache')
  return {
    'content-type': 'application/json',
    'cache-control': cache,
    vary: 'Authorization, X-Api-Key',
    ...(versions === undefined ? {} : { 'x-table-version': versions }),
    ...(asOf === undefined ? {} : { 'x-as-of': asOf }),
    ...(etag === undefined ? {} : { etag }),
  }
}
