import { describe, expect, it } from 'vitest'
import type { Message } from '../../../../ingest/producer/message.ts'
import { produce } from '../../../../ingest/producer/produce.ts'
import type { MessageSink } from '../../../../ingest/producer/sink.ts'

const message = (index: number, bytes = 100): Message => ({
  key: String(index),
  value: 'x'.repeat(bytes),
  kind: index % 10 === 0 ? 'malformed' : 'ordinary',
  at: index,
})

function* some(count: number, bytes?: number): Generator<Message> {
  for (let index = 0; index < count; index++) yield message(index, bytes)
}

/** Remembers what it was given and how it ended; fails on the batch `failAt`. */
function memorySink(failAt = Number.POSITIVE_INFINITY) {
  const batches: (readonly Message[])[] = []
  let underWay = 0
  const ends: string[] = []
  const sink: MessageSink = {
    send: async (batch) => {
      underWay += 1
      expect(underWay).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      underWay -= 1
      if (batches.length === failAt) throw new Error('the sink is full')
      batches.push(batch)
    },
    close: async () => void ends.push('closed'),
    abandon: async () => void ends.push('abandoned'),
  }
  return { sink, batches, ends }
}

describe('produce', () => {
  it('sends every message in order, one batch at a time, and counts what was taken', async () => {
    const { sink, batches, ends } = memorySink()
    const report = await produce(some(12_345), sink)
    expect(batches.flat().map(({ at }) => at)).toEqual(
      Array.from({ length: 12_345 }, (_, at) => at),
    )
    expect(report).toMatchObject({ messages: 12_345, bytes: 1_234_500, interrupted: false })
    expect(report.expectedDeadLetters).toBe(1_235)
    expect(ends).toEqual(['closed'])
  })

  it('keeps a batch below what a broker takes for one partition', async () => {
    const { sink, batches } = memorySink()
    await produce(some(40, 300_000), sink)
    for (const batch of batches) {
      expect(batch.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)).toBeLessThan(
        1_000_000,
      )
    }
  })

  it('keeps to a rate', async () => {
    const { sink, batches } = memorySink()
    let now = 0
    const sleeps: number[] = []
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        sleeps.push(ms)
        now += ms
      },
    }
    const report = await produce(some(1_000), sink, { rate: 200, clock })
    expect(batches.every((batch) => batch.length <= 20)).toBe(true)
    expect(report.elapsedMs).toBeGreaterThan(4_800)
    expect(report.elapsedMs).toBeLessThanOrEqual(5_000)
  })

  it('holds a live message back until its time', async () => {
    const { sink } = memorySink()
    let now = 0
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        now += ms
      },
    }
    const sent: number[] = []
    const watched: MessageSink = {
      ...sink,
      send: async (batch) => {
        for (const { at } of batch) expect(now).toBeGreaterThanOrEqual(at)
        sent.push(batch.length)
      },
    }
    await produce(some(50), watched, { live: true, clock })
    expect(sent.reduce((sum, count) => sum + count, 0)).toBe(50)
  })

  it('finishes what is under way and reports it when it is interrupted', async () => {
    const { sink, batches, ends } = memorySink()
    const controller = new AbortController()
    const endless = some(Number.POSITIVE_INFINITY)
    const report = await produce(endless, sink, {
      signal: controller.signal,
      onProgress: ({ messages }) => {
        if (messages >= 20_000) controller.abort()
      },
    })
    expect(report.interrupted).toBe(true)
    expect(report.messages).toBe(batches.flat().length)
    expect(ends).toEqual(['closed'])
  })

  it('abandons the sink and says why when it fails', async () => {
    const { sink, ends } = memorySink(2)
    await expect(produce(some(50_000), sink)).rejects.toThrow('the sink is full')
    expect(ends).toEqual(['abandoned'])
  })
})
