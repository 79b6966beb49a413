/** What is to be published where: a model's `publish` settings, checked, and the request made of them. */
import { z } from 'zod'
import { problem } from '../../core/problems.ts'

/** PostgreSQL cuts names after 63 bytes; `<table>__new` has to fit. */
const maxTableBytes = 58

const names = z.union([
  z
    .string()
    .min(1)
    .transform((name) => [name]),
  z.array(z.string().min(1)),
])

const settingsSchema = z
  .strictObject({
    strategy: z.enum(['swap', 'merge', 'append']).default('swap'),
    table: z
      .string()
      .min(1)
      .refine((name) => Buffer.byteLength(name) <= maxTableBytes, 'is longer than 58 bytes')
      .optional(),
    unique_key: names.default([]),
    indexes: z.array(names).default([]),
    grants: z
      .partialRecord(z.enum(['select', 'insert', 'update', 'delete', 'references']), names)
      .default({}),
    api: z.boolean().default(false),
    roles: names.default([]),
  })
  .refine(
    ({ api, roles }) => api || roles.length === 0,
    'roles are those of the API: say api: true',
  )
  .refine(
    ({ strategy, unique_key }) => strategy !== 'merge' || unique_key.length > 0,
    'strategy merge needs a unique_key',
  )

export type PublishStrategy = 'swap' | 'merge' | 'append'

export type PublishSettings = {
  readonly strategy: PublishStrategy
  /** Without schema; that is a setting of the target. */
  readonly table: string
  readonly uniqueKey: readonly string[]
  /** Columns of each index. */
  readonly indexes: readonly (readonly string[])[]
  /** Privilege → roles, for tables that publishing makes. */
  readonly grants: Readonly<Record<string, readonly string[]>>
  /** The API serves the table. */
  readonly api?: boolean | undefined
  /** Roles of the API's callers, of which one is needed; none: all may read. */
  readonly roles?: readonly string[] | undefined
}

export type PublishRequest = PublishSettings & {
  /** The model's name, for messages. */
  readonly model: string
  /** The lake's relation. */
  readonly source: { readonly schema: string; readonly table: string }
  readonly description?: string | undefined
  readonly columnDescriptions?: Readonly<Record<string, string>> | undefined
  /** Columns with personal data. */
  readonly piiColumns?: readonly string[] | undefined
}

/**
 * Reads the value of `meta.publish` of a model; `table` defaults to the model's name.
 * @throws `publish/bad-settings`
 */
export function parsePublishSettings(model: string, settings: unknown): PublishSettings {
  const parsed = settingsSchema.safeParse(settings)
  if (!parsed.success) {
    const reason = parsed.error.issues
      .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
      .join('; ')
    throw problem('publish/bad-settings', { model, reason })
  }
  const { strategy, table = model, unique_key, indexes, grants, api, roles } = parsed.data
  const rights = withoutAbsent(grants)
  return { strategy, table, uniqueKey: unique_key, indexes, grants: rights, api, roles }
}

function withoutAbsent(
  grants: Readonly<Partial<Record<string, string[]>>>,
): Record<string, readonly string[]> {
  const present: Record<string, readonly string[]> = {}
  for (const [privilege, roles] of Object.entries(grants)) {
    if (roles !== undefined) present[privilege] = roles
  }
  return present
}
