import { randomUUID } from 'node:crypto'
import { describe, expect, inject, it } from 'vitest'
import { silentLog } from '../../../../core/silent-log.ts'
import { openKafka } from '../../../../ingest/kafka/connect.ts'
import type { KafkaTarget } from '../../../../ingest/topics/admin.ts'
import {
  createTopic,
  deleteTopic,
  describeTopic,
  listTopics,
} from '../../../../ingest/topics/topics.ts'

const { brokers } = inject('services')

function targetAt(addresses: readonly string[]): KafkaTarget {
  const options = { brokers: addresses, clientId: 'test', ssl: false }
  return { kafka: openKafka(options, silentLog), brokers: addresses }
}

describe('topics', () => {
  const target = targetAt(brokers)
  const name = () => `topics-${randomUUID().slice(0, 8)}`

  it('makes a topic with a leader for each partition', async () => {
    const topic = name()
    const made = await createTopic(target, { topic, partitions: 3, replicationFactor: 1 })
    expect(made).toEqual({ topic, existed: false, partitions: 3 })
    const partitions = await describeTopic(target, topic)
    expect(partitions.map(({ partition, low, high }) => [partition, low, high])).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [2, 0, 0],
    ])
    for (const { leader } of partitions) expect(leader).toBeGreaterThanOrEqual(0)
    expect(await listTopics(target)).toContainEqual({ topic, partitions: 3, records: 0 })
  })

  it('lists topics while others come and go', async () => {
    const topic = name()
    await createTopic(target, { topic, partitions: 1, replicationFactor: 1 })
    const comeAndGo = async () => {
      for (let round = 0; round < 10; round++) {
        const other = name()
        await createTopic(target, { topic: other, partitions: 3, replicationFactor: 1 })
        await deleteTopic(target, other)
      }
    }
    let isOver = false
    const moving = comeAndGo().finally(() => {
      isOver = true
    })
    while (!isOver) {
      expect(await listTopics(target)).toContainEqual({ topic, partitions: 1, records: 0 })
    }
    await moving
  })

  it('leaves a topic that exists as it is, and warns about another number of partitions', async () => {
    const topic = name()
    const request = { topic, partitions: 2, replicationFactor: 1 }
    await createTopic(target, request)
    expect(await createTopic(target, request)).toEqual({ topic, existed: true, partitions: 2 })
    const other = await createTopic(target, { ...request, partitions: 5 })
    expect(other).toMatchObject({ existed: true, partitions: 2 })
    expect(other.warning).toMatch(/has 2 partitions, not 5/)
  })

  it('gives a topic the settings that were asked for', async () => {
    const topic = name()
    const configs = { 'max.message.bytes': '300000' }
    await createTopic(target, { topic, partitions: 1, replicationFactor: 1, configs })
    const admin = target.kafka.admin()
    await admin.connect()
    // 2: kafkajs' number of the resource type "topic".
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic, configNames: ['max.message.bytes'] }],
    })
    await admin.disconnect()
    expect(resources[0]?.configEntries[0]?.configValue).toBe('300000')
  })

  it('deletes a topic', async () => {
    const topic = name()
    await createTopic(target, { topic, partitions: 1, replicationFactor: 1 })
    await deleteTopic(target, topic)
    expect((await listTopics(target)).map((row) => row.topic)).not.toContain(topic)
  })

  it('names the nearest topic when there is none of the name', async () => {
    const topic = name()
    await createTopic(target, { topic, partitions: 1, replicationFactor: 1 })
    for (const work of [deleteTopic, describeTopic]) {
      await expect(work(target, `${topic}x`)).rejects.toMatchObject({
        code: 'kafka/no-such-topic',
        exitCode: 2,
        hint: expect.stringContaining(topic),
      })
    }
  })

  it('says why a topic is refused', async () => {
    const bad = { topic: 'not a name', partitions: 1, replicationFactor: 1 }
    await expect(createTopic(target, bad)).rejects.toMatchObject({ code: 'kafka/topic-refused' })
    const copies = { topic: name(), partitions: 1, replicationFactor: 5 }
    await expect(createTopic(target, copies)).rejects.toMatchObject({
      code: 'kafka/topic-refused',
      message: expect.stringMatching(/replication/i),
    })
  })

  it('says that the broker does not answer', async () => {
    const nobody = targetAt(['127.0.0.1:1'])
    await expect(listTopics(nobody)).rejects.toMatchObject({
      code: 'kafka/unreachable',
      exitCode: 3,
      message: expect.stringContaining('127.0.0.1:1'),
    })
  })
})
