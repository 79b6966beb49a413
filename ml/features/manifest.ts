/** `manifest.json` of an export: what `train` of ml/image reads, and what an audit would ask. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Instant, type SplitName, type Splits, splitNames } from './splits.ts'

const fileSchema = z.object({
  /** Below the export. */
  path: z.string(),
  sha256: z.string(),
  rows: z.int(),
  bytes: z.int(),
})
export type ExportedFile = z.output<typeof fileSchema>

const splitSchema = z.object({
  rows: z.int(),
  positives: z.int(),
  positive_share: z.number(),
  /** The first and the last as-of instant, ISO, UTC. */
  as_of_from: z.string(),
  as_of_to: z.string(),
  instants: z.int(),
  files: z.array(fileSchema),
})

export const manifestSchema = z.object({
  format: z.literal(1),
  export_id: z.string(),
  snapshot_id: z.int(),
  /** `unknown` where the rows are known to be of other SQL than the project had. */
  sql_hash: z.string(),
  /** Why sql_hash may not be of the SQL that made the rows, in sentences. */
  sql_doubts: z.array(z.string()).optional(),
  feature_table: z.string(),
  label_table: z.string(),
  features: z.array(z.string()),
  baseline_features: z.array(z.string()),
  label: z.string(),
  horizon_days: z.number(),
  every_days: z.number(),
  splits: z.object({ train: splitSchema, validation: splitSchema, test: splitSchema }),
})
export type Manifest = z.output<typeof manifestSchema>

/** What an export is of; the same is the same export. */
export type ExportPlan = Omit<Manifest, 'format' | 'export_id' | 'splits'> & {
  readonly splits: Splits
}

/** `<day of the newest instant>-<hash of the plan>`: the same plan has the same id on every machine. */
export function exportIdOf({ sql_doubts: _, ...plan }: ExportPlan): string {
  const newest = plan.splits.test.at(-1)?.asOf ?? 0
  const digest = createHash('sha256').update(JSON.stringify(plan)).digest('hex')
  return `${isoOf(newest).slice(0, 10)}-${digest.slice(0, 12)}`
}

/** @param files by split */
export function manifestOf(
  plan: ExportPlan,
  files: Readonly<Record<SplitName, readonly ExportedFile[]>>,
): Manifest {
  const [train, validation, test] = splitNames.map((name) =>
    splitOf(plan.splits[name], files[name]),
  )
  return manifestSchema.parse({
    format: 1,
    export_id: exportIdOf(plan),
    ...plan,
    splits: { train, validation, test },
  })
}

function splitOf(instants: readonly Instant[], files: readonly ExportedFile[]) {
  const sum = (of: (instant: Instant) => number) =>
    instants.reduce((total, instant) => total + of(instant), 0)
  const [rows, positives] = [sum((one) => one.rows), sum((one) => one.positives)]
  return {
    rows,
    positives,
    positive_share: positives / rows,
    as_of_from: isoOf(instants[0]?.asOf ?? 0),
    as_of_to: isoOf(instants.at(-1)?.asOf ?? 0),
    instants: instants.length,
    files,
  }
}

/** Without fractions of a second: instants are midnights. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
