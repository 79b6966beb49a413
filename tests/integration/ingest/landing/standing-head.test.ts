import { Writable } from 'node:stream'
import { pino } from 'pino'
import { describe, expect, inject, it } from 'vitest'
import { problem } from '../../../../core/problems.ts'
import { event, type LandingBench, landingBench } from '../../../support/landing.ts'

const services = inject('services')

/** A log whose lines can be read. */
function readableLog() {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const log = pino({ formatters: { level: (label) => ({ level: label }) } }, stream)
  return { log, of: (name: string) => lines.filter((line) => line['event'] === name) }
}

function storeWith(bench: LandingBench, claim: () => Promise<never>) {
  return {
    ...bench.store,
    putIfAbsent: (key: string, body: Uint8Array) =>
      /\/p=\d+\//.test(key) ? claim() : bench.store.putIfAbsent(key, body),
  }
}

describe('a head that stands although records wait', () => {
  it('is an error in the log, and ends the run when nothing outside is to blame', async () => {
    await using bench = await landingBench(services)
    await bench.produce([event(1), event(2)])
    const { log, of } = readableLog()
    const work = bench.land(
      { stuckMs: 1_500, rotateMs: 200, drainTimeoutMs: 200 },
      { log, store: storeWith(bench, () => new Promise(() => {})) },
    )
    await expect(work).rejects.toMatchObject({
      code: 'landing/stuck',
      exitCode: 3,
      message: expect.stringContaining(`${bench.topic}/0: the head has stood at offset 0`),
    })
    expect(of('landing.stuck')).toMatchObject([{ level: 'error', head: 0, lag: 2 }])
    expect(await bench.entries()).toEqual([])
    expect(await bench.land()).toMatchObject({ records: 2 })
  })

  it('does not end the run while the store does not answer', async () => {
    await using bench = await landingBench(services)
    await bench.produce([event(1), event(2)])
    const { log, of } = readableLog()
    const downUntilMs = Date.now() + 6_000
    let refused = 0
    const store = {
      ...bench.store,
      put: (key: string, body: Uint8Array) => {
        if (Date.now() > downUntilMs) return bench.store.put(key, body)
        refused += 1
        const parameters = { endpoint: 'here', operation: 'write', reason: 'it is down' }
        throw problem('lake/store-unreachable', parameters)
      },
    }
    const report = await bench.land({ stuckMs: 1_000, rotateMs: 200 }, { log, store })
    expect(report).toMatchObject({ records: 2, reason: 'caught-up' })
    expect(refused).toBeGreaterThan(2)
    expect(of('landing.stuck')).toHaveLength(1)
    expect(of('landing.retry').length).toBe(refused)
  })
})

describe('a run in a pipe', () => {
  it('says regularly how much is landed and how far each partition is', async () => {
    await using bench = await landingBench(services, 2)
    await bench.produce([event(1), 'broken', event(3)])
    const { log, of } = readableLog()
    await bench.land(
      { untilCaughtUp: false, exitWhenIdleMs: 2_500, rotateMs: 200, progressLogMs: 1_000 },
      { log },
    )
    const said = of('landing.progress')
    expect(said.length).toBeGreaterThan(1)
    expect(said.at(-1)).toMatchObject({
      level: 'info',
      records: 2,
      dead_letters: 1,
      lag_records: 0,
      partitions: expect.arrayContaining([
        expect.objectContaining({ partition: 0, state: 'filling', head: 3, lag_records: 0 }),
        expect.objectContaining({ partition: 1, state: 'filling', head: 0, lag_records: 0 }),
      ]),
    })
  })
})
