/** The YAML at the top of an endpoint: what it is called, what it takes, and within which limits it runs. */
import { z } from 'zod'

const parameterName = /^[a-z][a-z0-9_]*$/

const parameterSchema = z.strictObject({
  type: z.enum(['integer', 'number', 'string', 'boolean', 'date', 'timestamp']),
  /** Without a default the parameter has to be given; `default: null` makes it optional. */
  default: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  max_length: z.number().int().positive().optional(),
  description: z.string().optional(),
})

export const headerSchema = z.strictObject({
  path: z
    .string()
    .regex(
      /^\/api(\/([a-z0-9._-]+|\{[a-z][a-z0-9_]*\}))+$/,
      'begins with /api/, as in /api/users/{user_id}',
    ),
  summary: z.string().min(1),
  parameters: z
    .record(z.string().regex(parameterName, 'a name in lower case'), parameterSchema)
    .default({}),
  source: z.enum(['postgres']).default('postgres'),
  /** One row as an object, or all rows as an array. */
  shape: z.enum(['object', 'array']).default('array'),
  /** How long clients and proxies may keep an answer; 0: not at all. */
  cache_seconds: z.number().int().min(0).default(0),
  timeout_ms: z.number().int().min(1).max(600_000).default(5000),
  /** Rows of an array; what is left out is announced by `X-Truncated: true`. */
  row_limit: z.number().int().min(1).max(100_000).default(1000),
})

export type EndpointHeader = z.output<typeof headerSchema>
export type ParameterSpec = z.output<typeof parameterSchema>
