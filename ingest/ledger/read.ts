/** Reads the chain of a partition: lists after a known entry, fetches, and verifies every link. */
import type { ObjectStore, StoredObject } from '../../core/clients/s3.ts'
import { problem } from '../../core/problems.ts'
import {
  type Checkpoint,
  checkpointSchema,
  ledgerEntrySchema,
  parseLedgerObject,
  plainEtag,
  type ReadEntry,
} from './entry.ts'
import { type Chain, chainPrefix, checkpointKey, entryKey, startOfKey } from './keys.ts'

export type LedgerStore = Pick<ObjectStore, 'get' | 'list'>

/** Entries fetched at once: one round trip is some milliseconds, and a chain may hold a thousand. */
const fetchAhead = 16

/** The entry that starts at an offset, or undefined. @throws `landing/ledger-broken` `lake/store-unreachable` */
export async function readEntry(
  store: LedgerStore,
  chain: Chain,
  start: number,
): Promise<ReadEntry | undefined> {
  const key = entryKey(chain, start)
  const object = await store.get(key)
  return object === undefined ? undefined : parseEntry(key, object)
}

function parseEntry(
  key: string,
  { body, etag }: { readonly body: Uint8Array; readonly etag: string },
): ReadEntry {
  const entry = parseLedgerObject(ledgerEntrySchema, key, body)
  if (entry.start !== startOfKey(key)) {
    throw problem('landing/ledger-broken', { key, reason: `it starts at ${entry.start}` })
  }
  return { key, etag: plainEtag(etag), entry }
}

/**
 * The contiguous entries that begin at offset `from` (the `end` of the last one known; 0 for all), in order.
 * Each must start where the one before ended and name its ETag; so must the first, whose predecessor is fetched.
 * @throws `landing/ledger-broken` when a link does not hold
 */
export async function* readLedger(
  store: LedgerStore,
  chain: Chain,
  from = 0,
): AsyncGenerator<ReadEntry> {
  let previous: ReadEntry | undefined
  let next = from
  for await (const read of fetchEntries(store, chain, from)) {
    if (previous === undefined && from > 0) previous = await predecessorOf(store, chain, read)
    assertLink(previous, read, next)
    yield read
    previous = read
    next = read.entry.end
  }
}

/** The last entry of the chain and how many there are, or undefined without any. Starts at the checkpoint. */
export async function readHead(
  store: LedgerStore,
  chain: Chain,
): Promise<
  { readonly last: ReadEntry; readonly entries: number; readonly read: number } | undefined
> {
  const checkpoint = await readCheckpoint(store, chain)
  let last: ReadEntry | undefined
  let entries = checkpoint?.entries ?? 0
  let read = 0
  if (checkpoint !== undefined) last = await entryOfCheckpoint(store, chain, checkpoint)
  for await (const found of readLedger(store, chain, checkpoint?.end ?? 0)) {
    last = found
    entries += 1
    read += 1
  }
  return last === undefined ? undefined : { last, entries, read }
}

/** The checkpoint of a chain, or undefined. Any entry it may stand on was committed, so an old one is only slow. */
export async function readCheckpoint(
  store: LedgerStore,
  chain: Chain,
): Promise<Checkpoint | undefined> {
  const key = checkpointKey(chain)
  const object = await store.get(key)
  return object === undefined ? undefined : parseLedgerObject(checkpointSchema, key, object.body)
}

async function entryOfCheckpoint(
  store: LedgerStore,
  chain: Chain,
  checkpoint: Checkpoint,
): Promise<ReadEntry> {
  const found = await readEntry(store, chain, checkpoint.start)
  if (found === undefined || found.etag !== checkpoint.etag) {
    const reason = `the entry at offset ${checkpoint.start} is missing or was replaced`
    throw problem('landing/ledger-broken', { key: checkpointKey(chain), reason })
  }
  return found
}

async function predecessorOf(
  store: LedgerStore,
  chain: Chain,
  read: ReadEntry,
): Promise<ReadEntry | undefined> {
  const { prev } = read.entry
  return prev === null ? undefined : readEntry(store, chain, prev.start)
}

function assertLink(previous: ReadEntry | undefined, read: ReadEntry, expected: number): void {
  const { key, entry } = read
  if (entry.start !== expected) {
    const reason = `the chain goes on at offset ${expected}, this entry starts at ${entry.start}`
    throw problem('landing/ledger-broken', { key, reason })
  }
  if (entry.prev === null) return
  const holds =
    previous !== undefined &&
    previous.entry.start === entry.prev.start &&
    previous.entry.end === entry.start &&
    previous.etag === entry.prev.etag
  if (!holds) {
    const reason = `its prev link (offset ${entry.prev.start}) does not match the entry that stands there`
    throw problem('landing/ledger-broken', { key, reason })
  }
}

/** Lists from an offset on and fetches some entries ahead of the reader. */
async function* fetchEntries(
  store: LedgerStore,
  chain: Chain,
  from: number,
): AsyncGenerator<ReadEntry> {
  const after = from === 0 ? undefined : entryKey(chain, from - 1)
  const pending: Promise<ReadEntry>[] = []
  for await (const object of store.list(chainPrefix(chain), after)) {
    if (startOfKey(object.key) === undefined) continue
    pending.push(fetchEntry(store, object))
    // A rejection is met when its turn comes; until then it must not count as unhandled.
    pending.at(-1)?.catch(() => {})
    if (pending.length < fetchAhead) continue
    const first = pending.shift()
    if (first !== undefined) yield await first
  }
  for (const read of pending) yield await read
}

async function fetchEntry(store: LedgerStore, object: StoredObject): Promise<ReadEntry> {
  const found = await store.get(object.key)
  if (found === undefined) {
    throw problem('landing/ledger-broken', { key: object.key, reason: 'it was listed, then gone' })
  }
  return parseEntry(object.key, found)
}
