import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { silentLog } from '../../../../core/silent-log.ts'
import { openKafka } from '../../../../ingest/kafka/connect.ts'
import { openFileSink } from '../../../../ingest/producer/file-sink.ts'
import { openKafkaSink } from '../../../../ingest/producer/kafka-sink.ts'
import { defaultMess, messUp } from '../../../../ingest/producer/mess.ts'
import type { Message } from '../../../../ingest/producer/message.ts'
import { produce } from '../../../../ingest/producer/produce.ts'
import { replayFile } from '../../../../ingest/producer/replay.ts'
import { simulate } from '../../../../ingest/producer/simulate.ts'
import type { KafkaTarget } from '../../../../ingest/topics/admin.ts'
import { createTopic, describeTopic } from '../../../../ingest/topics/topics.ts'
import { killService, startInstance, startService } from '../../../../local/instance.ts'
import { anyPorts } from '../../../support/services.ts'

const services = inject('services')

function targetAt(brokers: readonly string[]): KafkaTarget {
  const options = { brokers, clientId: 'test', ssl: false }
  return { kafka: openKafka(options, silentLog), brokers }
}

async function newTopic(target: KafkaTarget): Promise<string> {
  const topic = `produce-${randomUUID().slice(0, 8)}`
  await createTopic(target, { topic, partitions: 3, replicationFactor: 1 })
  return topic
}

function* simulated(events: number): Generator<Message> {
  const simulation = { seed: 11, users: 200, events, end: Date.UTC(2024, 10, 25), days: 60 }
  yield* messUp(simulate(simulation), {
    seed: 11,
    rates: { ...defaultMess, malformed: 0.02, oversized: 0.0005 },
    maxRecordBytes: 262_144,
    spanMs: simulation.days * 86_400_000,
  })
}

async function recordCount(target: KafkaTarget, topic: string): Promise<number> {
  const partitions = await describeTopic(target, topic)
  return partitions.reduce((sum, { low, high }) => sum + high - low, 0)
}

type Found = {
  readonly partition: number
  readonly key: string | null
  readonly value: Buffer | null
}

async function readAll(target: KafkaTarget, topic: string, count: number): Promise<Found[]> {
  const found: Found[] = []
  const consumer = target.kafka.consumer({ groupId: `test-${randomUUID()}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ partition, message: { key, value } }) => {
          found.push({ partition, key: key === null ? null : String(key), value })
          if (found.length === count) resolve()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
  return found
}

describe('the producer', () => {
  const target = targetAt(services.brokers)

  it('sends every message of a simulation as it is, a user’s in order to one partition', async () => {
    const topic = await newTopic(target)
    const expected = [...simulated(5_000)]
    const report = await produce(
      simulated(5_000),
      await openKafkaSink({ target, topic, log: silentLog }),
    )
    expect(report.messages).toBe(expected.length)
    expect(report.kinds.oversized).toBeGreaterThan(0)
    expect(await recordCount(target, topic)).toBe(report.messages)

    const found = await readAll(target, topic, expected.length)
    for (const [key, sent] of Map.groupBy(expected, (message) => message.key)) {
      const own = found.filter((one) => one.key === key)
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
      const values = sent.map(({ value }) => (value === null ? null : Buffer.from(value)))
      expect(own.map(({ value }) => value)).toEqual(values)
    }
  })

  it('sends the lines of a file that it wrote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-produce-'))
    const file = join(folder, 'events.ndjson')
    const written = await produce(simulated(2_000), await openFileSink(file))
    const topic = await newTopic(target)
    const sent = await produce(
      replayFile(file),
      await openKafkaSink({ target, topic, log: silentLog }),
    )
    // Lines that are empty because the message is are no lines of a file.
    const empty = [...simulated(2_000)].filter(({ value }) => value === '').length
    expect(sent.messages).toBe(written.messages - empty)
    expect(await recordCount(target, topic)).toBe(sent.messages)
    await rm(folder, { recursive: true })
  })

  it('names the topic that does not exist', async () => {
    await expect(
      openKafkaSink({ target, topic: 'no-such-topic', log: silentLog }),
    ).rejects.toMatchObject({ code: 'kafka/no-such-topic', exitCode: 2 })
  })

  it('says that the broker does not answer', async () => {
    const nobody = targetAt(['127.0.0.1:1'])
    await expect(
      openKafkaSink({ target: nobody, topic: 't', log: silentLog }),
    ).rejects.toMatchObject({ code: 'kafka/unreachable', exitCode: 3 })
  })
})

describe('a producer whose broker is killed', () => {
  it('loses and doubles nothing when it comes back, and ends with exit code 3 when it does not', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'millrace-produce-'))
    const instance = await startInstance({
      stateDir,
      cacheDir: services.cacheDir,
      ports: anyPorts,
      services: ['kafka'],
      boundToThisProcess: true,
    })
    try {
      const target = targetAt(instance.settings.kafka?.brokers ?? [])
      const topic = await newTopic(target)
      let restart: Promise<void> | undefined
      const report = await produce(
        simulated(60_000),
        await openKafkaSink({ target, topic, log: silentLog }),
        {
          onProgress: ({ messages }) => {
            if (messages < 20_000 || restart !== undefined) return
            restart = killService(stateDir, 'kafka', 'SIGKILL').then(() =>
              startService(stateDir, 'kafka'),
            )
          },
        },
      )
      await restart
      expect(report.messages).toBe([...simulated(60_000)].length)
      expect(await recordCount(target, topic)).toBe(report.messages)

      const sink = await openKafkaSink({ target, topic, log: silentLog, retries: 2 })
      let killed: Promise<void> | undefined
      await expect(
        produce(simulated(60_000), sink, {
          onProgress: ({ messages }) => {
            if (messages >= 20_000) killed ??= killService(stateDir, 'kafka', 'SIGKILL')
          },
        }),
      ).rejects.toMatchObject({
        code: 'produce/interrupted-by-kafka',
        exitCode: 3,
        message: expect.stringMatching(/\d+ were acknowledged/),
      })
      await killed
    } finally {
      await instance.stop()
      await rm(stateDir, { recursive: true, force: true })
    }
  }, 180_000)
})
