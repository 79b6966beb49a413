/**
 * The ledger entry: one landed interval of one partition. It is created with a conditional PUT and that PUT is
 * the commit; files it does not name do not exist for readers. The landing writes it, the registrar and
 * `millrace audit` read it.
 */
import { z } from 'zod'
import { problem } from '../../core/problems.ts'

const offset = z.int().nonnegative()
const count = z.int().nonnegative()

/** One Parquet file of an interval. `data` has the topic's columns, `dead_letter` those of `deadLetterColumns`. */
const ledgerFileSchema = z.object({
  key: z.string(),
  kind: z.enum(['data', 'dead_letter']),
  etag: z.string(),
  /** Lower-case hex. */
  sha256: z.string(),
  bytes: count,
  rows: count,
  /** Least and greatest event time, ISO 8601; null in dead-letter files. */
  min_ts: z.string().nullable(),
  max_ts: z.string().nullable(),
  schema_id: z.string(),
})

export const ledgerEntrySchema = z
  .object({
    v: z.literal(1),
    type: z.enum(['data', 'gap', 'genesis']),
    /** The entry that ends where this one starts; null only for the entry that starts at 0. */
    prev: z.object({ start: offset, etag: z.string() }).nullable(),
    /** First offset covered. */
    start: offset,
    /** First offset not covered. */
    end: offset,
    /** Rows in the data files. */
    records: count,
    /** Offsets without a record for us: control, aborted, compacted; all of a gap or genesis entry. */
    skipped: count,
    /** Rows in the dead-letter files. */
    dead_letters: count,
    files: z.array(ledgerFileSchema),
    /** The last record of the interval, to notice a log that was truncated; null when there was none. */
    last: z.object({ offset, leader_epoch: z.int().nullable(), crc: z.string() }).nullable(),
    writer: z.object({ id: z.string(), generation: z.int() }),
    nonce: z.string(),
    high_watermark: offset,
    created_at: z.iso.datetime(),
  })
  .refine(
    (entry) => entry.records + entry.skipped + entry.dead_letters === entry.end - entry.start,
    {
      error: 'records + skipped + dead_letters is not end - start',
    },
  )
  .refine((entry) => (entry.prev === null) === (entry.start === 0), {
    error: 'only the entry at offset 0 has no prev',
  })
  .refine((entry) => entry.end > entry.start, { error: 'end is not after start' })

export type LedgerFile = z.output<typeof ledgerFileSchema>
export type LedgerEntry = z.output<typeof ledgerEntrySchema>

/** Where a partition's landing stood at some entry; it spares readers the listing before it. */
export const checkpointSchema = z.object({
  v: z.literal(1),
  /** The entry it stands on. */
  start: offset,
  end: offset,
  etag: z.string(),
  /** Entries up to and with that one. */
  entries: count,
  created_at: z.iso.datetime(),
})
export type Checkpoint = z.output<typeof checkpointSchema>

/** Made once per epoch by whoever meets the topic first: it orders epochs and fixes where landing begins. */
export const epochSchema = z.object({
  v: z.literal(1),
  cluster: z.string(),
  topic: z.string(),
  epoch: z.string(),
  /** First offset to land, by partition number; a partition not named was added later and begins at 0. */
  starts: z.record(z.string(), offset),
  created_at: z.iso.datetime(),
})
export type EpochRecord = z.output<typeof epochSchema>

export type ReadEntry = {
  readonly key: string
  readonly etag: string
  readonly entry: LedgerEntry
}

/** Bytes of an object → the value. @throws `landing/ledger-broken` */
export function parseLedgerObject<T>(schema: z.ZodType<T>, key: string, body: Uint8Array): T {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch (cause) {
    throw problem('landing/ledger-broken', { key, reason: 'it is not JSON' }, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const reason = parsed.error.issues
    .map((issue) => `${issue.path.join('.') || 'entry'}: ${issue.message}`)
    .join('; ')
  throw problem('landing/ledger-broken', { key, reason }, { cause: parsed.error })
}

/** The value → bytes, one field a line so that a person can read the object. */
export function renderLedgerObject(value: LedgerEntry | Checkpoint | EpochRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`)
}

/** Servers differ in quoting; compare ETags only in this form. */
export function plainEtag(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '')
}
