import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LedgerEntry, plainEtag, renderLedgerObject } from '../../../../ingest/ledger/entry.ts'
import { type Chain, entryKey, epochKey } from '../../../../ingest/ledger/keys.ts'
import { chainName } from '../../../../ingest/registrar/offsets.ts'
import { listChains, planRound } from '../../../../ingest/registrar/plan.ts'
import { type MemoryStore, memoryStore } from '../../../support/memory-store.ts'

const chainOf = (partition: number, topic = 't', epoch = 'e'): Chain => ({
  cluster: 'c',
  topic,
  epoch,
  partition,
})

/** Writes a chain whose entries hold so many records each. @param everyMs from one entry to the next */
async function land(
  store: MemoryStore,
  chain: Chain,
  sizes: readonly number[],
  createdAt = 0,
  everyMs = 0,
) {
  const { cluster, topic, epoch } = chain
  const created_at = new Date(createdAt).toISOString()
  const record = { v: 1 as const, cluster, topic, epoch, starts: {}, created_at }
  await store.put(epochKey(chain), renderLedgerObject(record))
  let start = 0
  let prev: LedgerEntry['prev'] = null
  for (const [index, records] of sizes.entries()) {
    const entry: LedgerEntry = {
      v: 1,
      type: 'data',
      prev,
      start,
      end: start + records,
      records,
      skipped: 0,
      dead_letters: 0,
      files: [],
      last: null,
      writer: { id: 'w', generation: 1 },
      nonce: 'n',
      high_watermark: start + records,
      created_at: new Date(createdAt + index * everyMs).toISOString(),
    }
    const etag = await store.put(entryKey(chain, start), renderLedgerObject(entry))
    prev = { start, etag: plainEtag(etag) }
    start += records
  }
}

describe('planRound', () => {
  it('begins each partition at its offset and takes contiguous entries', async () => {
    const store = memoryStore()
    await land(store, chainOf(0), [10, 20, 30])
    await land(store, chainOf(1), [5])
    const offsets = new Map([[chainName(chainOf(0)), 10]])
    const plan = await planRound(store, offsets, { maxRecords: 1_000 })
    expect(plan.more).toBe(false)
    expect(plan.portions).toMatchObject([
      { chain: { partition: 0 }, start: 10, end: 60 },
      { chain: { partition: 1 }, start: 0, end: 5 },
    ])
  })

  it('is empty when everything is registered, or nothing was landed', async () => {
    const store = memoryStore()
    expect(await planRound(store, new Map(), { maxRecords: 1 })).toEqual({
      portions: [],
      more: false,
    })
    await land(store, chainOf(0), [10])
    const offsets = new Map([[chainName(chainOf(0)), 10]])
    expect((await planRound(store, offsets, { maxRecords: 1 })).portions).toEqual([])
  })

  it('takes only the topics and the cluster asked for', async () => {
    const store = memoryStore()
    await land(store, chainOf(0, 'a'), [1])
    await land(store, chainOf(0, 'b'), [1])
    const topics = async (request: { topics?: readonly string[]; cluster?: string }) =>
      (await listChains(store, request)).map(({ topic }) => topic)
    expect(await topics({})).toEqual(['a', 'b'])
    expect(await topics({ topics: ['b'] })).toEqual(['b'])
    expect(await topics({ cluster: 'other' })).toEqual([])
  })

  it('takes the older life of a topic first', async () => {
    const store = memoryStore()
    await land(store, chainOf(0, 't', 'new'), [1], 2_000)
    await land(store, chainOf(0, 't', 'old'), [1], 1_000)
    expect((await listChains(store, {})).map(({ epoch }) => epoch)).toEqual(['old', 'new'])
  })

  it('takes nothing that landed after what it leaves behind', async () => {
    const store = memoryStore()
    const hour = 3_600_000
    await land(store, chainOf(0), [10, 10, 10], 0, hour)
    await land(store, chainOf(1), [1, 1], 0.5 * hour, hour)
    const offsets = new Map<string, number>()
    const rounds: unknown[] = []
    for (let more = true; more; ) {
      const plan = await planRound(store, offsets, { maxRecords: 20 })
      rounds.push(plan.portions.map(({ chain, end }) => [chain.partition, end]))
      for (const { chain, end } of plan.portions) offsets.set(chainName(chain), end)
      more = plan.more
    }
    const halfAnHourLater = [0, 10, 1, 1]
    expect(rounds.map((round) => [round].flat(2))).toEqual([
      halfAnHourLater,
      [0, 20, 1, 2],
      [0, 30],
    ])
  })

  it('goes on where the clocks of two writers differ', async () => {
    const store = memoryStore()
    await land(store, chainOf(0), [10, 10], 9_000, -5_000)
    const plan = await planRound(store, new Map(), { maxRecords: 10 })
    expect(plan).toMatchObject({ more: true, portions: [{ end: 10 }] })
  })

  it('reaches the end of every chain in rounds, each offset once, however little a round may hold', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 })
    const property = fc.asyncProperty(
      fc.array(sizes, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: -5, max: 5 }),
      async (chains, maxRecords, everyMs) => {
        const store = memoryStore()
        for (const [partition, own] of chains.entries()) {
          await land(store, chainOf(partition), own, 1_000 * partition, everyMs * (partition + 1))
        }
        const offsets = new Map<string, number>()
        for (let round = 0; round < 100; round++) {
          const plan = await planRound(store, offsets, { maxRecords })
          const entries = plan.portions.reduce((sum, portion) => sum + portion.entries.length, 0)
          const records = plan.portions.reduce((sum, { start, end }) => sum + end - start, 0)
          // More than its share only where a single entry is larger.
          if (entries > plan.portions.length) expect(records).toBeLessThanOrEqual(maxRecords + 150)
          for (const { chain, start, end } of plan.portions) {
            expect(offsets.get(chainName(chain)) ?? 0).toBe(start)
            offsets.set(chainName(chain), end)
          }
          if (!plan.more) break
        }
        expect([...offsets.values()].sort()).toEqual(
          chains.map((own) => own.reduce((sum, records) => sum + records, 0)).sort(),
        )
      },
    )
    await fc.assert(property, { numRuns: 40 })
  })
})
