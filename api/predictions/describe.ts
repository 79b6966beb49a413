/** What OpenAPI says of `/api/predictions`. */
import { z } from 'zod'
import type { OpenApiOperation, OpenApiPaths, OpenApiValue } from '../openapi/paths.ts'
import { bodySchema, userIdPattern } from './read-request.ts'

const text = { type: 'string' } as const
const instant = { type: 'string', format: 'date-time' } as const
const userId = { type: 'integer', format: 'int64' } as const

const fields = {
  score: { type: 'number', minimum: 0, maximum: 1, description: 'Probability of a purchase' },
  model_name: text,
  model_version: text,
  source: {
    enum: ['endpoint', 'local', 'batch'],
    description: '`endpoint`, `local`: computed now; `batch`: the stored score, see age_seconds',
  },
  computed_at: instant,
  age_seconds: { type: 'integer', minimum: 0, description: 'Since it was computed' },
  as_of: {
    type: ['string', 'null'],
    format: 'date-time',
    description: 'Events before this were known; null when the features were given',
  },
  reasons: {
    type: 'array',
    description:
      'What moved the score, the strongest first; only when the model says so, and in time',
    items: {
      type: 'object',
      required: ['feature', 'value', 'contribution'],
      properties: {
        feature: text,
        value: { type: ['number', 'null'] },
        contribution: { type: 'number', description: 'Added to the log-odds' },
      },
    },
  },
} as const

const required = Object.keys(fields).filter((name) => name !== 'reasons')

const predictionSchema: OpenApiValue = {
  type: 'object',
  required: ['user_id', ...required],
  properties: { user_id: userId, ...fields },
}

const entrySchema: OpenApiValue = {
  oneOf: [
    {
      type: 'object',
      required: ['status', ...required],
      properties: { user_id: userId, status: { const: 'ok' }, ...fields },
    },
    {
      type: 'object',
      required: ['user_id', 'status', 'score'],
      properties: { user_id: userId, status: { const: 'unknown' }, score: { type: 'null' } },
    },
  ],
}

const headers: OpenApiValue = {
  'X-Table-Version': {
    description: '`predictions=57`: the snapshot of the lake that stored scores are from',
    schema: text,
  },
  'X-Model-Version': {
    description: '`purchase-likelihood="12"`: the models that answered, and their versions',
    schema: text,
  },
  'X-As-Of': { description: 'The oldest `as_of` of the answer', schema: text },
}

const problems = {
  400: problem('A parameter or field is wrong; the answer names it'),
  403: problem('Your roles do not allow this'),
  503: problem('No model is deployed and no score is stored, or nothing answers at the moment'),
} as const

/** The paths of this feature. @param computes features can be given */
export function describePredictions(computes: boolean): OpenApiPaths {
  return { '/api/predictions': { get: oneOperation(), post: manyOperation(computes) } }
}

function oneOperation(): OpenApiOperation {
  return {
    operationId: 'predictUser',
    summary: 'How likely a user is to buy',
    description: 'Computed by the deployed model, or else the last stored score with its age.',
    tags: ['predictions'],
    parameters: [
      {
        name: 'user_id',
        in: 'query',
        required: true,
        example: '123',
        schema: { type: 'string', pattern: userIdPattern.source },
      },
      {
        name: 'reasons',
        in: 'query',
        required: false,
        description: 'Say what moved the score, if the model can',
        schema: { enum: ['true', 'false'], default: 'true' },
      },
    ],
    responses: {
      200: json('The prediction', predictionSchema),
      ...problems,
      404: problem('Nobody knows this user'),
    },
  }
}

function manyOperation(computes: boolean): OpenApiOperation {
  const list = {
    type: 'object',
    required: ['data'],
    properties: { data: { type: 'array', items: entrySchema } },
  }
  return {
    operationId: 'predictMany',
    summary: 'How likely up to 500 users are to buy',
    description:
      'One entry for each that was asked for, in the same order; a user that nobody knows has the status `unknown`.',
    tags: ['predictions'],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: requestSchema(computes) } },
    },
    responses: { 200: json('The predictions', list), ...problems, 413: problem('Too long a body') },
  }
}

/** Without a model that computes, nothing can be done with features. */
function requestSchema(computes: boolean): OpenApiValue {
  const onlyUsers = bodySchema.omit({ features: true }).required({ user_ids: true })
  const schema = z.toJSONSchema(computes ? bodySchema : onlyUsers, { io: 'input' })
  const { $schema: _, ...rest } = schema
  const choice = { oneOf: [{ required: ['user_ids'] }, { required: ['features'] }] }
  // Plain JSON, as JSON Schema is.
  return { ...(rest as { [key: string]: OpenApiValue }), ...(computes ? choice : {}) }
}

function json(meaning: string, schema: OpenApiValue): OpenApiValue {
  return { description: meaning, headers, content: { 'application/json': { schema } } }
}

function problem(meaning: string): OpenApiValue {
  const content = { 'application/problem+json': { schema: { type: 'object' } } }
  return { description: meaning, content }
}
