/** The OpenAPI document: what every feature says of its routes, in one. */
import {
  commonHeaders,
  commonResponses,
  components,
  problemContent,
  statusHeaders,
} from './components.ts'
import type { OpenApiObject, OpenApiOperation, OpenApiPaths, OpenApiValue } from './paths.ts'

export type DocumentOptions = {
  /** Callers need no key. */
  readonly isOpen: boolean
  /** Tells who reads it; operations with roles are left out for who has none of them. Default: all are in it. */
  readonly hasRole?: (roles: readonly string[]) => boolean
}

const description =
  `Published tables, SQL endpoints and predictions. Errors are problem details (RFC 9457) with
\`code\`, \`detail\` and \`request_id\`. Answers made of published tables say in \`X-Table-Version\` and \`X-As-Of\`
which version of them they are.`.replaceAll('\n', ' ')

const tagMeanings: Readonly<Record<string, string>> = {
  endpoints: 'SQL files of api/endpoints',
  tables: 'Every published table with `api: true`',
  predictions: 'Scores of the model',
  sql: 'SQL of callers, on the lake',
  operation: 'For those who run the API',
}

/** An OpenAPI 3.1 document of the paths of all features. */
export function openApiDocument(
  features: readonly OpenApiPaths[],
  options: DocumentOptions = { isOpen: true },
): OpenApiObject {
  const paths = features.flatMap((feature) => Object.entries(feature))
  const shown = paths.flatMap(([path, item]) => {
    const operations = Object.entries(item).filter(([, one]) => isShown(one, options))
    const entries = operations.map(([method, operation]) => [method, complete(operation)] as const)
    return entries.length === 0 ? [] : [[path, Object.fromEntries(entries)] as const]
  })
  const tags = new Set(paths.flatMap(([, item]) => Object.values(item).flatMap(({ tags }) => tags)))
  const everyone: OpenApiValue[] = options.isOpen ? [{}] : []
  return toJson({
    openapi: '3.1.0',
    info: { title: 'Millrace', version: '1', description },
    servers: [{ url: '/' }],
    tags: [...tags].map((name) => ({ name, description: tagMeanings[name] ?? name })),
    security: [...withKey, ...everyone],
    paths: Object.fromEntries(shown),
    components,
  })
}

function isShown(
  { roles = [], tableRoles = [] }: OpenApiOperation,
  { hasRole }: DocumentOptions,
): boolean {
  const asked = [roles, ...tableRoles].filter((list) => list.length > 0)
  return hasRole === undefined || asked.every(hasRole)
}

const withKey: readonly OpenApiValue[] = [{ bearer: [] }, { key: [] }]

/** With what holds for every operation. */
function complete(described: OpenApiOperation): OpenApiObject {
  const { roles, tableRoles, isProbe, keyIsOptional, ...operation } = described
  const common = isProbe === true ? {} : commonResponses
  const own = Object.entries(operation.responses).map(
    ([status, response]) => [status, completeResponse(status, response)] as const,
  )
  return toJson({
    ...operation,
    responses: { ...common, ...Object.fromEntries(own) },
    ...(isProbe === true ? { security: [{}] } : {}),
    ...(keyIsOptional === true ? { security: [{}, ...withKey] } : {}),
  })
}

function completeResponse(status: string, response: OpenApiValue): OpenApiValue {
  if (!isObject(response) || '$ref' in response) return response
  const { headers, content } = response
  const isProblem = isObject(content) && 'application/problem+json' in content
  return {
    ...response,
    headers: { ...commonHeaders, ...statusHeaders[status], ...(isObject(headers) ? headers : {}) },
    ...(isProblem ? { content: problemContent } : {}),
  }
}

/** Tells an object from the other values. */
export function isObject(value: OpenApiValue | undefined): value is OpenApiObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Plain JSON: undefined values are left out. */
function toJson(value: unknown): OpenApiObject {
  return JSON.parse(JSON.stringify(value))
}
