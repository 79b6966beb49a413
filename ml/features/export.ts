/**
 * Writes labelled features of one pinned snapshot to S3, for training: CSV as XGBoost of SageMaker takes it, the same
 * rows as Parquet, and a manifest, which comes last: an export without one is none. Rows go through a temporary table
 * a part at a time, so memory follows the part and not the history.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Lake } from '../../core/clients/lake.ts'
import { problem } from '../../core/problems.ts'
import type { FeatureSet } from './feature-set.ts'
import {
  type ExportedFile,
  type ExportPlan,
  exportIdOf,
  type Manifest,
  manifestOf,
  manifestSchema,
} from './manifest.ts'
import { type PinnedTables, pinTables, readInstants } from './pinned-tables.ts'
import {
  type Instant,
  type SplitName,
  type SplitOptions,
  splitInstants,
  splitNames,
} from './splits.ts'
import { type ExportPlace, type Part, writePart } from './write-part.ts'

export type ExportOptions = Omit<SplitOptions, 'horizonDays' | 'everyDays'> & {
  /** Default: the horizon, so that no two instants share labels. */
  readonly everyDays?: number | undefined
  /** Of the lake; default: the newest. */
  readonly snapshot?: number | undefined
  /** SHA-256 of the SQL that the values come from, hex. */
  readonly sqlHash: string
  /** Whether the rows of a snapshot come from that SQL; may refuse them. By default they do. */
  readonly checkSql?: (connection: DuckDBConnection, snapshot: number) => Promise<SqlCheck>
  /** Rows of a file at most, give or take a few: users are dealt out by chance. Default 100,000. */
  readonly maxPartRows?: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: { readonly rows: number; readonly ofRows: number }) => void
}

export type SqlCheck = {
  /** Rows are certainly of other SQL. */
  readonly isOther: boolean
  /** Why they are, or may be; for the manifest. */
  readonly doubts: readonly string[]
}

export type Exported = {
  readonly manifest: Manifest
  /** The same export was there already, and nothing was written. */
  readonly wasThere: boolean
}

// 100,000 rows of 50 features are 40 MB of CSV, which is held in memory while it is sent.
const defaultPartRows = 100_000

/**
 * Exports a feature set; the same tables, SQL and options are the same export, and it is written once.
 * @param placeOf where the export with this id goes
 * @throws `ml/no-features`, `ml/features-missing`, `ml/feature-not-a-number`, `ml/feature-not-finite`,
 *   `ml/mixed-horizons`, `ml/history-too-short`, `ml/export-unreadable`, `lake/unknown-snapshot`, and what
 *   the place throws
 */
export async function exportFeatures(
  lake: Lake,
  set: FeatureSet,
  placeOf: (exportId: string) => ExportPlace,
  options: ExportOptions,
): Promise<Exported> {
  return await lake.read(async (connection) => {
    const stop = () => connection.interrupt()
    options.signal?.addEventListener('abort', stop, { once: true })
    try {
      options.signal?.throwIfAborted()
      const tables = await pinTables(connection, lake.options.catalog, set, options.snapshot)
      const plan = await planExport(connection, tables, set, options)
      const exportId = exportIdOf(plan)
      const place = placeOf(exportId)
      const earlier = await readManifest(place, exportId)
      if (earlier !== undefined) return { manifest: earlier, wasThere: true }
      return {
        manifest: await writeExport(connection, tables, set, plan, place, options),
        wasThere: false,
      }
    } finally {
      options.signal?.removeEventListener('abort', stop)
    }
  })
}

const manifestPath = 'manifest/manifest.json'

async function readManifest(place: ExportPlace, exportId: string): Promise<Manifest | undefined> {
  const body = await place.fetch(manifestPath)
  if (body === undefined) return undefined
  try {
    return manifestSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')))
  } catch (cause) {
    const uri = `${exportId}/${manifestPath}`
    const reason = 'it is damaged, or of another version; remove it to have it written again'
    throw problem('ml/export-unreadable', { uri, reason }, { cause })
  }
}

async function planExport(
  connection: DuckDBConnection,
  tables: PinnedTables,
  set: FeatureSet,
  options: ExportOptions,
): Promise<ExportPlan> {
  const { isOther = false, doubts = [] } =
    (await options.checkSql?.(connection, tables.readAt)) ?? {}
  const { instants, horizonDays } = await readInstants(connection, tables, set)
  const everyDays = options.everyDays ?? horizonDays
  return {
    snapshot_id: tables.snapshot,
    sql_hash: isOther ? 'unknown' : options.sqlHash,
    ...(doubts.length === 0 ? {} : { sql_doubts: [...doubts] }),
    feature_table: nameOf(set.features.relation),
    label_table: nameOf(set.labels.relation),
    features: [...set.names],
    baseline_features: [...set.baselineNames],
    label: set.labelName.replace('horizon', `${horizonDays}_days`),
    horizon_days: horizonDays,
    every_days: everyDays,
    splits: splitInstants(instants, { ...options, horizonDays, everyDays }),
  }
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`
}

async function writeExport(
  connection: DuckDBConnection,
  tables: PinnedTables,
  set: FeatureSet,
  plan: ExportPlan,
  place: ExportPlace,
  { maxPartRows = defaultPartRows, signal, onProgress }: ExportOptions,
): Promise<Manifest> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-export-'))
  const files: Record<SplitName, ExportedFile[]> = { train: [], validation: [], test: [] }
  const ofRows = splitNames
    .flatMap((name) => plan.splits[name])
    .reduce((sum, one) => sum + one.rows, 0)
  let rows = 0
  try {
    for (const split of splitNames) {
      for (const part of plan.splits[split].flatMap((one) => partsOf(one, maxPartRows))) {
        signal?.throwIfAborted()
        const written = await writePart(connection, {
          ...{ tables, set, split, part, folder, place },
          label: plan.label,
        })
        files[split].push(...written.files)
        rows += written.rows
        onProgress?.({ rows, ofRows })
      }
    }
    signal?.throwIfAborted()
    const manifest = manifestOf(plan, files)
    const text = `${JSON.stringify(manifest, undefined, 1)}\n`
    await place.put(manifestPath, Buffer.from(text), 'application/json')
    return manifest
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function partsOf({ asOf, rows }: Instant, maxPartRows: number): readonly Part[] {
  const count = Math.max(1, Math.ceil(rows / maxPartRows))
  return Array.from({ length: count }, (_, index) => ({ asOf, index, count }))
}
