/** The writing side of the ledger: files, entries, the epoch's start and the store's self-test. */
import { createHash } from 'node:crypto'
import { problem } from '../../core/problems.ts'
import { readEpoch } from '../ledger/discover.ts'
import {
  type EpochRecord,
  type LedgerEntry,
  type LedgerFile,
  plainEtag,
  renderLedgerObject,
} from '../ledger/entry.ts'
import {
  type Chain,
  dataKey,
  entryKey,
  epochKey,
  type Interval,
  type TopicEpoch,
} from '../ledger/keys.ts'
import { readEntry } from '../ledger/read.ts'
import type { EncodedFile } from './encode.ts'
import type { LandingStore } from './options.ts'

export type ClaimOutcome =
  | { readonly kind: 'committed'; readonly etag: string }
  | { readonly kind: 'fenced'; readonly by: string }

/** Writes one data file. Nobody sees it before an entry names it. @throws `lake/store-unreachable` */
export async function putFile(
  store: LandingStore,
  chain: Chain,
  interval: Interval,
  file: EncodedFile,
): Promise<LedgerFile> {
  const key = dataKey(chain, file.bucket, interval)
  const etag = await store.put(key, file.body, 'application/vnd.apache.parquet')
  return {
    key,
    kind: file.kind,
    etag: plainEtag(etag),
    sha256: createHash('sha256').update(file.body).digest('hex'),
    bytes: file.body.length,
    rows: file.rows,
    min_ts: file.minTs,
    max_ts: file.maxTs,
    schema_id: file.schemaId,
  }
}

/**
 * The commit: creates the entry if nothing stands at its start offset. When something does, its nonce tells
 * whether it is our own from a PUT whose answer was lost. @throws `lake/store-unreachable`: nobody knows
 */
export async function putClaim(
  store: LandingStore,
  chain: Chain,
  entry: LedgerEntry,
): Promise<ClaimOutcome> {
  const key = entryKey(chain, entry.start)
  const outcome = await store.putIfAbsent(key, renderLedgerObject(entry), 'application/json')
  if (outcome.kind === 'written') return { kind: 'committed', etag: plainEtag(outcome.etag) }
  const standing = await readEntry(store, chain, entry.start)
  if (standing === undefined)
    throw problem('landing/ledger-broken', { key, reason: 'it exists, then not' })
  if (standing.entry.nonce === entry.nonce) return { kind: 'committed', etag: standing.etag }
  return { kind: 'fenced', by: standing.entry.writer.id }
}

/**
 * What was fixed when the topic was first met; fixes it now when nobody has.
 * @param starts first offset to land by partition, asked only then
 */
export async function openEpoch(
  store: LandingStore,
  topic: TopicEpoch,
  starts: () => Promise<ReadonlyMap<number, number>>,
  now: Date,
): Promise<EpochRecord> {
  const known = await readEpoch(store, topic)
  if (known !== undefined) return known
  const entries = [...(await starts())].map(([partition, offset]) => [String(partition), offset])
  const { cluster, topic: name, epoch } = topic
  const record: EpochRecord = {
    v: 1,
    cluster,
    topic: name,
    epoch,
    starts: Object.fromEntries(entries),
    created_at: now.toISOString(),
  }
  await store.putIfAbsent(epochKey(topic), renderLedgerObject(record), 'application/json')
  return (await readEpoch(store, topic)) ?? record
}

/**
 * Proves that the store refuses a second conditional PUT, on a key of its own.
 * @throws `landing/store-ignores-conditions` `lake/store-unreachable`
 */
export async function assertConditionalWrites(store: LandingStore, nonce: string): Promise<void> {
  const key = `ledger-probe/${nonce}`
  const body = Buffer.from('a probe of If-None-Match by Millrace; may be deleted\n')
  await store.putIfAbsent(key, body)
  const second = await store.putIfAbsent(key, body)
  await store.delete([key])
  if (second.kind !== 'exists') {
    throw problem('landing/store-ignores-conditions', { bucket: store.bucket })
  }
}
