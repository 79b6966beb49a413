/** What OpenAPI says of the SQL endpoints: their headers, put in its words. */
import type { OpenApiOperation, OpenApiPaths, OpenApiValue } from '../openapi/paths.ts'
import type { ParameterSpec } from './header.ts'
import { type Endpoint, pathParameters } from './parse-endpoint.ts'

/** One path an endpoint. */
export function describeSqlEndpoints(endpoints: readonly Endpoint[]): OpenApiPaths {
  return Object.fromEntries(
    endpoints.map((endpoint) => [endpoint.header.path, { get: operationOf(endpoint) }]),
  )
}

function operationOf({ name, header }: Endpoint): OpenApiOperation {
  const inPath = pathParameters(header.path)
  const row: OpenApiValue = { type: 'object' }
  const schema: OpenApiValue = header.shape === 'object' ? row : { type: 'array', items: row }
  const problem: OpenApiValue = { 'application/problem+json': { schema: { type: 'object' } } }
  return {
    operationId: name,
    summary: header.summary,
    tags: ['endpoints'],
    parameters: Object.entries(header.parameters).map(([parameter, spec]) =>
      parameterOf(parameter, spec, inPath.includes(parameter)),
    ),
    responses: {
      200: { description: 'The answer', content: { 'application/json': { schema } } },
      400: { description: 'A parameter is unknown, missing or wrong', content: problem },
      ...(header.shape === 'object'
        ? { 404: { description: 'There is no such row', content: problem } }
        : {}),
      503: { description: 'PostgreSQL does not answer', content: problem },
      504: { description: `It took longer than ${header.timeout_ms} ms`, content: problem },
    },
  }
}

function parameterOf(name: string, spec: ParameterSpec, isInPath: boolean): OpenApiValue {
  return {
    name,
    in: isInPath ? 'path' : 'query',
    required: isInPath || spec.default === undefined,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    schema: schemaOf(spec),
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
    ...(byDefault === undefined || byDefault === null ? {} : { default: byDefault }),
  }
}
