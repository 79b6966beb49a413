/** `/openapi.json` and `/docs`: what the caller may ask for, and nothing of the rest. */
import type { Context, Hono } from 'hono'
import { hasRole, type Principal } from '../access/principal.ts'
import type { ApiEnvironment } from '../http/environment.ts'
import { etagOf, matchesEtag } from '../http/etag.ts'
import { openApiDocument } from './document.ts'
import { outlineOf } from './outline.ts'
import { pagePolicy, renderPage } from './page.ts'
import type { OpenApiPaths } from './paths.ts'

export type OpenApiSource = {
  /** The paths as they are now; the same object while nothing changes. */
  readonly features: () => readonly OpenApiPaths[]
  readonly isOpen: boolean
}

type Rendered = { readonly json: string; readonly page: string; readonly etag: string }

/** Callers with different roles see different documents; more of them than this are not kept. */
const keptDocuments = 50

/** Adds both routes. */
export function addOpenApiRoutes(app: Hono<ApiEnvironment>, source: OpenApiSource): void {
  const render = keepRendered(source)
  app.get('/openapi.json', (context) => {
    const { json, etag } = render(context.get('principal'))
    return send(context, json, etag, { 'content-type': 'application/json' })
  })
  app.get('/docs', (context) => {
    const { page, etag } = render(context.get('principal'))
    return send(context, page, etag, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pagePolicy,
    })
  })
}

function send(
  context: Context<ApiEnvironment>,
  body: string,
  etag: string,
  headers: Readonly<Record<string, string>>,
): Response {
  const kept = { etag, 'cache-control': 'private, no-cache', vary: 'Authorization, X-Api-Key' }
  const isKnown = matchesEtag(context.req.header('if-none-match'), etag)
  return isKnown ? context.body(null, 304, kept) : context.body(body, 200, { ...headers, ...kept })
}

function keepRendered({ features, isOpen }: OpenApiSource): (principal: Principal) => Rendered {
  let rendered = new Map<string, Rendered>()
  let last: readonly OpenApiPaths[] | undefined
  return (principal) => {
    const current = features()
    if (current !== last) rendered = new Map()
    last = current
    const key = JSON.stringify([...principal.roles].sort())
    const held = rendered.get(key)
    if (held !== undefined) return held
    const hasOne = (roles: readonly string[]) => hasRole(principal, roles)
    const document = openApiDocument(current, { isOpen, hasRole: hasOne })
    const json = JSON.stringify(document)
    const page = renderPage(outlineOf(document), '')
    const made = { json, page, etag: etagOf([json]) }
    if (rendered.size < keptDocuments) rendered.set(key, made)
    return made
  }
}
