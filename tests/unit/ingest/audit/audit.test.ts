import { beforeEach, describe, expect, it } from 'vitest'
import { auditTopic } from '../../../../ingest/audit/audit.ts'
import { type LedgerEntry, plainEtag, renderLedgerObject } from '../../../../ingest/ledger/entry.ts'
import {
  type Chain,
  checkpointKey,
  dataKey,
  entryKey,
  epochKey,
} from '../../../../ingest/ledger/keys.ts'
import { type MemoryStore, memoryStore } from '../../../support/memory-store.ts'

const epoch = { cluster: 'c1', topic: 'clicks', epoch: 'e1' }
const chainOf = (partition: number): Chain => ({ ...epoch, partition })
const created_at = '2026-01-01T00:00:00.000Z'
let store: MemoryStore

/** Lands [start, end) of a partition as one file. */
async function land(partition: number, start: number, end: number, prev: LedgerEntry['prev']) {
  const chain = chainOf(partition)
  const nonce = `n${start}`
  const key = dataKey(chain, 'dt=2026-01-01/hr=00', { start, end, nonce })
  const etag = plainEtag(await store.put(key, Buffer.from(`${partition} ${start}`)))
  const rows = end - start
  const file = { key, kind: 'data' as const, etag, sha256: '', bytes: 3, rows, schema_id: 's' }
  const entry: LedgerEntry = {
    v: 1,
    type: 'data',
    prev,
    start,
    end,
    records: rows,
    skipped: 0,
    dead_letters: 0,
    files: [{ ...file, min_ts: null, max_ts: null }],
    last: null,
    writer: { id: 'w', generation: 1 },
    nonce,
    high_watermark: end,
    created_at,
  }
  return await putEntry(chain, entry)
}

async function putEntry(chain: Chain, entry: LedgerEntry, at = entry.start) {
  const etag = await store.put(entryKey(chain, at), renderLedgerObject(entry))
  return { entry, etag: plainEtag(etag) }
}

const violations = async () => (await auditTopic(store, { topic: 'clicks' })).violations

beforeEach(async () => {
  store = memoryStore()
  await store.put(epochKey(epoch), renderLedgerObject({ v: 1, ...epoch, starts: {}, created_at }))
})

describe('audit', () => {
  it('holds for two partitions, one with a checkpoint', async () => {
    await land(0, 0, 5, null)
    const { etag } = await land(1, 0, 5, null)
    const second = await land(1, 5, 9, { start: 0, etag })
    const at = { v: 1 as const, start: 5, end: 9, etag: second.etag, entries: 2, created_at }
    await store.put(checkpointKey(chainOf(1)), renderLedgerObject(at))
    expect(await violations()).toEqual([])
  })

  it('finds an entry that names the file of another partition', async () => {
    const other = await land(1, 0, 5, null)
    const { entry } = await land(0, 0, 5, null)
    await store.delete([entryKey(chainOf(1), 0)])
    await putEntry(chainOf(0), { ...entry, files: other.entry.files })
    const file = other.entry.files[0]?.key
    expect(await violations()).toEqual([
      { key: entryKey(chainOf(0), 0), what: `it names a file of another claim, ${file}` },
    ])
  })

  it('finds an entry that lies under the key of another offset', async () => {
    const { etag } = await land(0, 0, 5, null)
    const { entry } = await land(0, 5, 9, { start: 0, etag })
    await store.delete([entryKey(chainOf(0), 5)])
    await putEntry(chainOf(0), entry, 4)
    expect(await violations()).toMatchObject([{ what: expect.stringContaining('it starts at 5') }])
  })

  it('finds that the last entries are gone, when a checkpoint knew them', async () => {
    const { etag } = await land(0, 0, 5, null)
    const second = await land(0, 5, 9, { start: 0, etag })
    const key = checkpointKey(chainOf(0))
    const at = { v: 1 as const, start: 5, end: 9, etag: second.etag, entries: 2, created_at }
    await store.put(key, renderLedgerObject(at))
    await store.delete([entryKey(chainOf(0), 5)])
    expect(await violations()).toMatchObject([{ key, what: expect.stringContaining('offset 5') }])
  })

  it('finds a ledger whose epoch.json is gone', async () => {
    await land(0, 0, 5, null)
    await store.delete([epochKey(epoch)])
    expect(await violations()).toMatchObject([{ key: epochKey(epoch) }])
  })

  it('finds an interval that was landed twice', async () => {
    const { etag } = await land(0, 0, 5, null)
    await land(0, 3, 5, { start: 0, etag })
    expect(await violations()).toMatchObject([
      { what: expect.stringContaining('the chain goes on at offset 5') },
    ])
  })
})
