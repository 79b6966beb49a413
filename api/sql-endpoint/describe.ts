/** What OpenAPI says of the SQL endpoints: their headers, put in its words. */
import type { OpenApiOperation, OpenApiPaths, OpenApiValue } from '../openapi/paths.ts'
import { jsonTypeOf, type KindName } from '../sources/column-kind.ts'
import type { AnswerColumn } from './facts.ts'
import type { EndpointHeader, ParameterSpec } from './header.ts'
import { type Endpoint, pathParameters } from './parse-endpoint.ts'

/** An endpoint, and what is known of its answer once it has been checked. */
export type DescribedEndpoint = {
  readonly endpoint: Endpoint
  readonly columns?: readonly AnswerColumn[] | undefined
  readonly tableRoles?: readonly (readonly string[])[] | undefined
}

/** One path an endpoint. */
export function describeSqlEndpoints(endpoints: readonly DescribedEndpoint[]): OpenApiPaths {
  return Object.fromEntries(
    endpoints.map((described) => [described.endpoint.header.path, { get: operationOf(described) }]),
  )
}

function operationOf(described: DescribedEndpoint): OpenApiOperation {
  const { endpoint, columns, tableRoles = [] } = described
  const { name, header } = endpoint
  const inPath = pathParameters(header.path)
  const schema = answerSchema(header, rowSchema(columns))
  const problem: OpenApiValue = { 'application/problem+json': { schema: { type: 'object' } } }
  const asked = [header.roles, ...tableRoles].some((roles) => roles.length > 0)
  const isGuarded = asked || header.personal_data === 'refuse'
  return {
    operationId: name,
    summary: header.summary,
    tags: ['endpoints'],
    roles: header.roles,
    tableRoles,
    parameters: [
      ...Object.entries(header.parameters).map(([parameter, spec]) =>
        parameterOf(parameter, spec, inPath.includes(parameter)),
      ),
      ...pageParameters(header),
    ],
    responses: {
      200: {
        description: 'The answer',
        headers: answerHeaders,
        content: { 'application/json': { schema } },
      },
      304: { description: 'What `If-None-Match` names is still the answer' },
      400: { description: 'A parameter is unknown, missing or wrong', content: problem },
      ...(isGuarded ? { 403: { description: 'A role is missing', content: problem } } : {}),
      ...(header.shape === 'object'
        ? { 404: { description: 'There is no such row', content: problem } }
        : {}),
      503: { description: 'The database does not answer', content: problem },
      504: { description: `It took longer than ${header.timeout_ms} ms`, content: problem },
    },
  }
}

const answerHeaders: OpenApiValue = {
  'X-Table-Version': {
    description: 'Snapshot of the lake of each table that was read: `users=57, user_activity=61`',
    schema: { type: 'string' },
  },
  'X-As-Of': {
    description: 'When the oldest of these snapshots was committed',
    schema: { type: 'string', format: 'date-time' },
  },
}

function answerSchema({ shape, page }: EndpointHeader, row: OpenApiValue): OpenApiValue {
  if (shape === 'object') return row
  const rows: OpenApiValue = { type: 'array', items: row }
  if (page === undefined) return rows
  return {
    type: 'object',
    required: ['data', 'next'],
    properties: {
      data: rows,
      next: {
        type: ['string', 'null'],
        description: 'The cursor of the next page; null after the last one',
      },
    },
  }
}

/** Any column may be NULL: PostgreSQL promises of no expression that it is not. */
function rowSchema(columns: readonly AnswerColumn[] | undefined): OpenApiValue {
  if (columns === undefined) return { type: 'object' }
  return {
    type: 'object',
    required: columns.map(({ name }) => name),
    properties: Object.fromEntries(columns.map((column) => [column.name, columnSchema(column)])),
  }
}

const formats: Readonly<Partial<Record<KindName, string>>> = {
  int16: 'int32',
  int32: 'int32',
  int64: 'int64',
  date: 'date',
  timestamptz: 'date-time',
  uuid: 'uuid',
}

function columnSchema({ kind, isPersonal }: AnswerColumn): OpenApiValue {
  const type = jsonTypeOf(kind.name)
  const format = formats[kind.name]
  const about = isPersonal ? 'Personal data: null without the right to see it' : undefined
  return {
    ...(type === 'any' ? {} : { type: [type, 'null'] }),
    ...(format === undefined ? {} : { format }),
    ...(about === undefined ? {} : { description: about }),
  }
}

function pageParameters({ page }: EndpointHeader): OpenApiValue[] {
  if (page === undefined) return []
  const { size, max_size: maximum } = page
  return [
    {
      name: 'limit',
      in: 'query',
      required: false,
      description: 'Rows of the page',
      schema: { type: 'integer', minimum: 1, maximum, default: size },
    },
    {
      name: 'cursor',
      in: 'query',
      required: false,
      description: '`next` of the page before',
      schema: { type: 'string' },
    },
  ]
}

function parameterOf(name: string, spec: ParameterSpec, isInPath: boolean): OpenApiValue {
  return {
    name,
    in: isInPath ? 'path' : 'query',
    required: isInPath || spec.default === undefined,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    schema: schemaOf(spec),
    ...(spec.example === undefined ? {} : { example: spec.example }),
  }
}

const types: Readonly<Record<ParameterSpec['type'], { readonly [key: string]: string }>> = {
  integer: { type: 'integer', format: 'int64' },
  number: { type: 'number' },
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  timestamp: { type: 'string', format: 'date-time' },
}

function schemaOf(spec: ParameterSpec): OpenApiValue {
  const { minimum, maximum, max_length: maxLength, default: byDefault } = spec
  return {
    ...types[spec.type],
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(spec.enum === undefined ? {} : { enum: spec.enum }),
    ...(byDefault === undefined || byDefault === null ? {} : { default: byDefault }),
  }
}
