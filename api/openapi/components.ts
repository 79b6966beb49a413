/** What all operations have in common: problems, headers, how a caller says who he is. */
import type { OpenApiObject, OpenApiValue } from './paths.ts'

const text = { type: 'string' } as const

const problemSchema: OpenApiValue = {
  type: 'object',
  description: 'A problem (RFC 9457). `code` never changes; wording may.',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { ...text, description: 'URI of the kind of problem' },
    title: { ...text, description: 'Name of the status' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { ...text, description: 'What is wrong, in a sentence' },
    code: { ...text, pattern: '^api/[a-z0-9-]+$', description: 'For programs' },
    hint: { ...text, description: 'What to do' },
    request_id: { ...text, description: 'To be found in the log; also the header `X-Request-Id`' },
  },
}

const headers: OpenApiObject = {
  RequestId: { description: 'Names this request in the log', schema: text },
  RetryAfter: {
    description: 'Seconds to wait before the next try',
    schema: { type: 'integer', minimum: 0 },
  },
  WwwAuthenticate: { description: '`Bearer`', schema: text },
  RateLimit: {
    description: 'What is left of the limit and for how long, as `"caller";r=599;t=60`',
    schema: text,
  },
}

const ref = (kind: string, name: string): OpenApiObject => ({
  $ref: `#/components/${kind}/${name}`,
})

/** Every answer has them. */
export const commonHeaders: OpenApiObject = { 'X-Request-Id': ref('headers', 'RequestId') }

/** Of answers with these statuses, besides those of every one. */
export const statusHeaders: Readonly<Record<string, OpenApiObject>> = {
  401: { 'WWW-Authenticate': ref('headers', 'WwwAuthenticate') },
  429: {
    'Retry-After': ref('headers', 'RetryAfter'),
    RateLimit: ref('headers', 'RateLimit'),
  },
  503: { 'Retry-After': ref('headers', 'RetryAfter') },
}

/** Content of every problem. */
export const problemContent: OpenApiObject = {
  'application/problem+json': { schema: ref('schemas', 'Problem') },
}

const problemResponse = (description: string, status?: string): OpenApiObject => ({
  description,
  headers: { ...commonHeaders, ...(status === undefined ? {} : statusHeaders[status]) },
  content: problemContent,
})

/** What any route may answer, whatever it is for. */
export const commonResponses: OpenApiObject = {
  400: ref('responses', 'Malformed'),
  401: ref('responses', 'Unauthorized'),
  429: ref('responses', 'TooManyRequests'),
  503: ref('responses', 'Unavailable'),
  default: ref('responses', 'Problem'),
}

export const components: OpenApiObject = {
  schemas: { Problem: problemSchema },
  headers,
  responses: {
    Malformed: problemResponse('The request cannot be understood; the answer names what is wrong'),
    Unauthorized: problemResponse('The key or token is missing, wrong or expired', '401'),
    TooManyRequests: problemResponse('You ask more often than allowed', '429'),
    Unavailable: problemResponse(
      'The process is busy or stopping, or what it needs does not answer',
      '503',
    ),
    Problem: problemResponse('Any other problem'),
  },
  securitySchemes: {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      description: 'A key of `millrace keys create`, or a JWT of the identity provider',
    },
    key: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'The same key' },
  },
}
