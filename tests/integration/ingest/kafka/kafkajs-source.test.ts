import { randomUUID } from 'node:crypto'
import { Partitioners } from 'kafkajs'
import { expect, inject, it } from 'vitest'
import { silentLog } from '../../../../core/silent-log.ts'
import { openKafka } from '../../../../ingest/kafka/connect.ts'
import { openKafkajsSource } from '../../../../ingest/kafka/kafkajs-source.ts'
import type { SourceBatch } from '../../../../ingest/kafka/source.ts'
import { createTopic } from '../../../../ingest/topics/topics.ts'

const { brokers } = inject('services')
const kafkaOptions = { brokers, clientId: 'test', ssl: false }
const some = (count: number, partition: number) =>
  Array.from({ length: count }, (_, index) => ({ value: `${index}`, partition }))

async function topicOf(partitions: number, configs: Readonly<Record<string, string>> = {}) {
  const kafka = openKafka(kafkaOptions, silentLog)
  const topic = `source-${randomUUID()}`
  await createTopic({ kafka, brokers }, { topic, partitions, replicationFactor: 1, configs })
  return { kafka, topic }
}

/** Joins, and calls back with each batch; the partitions are seeked and resumed by the caller. */
async function openSource(topic: string, onBatch: (batch: SourceBatch) => void) {
  const source = openKafkajsSource(
    {
      kafka: kafkaOptions,
      topic,
      groupId: `group-${topic}`,
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 10_000,
    },
    silentLog,
  )
  source.batches(onBatch)
  await new Promise<void>((resolve, reject) => {
    source
      .assign({
        joined: () => resolve(),
        leaving: async () => {},
        jumped: () => {},
        failed: reject,
      })
      .catch(reject)
  })
  return source
}

it('never passes a batch fetched before a seek off as fetched after it', async () => {
  const { kafka, topic } = await topicOf(2)
  const plain = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await plain.connect()
  await plain.send({ topic, messages: [...some(5, 0), ...some(5, 1)] })
  await plain.disconnect()
  const producer = kafka.producer({
    transactionalId: topic,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: some(5, 1) })
  await transaction.abort()
  await producer.disconnect()

  // Partition 1: five records, five aborted ones, a marker. A batch of partition 0 sends us back to its start.
  const claims: (readonly [from: number, end: number, records: number])[] = []
  let arrived = () => {}
  const source = await openSource(topic, ({ partition, from, end, records }) => {
    if (partition === 0) {
      source.seek(1, 0)
      return
    }
    claims.push([from, end, records.length])
    if (from === 0) arrived()
  })
  // Kafka answers the partitions in any order: in some rounds 0 comes first.
  for (let round = 0; round < 8; round += 1) {
    for (const partition of [0, 1]) source.pause(partition, true)
    const done = new Promise<void>((resolve) => {
      arrived = resolve
    })
    source.seek(0, 0)
    source.seek(1, 5)
    for (const partition of [0, 1]) source.pause(partition, false)
    await done
  }
  await source.close()
  expect(claims.filter(([from, , records]) => from === 0 && records === 0)).toEqual([])
})

it('hands out nothing that was aborted, whatever its keys and however transactions interleave', async () => {
  const { kafka, topic } = await topicOf(1)
  const open = async (name: string) => {
    const producer = kafka.producer({
      transactionalId: `${topic}-${name}`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    return { producer, transaction: await producer.transaction() }
  }
  const [a, b, c] = await Promise.all([open('a'), open('b'), open('c')])
  const send = (one: typeof a, value: string) =>
    // The key of an abort marker, and of the number 0 as producers in Java write it.
    one.transaction.send({
      topic,
      messages: [{ partition: 0, key: Buffer.alloc(4), value }],
    })
  await send(a, 'aborted')
  await send(b, 'aborted')
  await send(c, 'kept')
  await send(b, 'aborted')
  await send(a, 'aborted')
  await send(c, 'kept')
  await a.transaction.abort()
  await send(b, 'aborted')
  await b.transaction.abort()
  await c.transaction.commit()
  await Promise.all([a, b, c].map(({ producer }) => producer.disconnect()))

  for (const start of [0, 1, 3]) {
    const values: string[] = []
    let done = () => {}
    const end = new Promise<void>((resolve) => {
      done = resolve
    })
    const source = await openSource(topic, (batch) => {
      values.push(...batch.records.map(({ value }) => String(value)))
      if (batch.end === 10) done()
    })
    source.seek(0, start)
    source.pause(0, false)
    await end
    await source.close()
    expect(values).toEqual(start < 3 ? ['kept', 'kept'] : ['kept'])
  }
})

it('reads the time of a topic that is stamped by the broker', async () => {
  const { kafka, topic } = await topicOf(1, { 'message.timestamp.type': 'LogAppendTime' })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'x', timestamp: '1000' }] })
  await producer.disconnect()
  let arrived: (batch: SourceBatch) => void = () => {}
  const batch = new Promise<SourceBatch>((resolve) => {
    arrived = resolve
  })
  const source = await openSource(topic, (one) => arrived(one))
  source.seek(0, 0)
  source.pause(0, false)
  expect((await batch).records[0]?.timestampMs).toBeGreaterThan(1_700_000_000_000)
  await source.close()
})

it('tames timestamps that only fit an int64', async () => {
  const { kafka, topic } = await topicOf(1, {
    'message.timestamp.after.max.ms': '9223372036854775807',
  })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'x', timestamp: '9223372036854775807' }] })
  await producer.disconnect()
  let arrived: (batch: SourceBatch) => void = () => {}
  const batch = new Promise<SourceBatch>((resolve) => {
    arrived = resolve
  })
  const source = await openSource(topic, (one) => arrived(one))
  source.seek(0, 0)
  source.pause(0, false)
  expect((await batch).records[0]?.timestampMs).toBe(Number.MAX_SAFE_INTEGER)
  await source.close()
})
