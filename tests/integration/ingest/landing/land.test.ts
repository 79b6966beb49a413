import kafkajs, { CompressionTypes } from 'kafkajs'
import { describe, expect, inject, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { problem } from '../../../../core/problems.ts'
import { silentLog } from '../../../../core/silent-log.ts'
import { registerCodecs } from '../../../../ingest/kafka/codecs.ts'
import { openKafka } from '../../../../ingest/kafka/connect.ts'
import { createTopic, deleteTopic } from '../../../../ingest/topics/topics.ts'
import { event, type LandingBench, landingBench } from '../../../support/landing.ts'

const services = inject('services')

function clientOf() {
  return openKafka({ brokers: services.brokers, clientId: 'test', ssl: false }, silentLog)
}

/** Lets Kafka drop the records before an offset. */
async function truncate(topic: string, offset: number): Promise<void> {
  const admin = clientOf().admin()
  await admin.connect()
  await admin.fetchTopicMetadata({ topics: [topic] }) // kafkajs does not load it by itself
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  await admin.disconnect()
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return isProblem(error) ? error.code : String(error)
}

const events = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => event(from + index))

describe('a run until caught up', () => {
  it('lands what stands in every partition, good and bad, and the next run goes on from there', async () => {
    await using bench = await landingBench(services, 3)
    await bench.produce([...events(10), 'no json', null], 0)
    await bench.produce(events(5), 2)
    const first = await bench.land()
    expect(first).toMatchObject({ records: 15, deadLetters: 2, skipped: 0, reason: 'caught-up' })
    expect(await bench.entries(0)).toMatchObject([
      { type: 'data', start: 0, end: 12, records: 10, dead_letters: 2, prev: null },
    ])
    expect(await bench.entries(1)).toEqual([])
    await bench.produce(events(7), 0)
    expect(await bench.land()).toMatchObject({ records: 7, deadLetters: 0 })
    const entries = await bench.entries(0)
    expect(entries.map(({ start, end }) => [start, end])).toEqual([
      [0, 12],
      [12, 19],
    ])
    expect(await bench.land()).toMatchObject({ records: 0, entries: 0 })
  })

  it('flushes by records, so that a large backlog becomes several claims', async () => {
    await using bench = await landingBench(services)
    const padding = 'x'.repeat(2_000)
    const some = Array.from({ length: 400 }, (_, id) => event(id, { padding }))
    // 4.8 MB: more than one fetch brings.
    for (let round = 0; round < 6; round += 1) await bench.produce(some)
    await bench.land({ rotateRecords: 500 })
    const entries = await bench.entries()
    expect(entries.length).toBeGreaterThan(1)
    expect(entries.reduce((sum, entry) => sum + entry.records, 0)).toBe(2_400)
  })

  it('lands everything although memory holds only a part of it', async () => {
    await using bench = await landingBench(services, 2)
    const padding = 'x'.repeat(2_000)
    for (const partition of [0, 1]) {
      for (let round = 0; round < 15; round += 1) {
        const messages = Array.from({ length: 400 }, (_, id) => event(id, { padding }))
        await bench.produce(messages, partition)
      }
    }
    let largest = 0
    const report = await bench.land(
      { memoryBytes: 6 * 1024 * 1024, rotateBytes: 64 * 1024 * 1024 },
      { onProgress: (progress) => (largest = Math.max(largest, progress.bufferedBytes)) },
    )
    expect(report).toMatchObject({ records: 12_000, deadLetters: 0 })
    expect(largest).toBeLessThan(16 * 1024 * 1024)
  })
})

describe('a run until the signal', () => {
  it('flushes what it holds, then leaves', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(20))
    const stop = new AbortController()
    const report = await bench.land(
      { untilCaughtUp: false, rotateMs: 3_600_000 },
      {
        signal: stop.signal,
        onProgress: ({ bufferedBytes }) => bufferedBytes > 0 && stop.abort(),
      },
    )
    expect(report).toMatchObject({ records: 20, unflushed: 0, reason: 'signal' })
  })

  it('asks a dead store no more once it has ended', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(3))
    const stop = new AbortController()
    let asked = 0
    const put = async () => {
      asked += 1
      stop.abort()
      const reason = 'it is down'
      throw problem('lake/store-unreachable', { endpoint: 'here', operation: 'write', reason })
    }
    const report = await bench.land(
      { untilCaughtUp: false, rotateMs: 100, drainTimeoutMs: 300 },
      { signal: stop.signal, store: { ...bench.store, put } },
    )
    expect(report).toMatchObject({ records: 0, unflushed: 3, reason: 'signal' })
    const askedByThen = asked
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(asked).toBe(askedByThen)
  })

  it('flushes an idle partition by age', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(3))
    const report = await bench.land({ untilCaughtUp: false, exitWhenIdleMs: 2_000, rotateMs: 200 })
    expect(report).toMatchObject({ records: 3, entries: 1, reason: 'idle' })
  })
})

