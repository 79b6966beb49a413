import { Partitioners } from 'kafkajs'
import { expect, inject, it } from 'vitest'
import { silentLog } from '../../../../core/silent-log.ts'
import { openKafka } from '../../../../ingest/kafka/connect.ts'
import { event, type LandingBench, landingBench } from '../../../support/landing.ts'

const services = inject('services')

function clientOf() {
  return openKafka({ brokers: services.brokers, clientId: 'test', ssl: false }, silentLog)
}

/** Compacted as soon as the broker's cleaner comes by, each batch after a pause in a segment of its own. */
const compacted = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'segment.bytes': String(1024 * 1024),
  'min.cleanable.dirty.ratio': '0.0001',
  'min.compaction.lag.ms': '0',
  'delete.retention.ms': '0',
}

const padding = 'x'.repeat(100_000)
const large = (key: string) => ({ key, value: event(1, { padding }), partition: 0 })
const small = (key: string) => ({ key, value: event(2), partition: 0 })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends each batch from an idempotent producer of its own: Kafka keeps the header of its last batch. */
async function send(
  { topic }: LandingBench,
  batches: readonly (readonly { key: string; value: string; partition: number }[])[],
): Promise<void> {
  const producer = clientOf().producer({
    idempotent: true,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  for (const messages of batches) await producer.send({ topic, messages: [...messages] })
  await producer.disconnect()
}

/** Reads the first batch, again and again, until a record of it is gone; it may be gone at the first look. */
async function untilGone({ topic }: LandingBench, offset: string): Promise<void> {
  const consumer = clientOf().consumer({ groupId: `look-${topic}` })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await new Promise<void>((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { messages } }) => {
        if (messages[0]?.offset !== '0') return
        if (!messages.some((message) => message.offset === offset)) resolve()
        consumer.seek({ topic, partition: 0, offset: '0' })
        await pause(300)
      },
    })
  })
  await consumer.disconnect()
}

it('lands a compacted log with holes where a segment ends, and counts them as skipped', async () => {
  await using bench = await landingBench(services, 1, compacted)
  const keys = (from: number) => Array.from({ length: 7 }, (_, key) => large(`key-${from + key}`))
  await send(bench, [
    [...keys(0), small('a')],
    [small('b'), small('c')],
  ])
  await pause(200)
  await send(bench, [[...keys(7), small('a'), small('b'), small('c')]])
  await pause(200)
  await send(bench, [[small('z')]])
  await untilGone(bench, '7')
  expect(await bench.land({ stuckMs: 20_000 })).toMatchObject({ records: 18, skipped: 3 })
  const entries = await bench.entries()
  expect(entries.at(-1)?.end).toBe(21)
})
