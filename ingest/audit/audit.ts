/**
 * `millrace audit` as a function: proves from the bucket alone that every offset from the beginning to the head
 * landed exactly once. Files are listed before the ledger is read, so that a claim made meanwhile is no orphan.
 */
import type { ObjectStore, StoredObject } from '../../core/clients/s3.ts'
import { isProblem } from '../../core/errors.ts'
import { nonceOfKey, nonceTimeMs } from '../landing/nonce.ts'
import { listEpochNames, listEpochs, listPartitions } from '../ledger/discover.ts'
import {
  type Checkpoint,
  type EpochRecord,
  type LedgerEntry,
  type LedgerFile,
  plainEtag,
  type ReadEntry,
} from '../ledger/entry.ts'
import { type Chain, checkpointKey, epochKey, isDataKeyOf, landingPrefix } from '../ledger/keys.ts'
import { readCheckpoint, readLedger } from '../ledger/read.ts'

export type AuditStore = Pick<ObjectStore, 'get' | 'list'>

/** Looks into the files of an entry; says what does not hold. */
export type DeepCheck = (entry: LedgerEntry, chain: Chain) => Promise<readonly Violation[]>

export type AuditOptions = {
  readonly topic: string
  /** Default: every cluster with a ledger of the topic. */
  readonly cluster?: string | undefined
  /** Default: sizes and ETags only. */
  readonly deepCheck?: DeepCheck | undefined
}

export type Violation = { readonly key: string; readonly what: string }

export type Orphan = {
  readonly key: string
  readonly bytes: number
  /** When its writer began the claim, milliseconds since 1970; undefined for a file not written by landing. */
  readonly madeMs: number | undefined
}

type PartitionAudit = Chain & {
  /** First offset ever to be landed, and the next one to come. */
  readonly begin: number
  readonly head: number
  readonly entries: number
  readonly records: number
  readonly deadLetters: number
  /** Offsets without a record for us. */
  readonly skipped: number
  /** Offsets that Kafka dropped before they were landed, as gap entries say. */
  readonly gaps: number
  readonly files: number
  readonly bytes: number
}

export type AuditReport = {
  readonly partitions: readonly PartitionAudit[]
  readonly violations: readonly Violation[]
  readonly orphans: readonly Orphan[]
}

/** Audits every epoch of a topic. An empty `partitions` means that nothing was landed. @throws `lake/store-unreachable` */
export async function auditTopic(store: AuditStore, options: AuditOptions): Promise<AuditReport> {
  const partitions: PartitionAudit[] = []
  const violations: Violation[] = []
  const orphans: Orphan[] = []
  const epochs = await listEpochs(store, options.topic, options.cluster)
  for (const name of await listEpochNames(store, options.topic, options.cluster)) {
    if (epochs.some(({ cluster, epoch }) => cluster === name.cluster && epoch === name.epoch))
      continue
    const what = 'it is missing, and nobody reads a ledger without it'
    violations.push({ key: epochKey(name), what })
  }
  for (const epoch of epochs) {
    const files = new Map<string, StoredObject>()
    for await (const object of store.list(landingPrefix(epoch))) files.set(object.key, object)
    const claimed = new Set<string>()
    for (const chain of await listPartitions(store, epoch)) {
      const found = await auditChain(store, chain, { epoch, files, claimed, ...options })
      partitions.push(found.audit)
      violations.push(...found.violations)
    }
    for (const { key, bytes } of files.values()) {
      if (claimed.has(key)) continue
      orphans.push({ key, bytes, madeMs: nonceTimeMs(nonceOfKey(key) ?? '') })
    }
  }
  return { partitions, violations, orphans }
}

type ChainContext = AuditOptions & {
  readonly epoch: EpochRecord
  readonly files: ReadonlyMap<string, StoredObject>
  readonly claimed: Set<string>
}