describe('two consumers of one group', () => {
  it('end when the topic is landed, also the one that got no partition', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(10))
    const stop = new AbortController()
    let joined = () => {}
    const landed = new Promise<void>((resolve) => {
      joined = resolve
    })
    const first = bench.land(
      { untilCaughtUp: false },
      { signal: stop.signal, onProgress: ({ records }) => records === 10 && joined() },
    )
    await landed
    // Whoever has the partition after the second has joined, both get it landed and only the first goes on.
    expect(await bench.land({ writerId: 'b' })).toMatchObject({ reason: 'caught-up' })
    stop.abort()
    await first
  })

  it('share the partitions and land each record once', async () => {
    await using bench = await landingBench(services, 4)
    const stop = new AbortController()
    const first = bench.land({ untilCaughtUp: false, writerId: 'a' }, { signal: stop.signal })
    for (const partition of [0, 1, 2, 3]) await bench.produce(events(500), partition)
    const second = bench.land({ untilCaughtUp: false, writerId: 'b' }, { signal: stop.signal })
    for (let round = 0; round < 6; round += 1) {
      for (const partition of [0, 1, 2, 3]) await bench.produce(events(500), partition)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    stop.abort()
    await Promise.all([first, second])
    await bench.land()
    for (const partition of [0, 1, 2, 3]) {
      const entries = await bench.entries(partition)
      expect(entries.at(-1)?.end).toBe(3_500)
      expect(entries.reduce((sum, entry) => sum + entry.records, 0)).toBe(3_500)
    }
  })
})

describe('where a partition begins', () => {
  it('is the log start, written down as a genesis entry', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(30))
    await truncate(bench.topic, 10)
    await bench.land()
    expect(await bench.entries()).toMatchObject([
      { type: 'genesis', start: 0, end: 10, records: 0, skipped: 10, files: [] },
      { type: 'data', start: 10, end: 30, records: 20 },
    ])
  })

  it('is the end of the log at the first run when only new records are wanted', async () => {
    await using bench = await landingBench(services, 2)
    await bench.produce(events(30))
    expect(await bench.land({ start: 'latest' })).toMatchObject({ records: 0 })
    await bench.produce(events(5))
    await bench.produce(events(5), 1)
    expect(await bench.land({ start: 'latest' })).toMatchObject({ records: 10 })
    expect(await bench.entries(1)).toMatchObject([{ type: 'data', start: 0, end: 5 }])
  })
})

describe('records that Kafka dropped before they were landed', () => {
  async function withGap(): Promise<LandingBench> {
    const bench = await landingBench(services)
    await bench.produce(events(10))
    await bench.land()
    await bench.produce(events(20))
    await truncate(bench.topic, 25)
    return bench
  }

  it('stop the run, and nothing is skipped', async () => {
    await using bench = await withGap()
    expect(await codeOf(bench.land())).toBe('landing/gap')
    expect(await bench.entries()).toHaveLength(1)
  })

  it('become a gap entry where the policy says so', async () => {
    await using bench = await withGap()
    await bench.land({ onGap: 'record' })
    expect(await bench.entries()).toMatchObject([
      { type: 'data', end: 10 },
      { type: 'gap', start: 10, end: 25, skipped: 15 },
      { type: 'data', start: 25, end: 30 },
    ])
  })
})

describe('a topic that was made anew', () => {
  it('gets a ledger of its own', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(10))
    await bench.land()
    const target = { kafka: clientOf(), brokers: services.brokers }
    await deleteTopic(target, bench.topic)
    await createTopic(target, { topic: bench.topic, partitions: 1, replicationFactor: 1 })
    await bench.produce(events(4))
    expect(await bench.land()).toMatchObject({ records: 4 })
    expect(await bench.entries()).toMatchObject([{ start: 0, end: 4, prev: null }])
  })

  it('stops a run that was landing the old one', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(10))
    let renewed: Promise<void> | undefined
    const renew = async () => {
      const target = { kafka: clientOf(), brokers: services.brokers }
      await deleteTopic(target, bench.topic)
      await createTopic(target, { topic: bench.topic, partitions: 1, replicationFactor: 1 })
      await bench.produce(events(30, 100))
    }
    const work = bench.land(
      { untilCaughtUp: false, rotateMs: 500 },
      { onProgress: ({ entries }) => (renewed ??= entries > 0 ? renew() : undefined) },
    )
    expect(await codeOf(work)).toMatch(
      /^landing\/(topic-recreated|log-behind|log-changed|kafka-unreachable|no-such-topic)$/,
    )
    await renewed
    expect(await bench.land()).toMatchObject({ records: 30 })
    expect(await bench.entries()).toMatchObject([{ start: 0, end: 30 }])
  })
})

