/** The manifest of an export of features, as far as a training job and the gate need it. */
import { z } from 'zod'
import { problem } from '../../core/problems.ts'

const splitSchema = z.object({ rows: z.number().int(), positives: z.number().int() })

const manifestSchema = z.object({
  format: z.literal(1),
  snapshot_id: z.number().int(),
  sql_hash: z.string().min(1).max(256),
  features: z.array(z.string().min(1)).min(1),
  splits: z.object({ train: splitSchema, validation: splitSchema, test: splitSchema }),
})

export type ExportManifest = Readonly<z.output<typeof manifestSchema>>

/** Where the manifest of an export lies. */
export function manifestUri(exportUri: string): string {
  return `${withoutSlash(exportUri)}/manifest/manifest.json`
}

/** The same place, however many slashes it was written with at its end. */
export function withoutSlash(uri: string): string {
  return uri.replace(/\/+$/, '')
}

/** @throws `ml/export-unreadable` */
export function parseManifest(uri: string, text: string): ExportManifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw problem('ml/export-unreadable', { uri, reason: 'it is not JSON' }, { cause })
  }
  const parsed = manifestSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const reason = `${issue?.path.join('.') || 'its content'}: ${issue?.message}`
  throw problem('ml/export-unreadable', { uri, reason }, { cause: parsed.error })
}