async function auditChain(
  store: AuditStore,
  chain: Chain,
  context: ChainContext,
): Promise<{ readonly audit: PartitionAudit; readonly violations: readonly Violation[] }> {
  const violations: Violation[] = []
  let audit = emptyAudit(chain)
  try {
    const checkpoint = await readCheckpoint(store, chain)
    let stands = checkpoint === undefined
    for await (const read of readLedger(store, chain)) {
      const { key, entry } = read
      audit = add(audit, entry)
      stands ||= standsOn(checkpoint, read)
      violations.push(...checkEntry(key, entry, chain, context))
      for (const file of entry.files) {
        if (context.claimed.has(file.key)) {
          violations.push({ key: file.key, what: 'two entries name it' })
        }
        context.claimed.add(file.key)
        violations.push(...checkFile(file, context.files.get(file.key)))
      }
      if (context.deepCheck !== undefined) {
        violations.push(...(await context.deepCheck(entry, chain)))
      }
    }
    if (!stands) {
      const what = `the entry at offset ${checkpoint?.start}, on which it stands, is missing or was replaced`
      violations.push({ key: checkpointKey(chain), what })
    }
  } catch (error) {
    if (!isProblem(error, 'landing/ledger-broken')) throw error
    violations.push({ key: `p=${chain.partition}`, what: error.message })
  }
  return { audit, violations }
}

function standsOn(checkpoint: Checkpoint | undefined, { entry, etag }: ReadEntry): boolean {
  return (
    checkpoint?.start === entry.start && checkpoint.end === entry.end && checkpoint.etag === etag
  )
}

function checkEntry(
  key: string,
  entry: LedgerEntry,
  chain: Chain,
  { epoch }: ChainContext,
): readonly Violation[] {
  const violations: Violation[] = []
  const rows = (kind: LedgerFile['kind']) =>
    entry.files.filter((file) => file.kind === kind).reduce((sum, file) => sum + file.rows, 0)
  const differs = (what: string, counted: number, said: number) => {
    if (counted !== said)
      violations.push({ key, what: `${what}: ${counted} in its files, ${said} in the entry` })
  }
  differs('records', rows('data'), entry.records)
  differs('dead letters', rows('dead_letter'), entry.dead_letters)
  for (const file of entry.files) {
    if (isDataKeyOf(chain, entry, file.key)) continue
    violations.push({ key, what: `it names a file of another claim, ${file.key}` })
  }
  const startAt = epoch.starts[String(chain.partition)] ?? 0
  if (entry.type === 'genesis' && entry.end !== startAt) {
    violations.push({ key, what: `it ends at ${entry.end}, the epoch begins at ${startAt}` })
  }
  if (entry.type === 'data' && entry.start < startAt) {
    violations.push({ key, what: `it starts before the epoch begins, at ${startAt}` })
  }
  return violations
}

function checkFile(file: LedgerFile, stored: StoredObject | undefined): readonly Violation[] {
  const { key } = file
  if (stored === undefined) return [{ key, what: 'the file is missing' }]
  if (stored.bytes !== file.bytes) {
    return [{ key, what: `it has ${stored.bytes} bytes, the entry says ${file.bytes}` }]
  }
  if (plainEtag(stored.etag) !== file.etag) return [{ key, what: 'its ETag is another one' }]
  return []
}

function emptyAudit(chain: Chain): PartitionAudit {
  const counts = { entries: 0, records: 0, deadLetters: 0, skipped: 0, gaps: 0, files: 0, bytes: 0 }
  const { cluster, topic, epoch, partition } = chain
  return { cluster, topic, epoch, partition, begin: 0, head: 0, ...counts }
}

function add(audit: PartitionAudit, entry: LedgerEntry): PartitionAudit {
  return {
    ...audit,
    begin: entry.type === 'genesis' ? entry.end : audit.begin,
    head: entry.end,
    entries: audit.entries + 1,
    records: audit.records + entry.records,
    deadLetters: audit.deadLetters + entry.dead_letters,
    skipped: audit.skipped + (entry.type === 'data' ? entry.skipped : 0),
    gaps: audit.gaps + (entry.type === 'gap' ? entry.skipped : 0),
    files: audit.files + entry.files.length,
    bytes: audit.bytes + entry.files.reduce((sum, file) => sum + file.bytes, 0),
  }
}