describe('what a producer may do', () => {
  it.each([
    ['gzip', CompressionTypes.GZIP],
    ['zstd', CompressionTypes.ZSTD],
  ])('reads %s batches', async (_, compression) => {
    registerCodecs()
    await using bench = await landingBench(services)
    const producer = clientOf().producer()
    await producer.connect()
    const messages = events(100).map((value) => ({ value }))
    await producer.send({ topic: bench.topic, compression, messages })
    await producer.disconnect()
    expect(await bench.land()).toMatchObject({ records: 100 })
  })

  it('says which codec is missing', async () => {
    await using bench = await landingBench(services)
    const codecs = kafkajs.CompressionCodecs
    const snappy = codecs[CompressionTypes.Snappy]
    // The batch need not be Snappy inside: the reader fails on the name of the codec.
    codecs[CompressionTypes.Snappy] = () => ({
      compress: async (encoder: { buffer: Buffer }) => encoder.buffer,
      decompress: async (buffer: Buffer) => buffer,
    })
    const producer = clientOf().producer()
    await producer.connect()
    const sent = await producer
      .send({
        topic: bench.topic,
        compression: CompressionTypes.Snappy,
        messages: [{ value: event(1) }],
      })
      .then(
        () => true,
        () => false,
      )
    await producer.disconnect()
    codecs[CompressionTypes.Snappy] = snappy
    if (sent) expect(await codeOf(bench.land())).toBe('landing/codec-missing')
  })

  it('counts control and aborted records as skipped', async () => {
    await using bench = await landingBench(services)
    const producer = clientOf().producer({
      transactionalId: `tx-${bench.topic}`,
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    for (const keep of [true, false, true, false]) {
      const transaction = await producer.transaction()
      const messages = events(5).map((value) => ({ value, partition: 0 }))
      await transaction.send({ topic: bench.topic, messages })
      await (keep ? transaction.commit() : transaction.abort())
    }
    await producer.disconnect()
    expect(await bench.land()).toMatchObject({ records: 10, skipped: 14, deadLetters: 0 })
    const entries = await bench.entries()
    expect(entries.at(-1)?.end).toBe(24)
    await bench.produce(events(1))
    expect(await bench.land()).toMatchObject({ records: 1 })
  })
})

describe('a store that ignores If-None-Match', () => {
  it('is refused at the start', async () => {
    await using bench = await landingBench(services)
    const store = {
      ...bench.store,
      putIfAbsent: async (key: string, body: Uint8Array) => ({
        kind: 'written' as const,
        etag: await bench.store.put(key, body),
      }),
    }
    expect(await codeOf(bench.land({}, { store }))).toBe('landing/store-ignores-conditions')
  })
})

describe('an outage of the store', () => {
  it('that was longer than a head may stand does not end the run when it is over', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(3))
    const until = Date.now() + 3_000
    const store = {
      ...bench.store,
      put: async (key: string, body: Uint8Array) => {
        if (Date.now() > until) return await bench.store.put(key, body)
        const reason = 'it is down'
        throw problem('lake/store-unreachable', { endpoint: 'here', operation: 'write', reason })
      },
      putIfAbsent: async (key: string, body: Uint8Array) => {
        await new Promise((resolve) => setTimeout(resolve, 300))
        return await bench.store.putIfAbsent(key, body)
      },
    }
    const report = await bench.land({ rotateMs: 100, stuckMs: 1_000 }, { store })
    expect(report).toMatchObject({ records: 3, reason: 'caught-up' })
  })
})

describe('answers that are lost', () => {
  it('do not double a claim: the same PUT again finds its own entry', async () => {
    await using bench = await landingBench(services)
    await bench.produce(events(50))
    let lost = 0
    const store = {
      ...bench.store,
      putIfAbsent: async (key: string, body: Uint8Array) => {
        const outcome = await bench.store.putIfAbsent(key, body)
        if (!key.startsWith('ledger/') || key.endsWith('epoch.json') || lost >= 2) return outcome
        lost += 1
        // What a time-out looks like after the store has done its work.
        throw problem('lake/store-unreachable', {
          endpoint: 'here',
          operation: 'answer',
          reason: 'time-out',
        })
      },
    }
    expect(await bench.land({}, { store })).toMatchObject({ records: 50, entries: 1 })
    expect(lost).toBe(2)
    expect(await bench.entries()).toMatchObject([{ start: 0, end: 50 }])
  })
})
