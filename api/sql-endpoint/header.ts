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
  /** The only values that are taken. */
  enum: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional(),
  description: z.string().optional(),
  /** A value for the documentation. */
  example: z.union([z.string(), z.number(), z.boolean()]).optional(),
})

const pageSchema = z.strictObject({
  /** Columns of the answer that name a row together; rows where one of them is NULL are left out. */
  by: z.array(z.string().min(1)).min(1).max(8),
  descending: z.boolean().default(false),
  /** Rows of a page, unless the caller's `limit` says otherwise. */
  size: z.number().int().min(1).max(10_000).default(100),
  max_size: z.number().int().min(1).max(10_000).default(1000),
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
  source: z.enum(['postgres', 'lake']).default('postgres'),
  /** Callers need one of them; an empty list lets every caller in. */
  roles: z.array(z.string().min(1)).default([]),
  /**
   * Whether callers also need a role of each published table that is read; `waive`: the author says that who may call
   * it may see what it answers.
   */
  table_roles: z.enum(['require', 'waive']).default('require'),
  /**
   * What a caller without the right to personal data gets: the answer over tables in which it is NULL, nothing (403),
   * or the same as everyone, because the author says that none of it is in the answer.
   */
  personal_data: z.enum(['mask', 'refuse', 'none']).optional(),
  /** One row as an object, or all rows as an array. */
  shape: z.enum(['object', 'array']).default('array'),
  /** An array in pages, ordered by key; a page ends with the cursor of the next. */
  page: pageSchema.optional(),
  /** How long this process and clients may keep an answer; 0: not at all. */
  cache_seconds: z.number().int().min(0).default(0),
  timeout_ms: z.number().int().min(1).max(600_000).default(5000),
  /** Rows of an array; what is left out is announced by `X-Truncated: true`. */
  row_limit: z.number().int().min(1).max(100_000).default(1000),
})

export type EndpointHeader = z.output<typeof headerSchema>
export type ParameterSpec = z.output<typeof parameterSchema>
export type PageSpec = z.output<typeof pageSchema>
