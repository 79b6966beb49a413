import { describe, expect, inject, it } from 'vitest'
import { currentEpochs } from '../../../../ingest/ledger/discover.ts'
import { type Chain, checkpointKey, entryKey } from '../../../../ingest/ledger/keys.ts'
import { event, type LandingBench, landingBench } from '../../../support/landing.ts'

const services = inject('services')

async function chainOf({ store, topic }: LandingBench): Promise<Chain> {
  const [epoch] = await currentEpochs(store, topic)
  if (epoch === undefined) throw new Error('nothing was landed')
  return { ...epoch, partition: 0 }
}

async function checkpointOf(bench: LandingBench): Promise<unknown> {
  const object = await bench.store.get(checkpointKey(await chainOf(bench)))
  return object && JSON.parse(Buffer.from(object.body).toString())
}

/** One entry each time. */
async function landOne(bench: LandingBench, checkpointEvery: number): Promise<void> {
  await bench.produce([event(1), event(2)])
  await bench.land({ checkpointEvery })
}

describe('the checkpoint of a chain', () => {
  it('is written after every so many entries, across starts', async () => {
    await using bench = await landingBench(services)
    for (let entry = 0; entry < 2; entry += 1) await landOne(bench, 3)
    expect(await checkpointOf(bench)).toBeUndefined()
    await landOne(bench, 3)
    const [, , third] = await bench.entries()
    expect(await checkpointOf(bench)).toMatchObject({ entries: 3, start: 4, end: 6 })
    await landOne(bench, 3)
    const entries = await bench.entries()
    expect(await checkpointOf(bench)).toMatchObject({ entries: 3, start: 4, end: third?.end })
    expect(entries.at(-1)?.prev).toMatchObject({ start: 4 })
  })

  it('spares the next start the entries before it', async () => {
    await using bench = await landingBench(services)
    for (let entry = 0; entry < 4; entry += 1) await landOne(bench, 3)
    const chain = await chainOf(bench)
    const read = new Set<string>()
    const store = {
      ...bench.store,
      get: (key: string) => {
        read.add(key)
        return bench.store.get(key)
      },
    }
    await bench.produce([event(1)])
    await bench.land({ checkpointEvery: 3 }, { store })
    const starts = [0, 2, 4, 6].filter((start) => read.has(entryKey(chain, start)))
    expect(starts).toEqual([4, 6])
    expect((await bench.entries()).map(({ end }) => end)).toEqual([2, 4, 6, 8, 9])
  })

  it('is made good at a start that had to read many entries', async () => {
    await using bench = await landingBench(services)
    for (let entry = 0; entry < 4; entry += 1) await landOne(bench, 1_000)
    expect(await checkpointOf(bench)).toBeUndefined()
    await bench.land({ checkpointEvery: 3 })
    expect(await checkpointOf(bench)).toMatchObject({ entries: 4, start: 6, end: 8 })
  })

  it('stops the run when it names an entry that is not there any more', async () => {
    await using bench = await landingBench(services)
    for (let entry = 0; entry < 3; entry += 1) await landOne(bench, 3)
    await bench.store.delete([entryKey(await chainOf(bench), 4)])
    await expect(bench.land()).rejects.toMatchObject({ code: 'landing/ledger-broken' })
  })
})
