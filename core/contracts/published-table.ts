/**
 * What a published table promises its readers. Publishing writes it into `millrace.published.contract` in the
 * transaction that makes the rows visible; the API reads it there, so it always belongs to the rows.
 */
import { z } from 'zod'

export const publishedContractSchema = z.object({
  /** The API serves the table at `/api/tables/<name>`. */
  api: z.boolean().default(false),
  /** Callers need one of these roles; none: every caller that may use the API. */
  roles: z.array(z.string()).default([]),
  description: z.string().default(''),
  /** Columns that name a row; pages are ordered by them. */
  unique_key: z.array(z.string()).default([]),
  columns: z
    .array(
      z.object({
        name: z.string(),
        description: z.string().default(''),
        /** Personal data: masked unless the caller's role may see it. */
        pii: z.boolean().default(false),
      }),
    )
    .default([]),
})

export type PublishedContract = z.output<typeof publishedContractSchema>

/** PostgreSQL's channel that a publish notifies; the payload is the schema. */
export const publishedChannel = 'millrace_published'
