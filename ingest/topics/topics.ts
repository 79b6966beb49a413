/** Topics: make, list, describe, delete. */
import type { Admin } from 'kafkajs'
import { type Clock, systemClock } from '../../core/clock.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { isKafkaError, type KafkaTarget, kafkaErrorType, kafkaReason, withAdmin } from './admin.ts'

export type TopicRequest = {
  readonly topic: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Kafka's own settings of the topic, for example `retention.ms`. */
  readonly configs?: Readonly<Record<string, string>>
}

/** `existed`: nothing was changed. `partitions` is what the topic has now. */
export type CreatedTopic = {
  readonly topic: string
  readonly existed: boolean
  readonly partitions: number
  /** Said when the topic has another number of partitions than was asked for. */
  readonly warning?: string
}

export type TopicDescription = {
  readonly topic: string
  readonly partition: number
  readonly leader: number
  readonly replicas: number
  readonly inSync: number
  /** Offset of the oldest record that is kept, and one past the newest. */
  readonly low: number
  readonly high: number
}

/** 30 s: a broker that has just started answers `topic unknown` for some seconds under load. */
const leaderDeadlineMs = 30_000
/** It takes a second or two. */
const settleDeadlineMs = 10_000

/**
 * Makes a topic and waits until each partition has a leader. One that exists is left as it is.
 * @throws `kafka/topic-refused`, `kafka/unreachable`
 */
export async function createTopic(
  target: KafkaTarget,
  request: TopicRequest,
  clock: Clock = systemClock,
): Promise<CreatedTopic> {
  const { topic, partitions } = request
  assertTopicName(topic)
  return await withAdmin(target, async (admin) => {
    const existed = !(await create(admin, request))
    const actual = await waitForLeaders(admin, topic, clock)
    if (actual === partitions) return { topic, existed, partitions: actual }
    const warning = `${topic} has ${actual} partitions, not ${partitions}; the number of partitions of a topic is not changed here.`
    return { topic, existed, partitions: actual, warning }
  })
}

export type ListedTopic = {
  readonly topic: string
  readonly partitions: number
  readonly records: number
}

/** Every topic but Kafka's own, by name. @throws `kafka/unreachable` */
export async function listTopics(
  target: KafkaTarget,
  clock: Clock = systemClock,
): Promise<readonly ListedTopic[]> {
  return await onceSettled(target, clock, readTopics)
}

/** A broker that answers, but does not lead or know a topic that it has named, is making or deleting it just now. */
async function onceSettled<T>(
  target: KafkaTarget,
  clock: Clock,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const deadline = clock.now() + settleDeadlineMs
  for (;;) {
    try {
      return await withAdmin(target, work)
    } catch (error) {
      if (kafkaErrorType(error) === undefined || clock.now() > deadline) throw error
      await clock.sleep(100)
    }
  }
}

async function readTopics(admin: Admin): Promise<readonly ListedTopic[]> {
  const names = (await admin.listTopics()).filter((name) => !name.startsWith('__')).sort()
  const rows: ListedTopic[] = []
  for (const topic of names) {
    const offsets = await admin.fetchTopicOffsets(topic)
    const records = offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
    rows.push({ topic, partitions: offsets.length, records })
  }
  return rows
}

/** One row a partition. @throws `kafka/no-such-topic`, `kafka/unreachable` */
export async function describeTopic(
  target: KafkaTarget,
  topic: string,
  clock: Clock = systemClock,
): Promise<readonly TopicDescription[]> {
  return await onceSettled(target, clock, async (admin) => {
    await assertTopicExists(admin, target, topic)
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const offsets = await admin.fetchTopicOffsets(topic)
    return (topics[0]?.partitions ?? [])
      .map(({ partitionId, leader, replicas, isr }) => {
        const at = offsets.find((offset) => offset.partition === partitionId)
        return {
          topic,
          partition: partitionId,
          leader,
          replicas: replicas.length,
          inSync: isr.length,
          low: Number(at?.low ?? 0),
          high: Number(at?.high ?? 0),
        }
      })
      .sort((one, other) => one.partition - other.partition)
  })
}

/** Deletes a topic with all its records. @throws `kafka/no-such-topic`, `kafka/unreachable` */
export async function deleteTopic(target: KafkaTarget, topic: string): Promise<void> {
  await withAdmin(target, async (admin) => {
    // Asked first: kafkajs would retry the deletion of a missing topic for many seconds.
    await assertTopicExists(admin, target, topic)
    await admin.deleteTopics({ topics: [topic] })
  })
}

/** @throws `kafka/no-such-topic` */
export async function assertTopicExists(
  admin: Admin,
  target: KafkaTarget,
  topic: string,
): Promise<void> {
  const names = await admin.listTopics()
  if (names.includes(topic)) return
  const brokers = target.brokers.join(',')
  throw problem('kafka/no-such-topic', { topic, brokers, nearest: nearest(topic, names) })
}

/** True when it was made, false when it was there. */
async function create(admin: Admin, request: TopicRequest): Promise<boolean> {
  const { topic, partitions, replicationFactor, configs = {} } = request
  try {
    return await admin.createTopics({
      // kafkajs' own waiting fails on a broker that does not know its new topic yet.
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
        },
      ],
    })
  } catch (cause) {
    const type = kafkaErrorType(cause)
    if (type === 'TOPIC_ALREADY_EXISTS') return false
    if (type === undefined || !type.startsWith('INVALID_')) throw cause
    throw problem('kafka/topic-refused', { topic, reason: kafkaReason(cause) }, { cause })
  }
}

/** Polls until every partition has a leader; returns their number. */
async function waitForLeaders(admin: Admin, topic: string, clock: Clock): Promise<number> {
  const deadline = clock.now() + leaderDeadlineMs
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const partitions = topics[0]?.partitions ?? []
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) {
        return partitions.length
      }
    } catch (error) {
      if (!isKafkaError(error) || clock.now() > deadline) throw error
    }
    if (clock.now() > deadline) {
      throw problem('kafka/topic-refused', { topic, reason: 'its partitions get no leader' })
    }
    await clock.sleep(100)
  }
}

function assertTopicName(topic: string): void {
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(topic) && topic !== '.' && topic !== '..') return
  throw problem('kafka/topic-refused', { topic, reason: 'that is no valid name' })
}
