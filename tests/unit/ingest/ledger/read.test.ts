import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { currentEpochs, listPartitions, listTopics } from '../../../../ingest/ledger/discover.ts'
import { type LedgerEntry, plainEtag, renderLedgerObject } from '../../../../ingest/ledger/entry.ts'
import { checkpointKey, entryKey, epochKey } from '../../../../ingest/ledger/keys.ts'
import { readHead, readLedger } from '../../../../ingest/ledger/read.ts'
import { type MemoryStore, memoryStore } from '../../../support/memory-store.ts'

const chain = { cluster: 'c1', topic: 'clicks', epoch: 'e1', partition: 3 }

function entry(start: number, end: number, prev: LedgerEntry['prev']): LedgerEntry {
  return {
    v: 1,
    type: 'data',
    prev,
    start,
    end,
    records: end - start,
    skipped: 0,
    dead_letters: 0,
    files: [],
    last: null,
    writer: { id: 'w', generation: 1 },
    nonce: `n${start}`,
    high_watermark: end,
    created_at: '2026-01-01T00:00:00.000Z',
  }
}

/** Writes entries that end at the given offsets, linked. */
async function writeChain(store: MemoryStore, ends: readonly number[]): Promise<void> {
  let start = 0
  let prev: LedgerEntry['prev'] = null
  for (const end of ends) {
    const etag = await store.put(
      entryKey(chain, start),
      renderLedgerObject(entry(start, end, prev)),
    )
    prev = { start, etag: plainEtag(etag) }
    start = end
  }
}

async function endsFrom(store: MemoryStore, from: number): Promise<number[]> {
  const ends: number[] = []
  for await (const read of readLedger(store, chain, from)) ends.push(read.entry.end)
  return ends
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return isProblem(error) ? error.code : String(error)
}

describe('readLedger', () => {
  it('yields the entries of a chain in order, from any entry on', async () => {
    const store = memoryStore()
    const ends = Array.from({ length: 40 }, (_, index) => (index + 1) * 5)
    await writeChain(store, ends)
    expect(await endsFrom(store, 0)).toEqual(ends)
    expect(await endsFrom(store, 150)).toEqual(ends.filter((end) => end > 150))
    expect(await endsFrom(store, 200)).toEqual([])
  })

  it('refuses a chain with a missing entry', async () => {
    const store = memoryStore()
    await writeChain(store, [5, 10, 15])
    store.objects.delete(entryKey(chain, 5))
    expect(await codeOf(endsFrom(store, 0))).toBe('landing/ledger-broken')
  })

  it('refuses an entry whose predecessor was replaced', async () => {
    const store = memoryStore()
    await writeChain(store, [5, 10, 15])
    const replaced = { ...entry(0, 5, null), nonce: 'other' }
    store.objects.set(entryKey(chain, 0), renderLedgerObject(replaced))
    expect(await codeOf(endsFrom(store, 0))).toBe('landing/ledger-broken')
    expect(await codeOf(endsFrom(store, 5))).toBe('landing/ledger-broken')
  })

  it('refuses an entry whose counts do not add up', async () => {
    const store = memoryStore()
    const wrong = { ...entry(0, 5, null), records: 4 }
    store.objects.set(entryKey(chain, 0), renderLedgerObject(wrong))
    expect(await codeOf(endsFrom(store, 0))).toBe('landing/ledger-broken')
  })
})

describe('readHead', () => {
  it('is undefined for a partition that was never landed', async () => {
    expect(await readHead(memoryStore(), chain)).toBeUndefined()
  })

  it('starts at the checkpoint and counts the entries after it', async () => {
    const store = memoryStore()
    await writeChain(store, [5, 10, 15, 20])
    const before = await readHead(store, chain)
    expect(before).toMatchObject({ entries: 4, read: 4, last: { entry: { end: 20 } } })
    const at10 = store.objects.get(entryKey(chain, 5)) ?? new Uint8Array()
    const etag = plainEtag(await store.put(entryKey(chain, 5), at10))
    await store.put(
      checkpointKey(chain),
      renderLedgerObject({
        v: 1,
        start: 5,
        end: 10,
        etag,
        entries: 2,
        created_at: '2026-01-01T00:00:00.000Z',
      }),
    )
    const after = await readHead(store, chain)
    expect(after).toMatchObject({ entries: 4, read: 2, last: { entry: { end: 20 } } })
  })
})

describe('discovery', () => {
  it('finds topics, the newest epoch and its partitions from keys alone', async () => {
    const store = memoryStore()
    for (const [epoch, created_at] of [
      ['zz-old', '2026-01-01T00:00:00.000Z'],
      ['aa-new', '2026-02-01T00:00:00.000Z'],
    ] as const) {
      const topic = { cluster: 'c1', topic: 'clicks', epoch }
      await store.put(
        epochKey(topic),
        renderLedgerObject({ v: 1, ...topic, starts: {}, created_at }),
      )
      for (const partition of [0, 2, 10]) {
        const key = entryKey({ ...topic, partition }, 0)
        await store.put(key, renderLedgerObject(entry(0, 5, null)))
      }
    }
    expect(await listTopics(store)).toEqual([{ cluster: 'c1', topic: 'clicks' }])
    const [current] = await currentEpochs(store, 'clicks')
    expect(current?.epoch).toBe('aa-new')
    const partitions = await listPartitions(store, { ...chain, epoch: 'aa-new' })
    expect(partitions.map((found) => found.partition)).toEqual([0, 2, 10])
  })
})
