/** What OpenAPI says of the routes for those who run the API. */
import type { OpenApiOperation, OpenApiPaths, OpenApiValue } from './paths.ts'

const tags = ['operation']
const states: OpenApiValue = {
  type: 'object',
  description:
    'One entry for each dependency. `absent`: no model is deployed; `unknown`: it was not asked yet',
  additionalProperties: { enum: ['up', 'down', 'absent', 'unknown'] },
}
const ages: OpenApiValue = {
  type: 'object',
  description: 'Seconds since what is held of it was read, or since it was last asked',
  additionalProperties: { type: 'integer', minimum: 0 },
}

/** `/livez`, `/readyz`, `/metrics`, `/openapi.json`, `/docs`. @param metricsRoles one of which /metrics asks for */
export function describeCare(metricsRoles: readonly string[]): OpenApiPaths {
  return {
    '/livez': {
      get: {
        operationId: 'live',
        summary: 'Does the process run?',
        tags,
        isProbe: true,
        responses: {
          200: json('It does', {
            type: 'object',
            required: ['status'],
            properties: { status: { const: 'alive' } },
          }),
        },
      },
    },
    '/readyz': { get: ready },
    '/metrics': {
      get: {
        operationId: 'metrics',
        summary: 'Figures for Prometheus',
        description: `For collectors of the same machine, and with one of the roles: ${metricsRoles.join(', ') || 'none'}.`,
        tags,
        keyIsOptional: true,
        responses: {
          200: {
            description: 'The figures',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
          403: {
            description: 'You have no role for it',
            content: { 'application/problem+json': {} },
          },
        },
      },
    },
    '/openapi.json': {
      get: {
        operationId: 'openapi',
        summary: 'This document: what you may ask for',
        tags,
        responses: { 200: json('OpenAPI 3.1', { type: 'object' }) },
      },
    },
    '/docs': {
      get: {
        operationId: 'docs',
        summary: 'This document as a page to read',
        tags,
        responses: {
          200: { description: 'A page', content: { 'text/html': { schema: { type: 'string' } } } },
        },
      },
    },
  }
}

const ready: OpenApiOperation = {
  operationId: 'ready',
  summary: 'Does everything answer that requests need?',
  tags,
  isProbe: true,
  responses: {
    200: json('It does; `degraded`: something does not that most requests can do without', {
      type: 'object',
      required: ['status', 'checks'],
      properties: { status: { enum: ['ready', 'degraded'] }, checks: states, age_seconds: ages },
    }),
    503: {
      description: 'Something does not, or the process is about to end',
      content: { 'application/problem+json': {} },
    },
  },
}

function json(meaning: string, schema: OpenApiValue): OpenApiValue {
  return { description: meaning, content: { 'application/json': { schema } } }
}
