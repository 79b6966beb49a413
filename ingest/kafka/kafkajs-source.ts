/**
 * `Source` over kafkajs 2.2. What it does behind one's back is taken away from it here: it commits nothing by
 * itself, a reset after OFFSET_OUT_OF_RANGE is reported instead of followed, every assignment starts paused,
 * and the group is joined again only after `leaving` had its time.
 */
import {
  type Admin,
  type Broker,
  type Cluster,
  type Consumer,
  type EachBatchPayload,
  type Kafka,
  type KafkaMessage,
  type PartitionAssigner,
  PartitionAssigners,
} from 'kafkajs'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { problem } from '../../core/problems.ts'
import type { KafkaRecord } from '../landing/record-buffer.ts'
import { type FetchedPartition, hideAborted } from './aborted.ts'
import { missingCodec, registerCodecs } from './codecs.ts'
import { type KafkaOptions, openKafka } from './connect.ts'
import { endOfEmptied } from './emptied.ts'
import type { GroupListener, Source, SourceBatch, Watermarks } from './source.ts'

type FetchedTopic = { readonly partitions: readonly (FetchedPartition & EmptyFetch)[] }
/** What there is to an answer without records. */
type EmptyFetch = {
  readonly partition: number
  readonly lastStableOffset?: string
  messages: readonly unknown[]
}

export type SourceOptions = {
  readonly kafka: KafkaOptions
  readonly topic: string
  readonly groupId: string
  /** Milliseconds without a heartbeat after which the group gives our partitions away. */
  readonly sessionTimeoutMs: number
  /** Milliseconds members have to join again; `leaving` may take half of it. */
  readonly rebalanceTimeoutMs: number
}

/** Fetches wait at most this long for data, so that seeks, pauses and heartbeats are seen in time. */
const maxWaitMs = 250
const fetchBytesPerPartition = 2 * 1024 * 1024
const fetchBytes = 16 * 1024 * 1024
/** A look at the header of a batch costs a connection. */
const lookEveryEmptyAnswers = 5
/** New partitions are noticed within this time. */
const metadataMaxAgeMs = 30_000

/** Opens the source; nothing is connected yet. */
export function openKafkajsSource(options: SourceOptions, log: Log): Source {
  registerCodecs()
  return new KafkajsSource(openKafka(options.kafka, log), options, log)
}

class KafkajsSource implements Source {
  readonly #options: SourceOptions
  readonly #log: Log
  readonly #consumer: Consumer
  readonly #admin: Admin
  #adminReady: Promise<void> | undefined
  #handler: (batch: SourceBatch) => void = () => {}
  #listener: GroupListener | undefined
  /** Where the last fetch of each partition started; kafkajs keeps it to itself for batches that it skips. */
  readonly #requested = new Map<number, number>()
  readonly #watched = new WeakSet<Broker>()
  /** Answers in a row without a record although some wait, by partition. */
  readonly #emptyAnswers = new Map<number, number>()
  #assigned: readonly number[] = []
  #heartbeat: (() => Promise<void>) | undefined
  #hints = new Map<number, number>()
  #hinting = false
  #closed = false

  constructor(kafka: Kafka, options: SourceOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#admin = kafka.admin({ retry: { retries: 2, initialRetryTime: 200 } })
    this.#consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      heartbeatInterval: Math.min(3_000, Math.floor(options.sessionTimeoutMs / 4)),
      maxWaitTimeInMs: Math.min(maxWaitMs, Math.floor(options.sessionTimeoutMs / 4)),
      maxBytesPerPartition: fetchBytesPerPartition,
      maxBytes: fetchBytes,
      metadataMaxAge: metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [this.#assigner()],
      retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 5_000 },
    })
  }

  batches(handler: (batch: SourceBatch) => void): void {
    this.#handler = handler
  }

  async assign(listener: GroupListener): Promise<void> {
    this.#listener = listener
    const consumer = this.#consumer
    const { events } = consumer
    consumer.on(events.GROUP_JOIN, ({ payload }) => this.#joined(payload.memberAssignment))
    consumer.on(events.START_BATCH_PROCESS, ({ payload }) => this.#onFilteredBatch(payload))
    consumer.on(events.CRASH, ({ payload }) => {
      this.#heartbeat = undefined
      if (payload.restart || this.#closed) {
        this.#log.warn(
          { event: 'kafka.restart', reason: messageOf(payload.error) },
          'Kafka client restarts',
        )
      } else {
        listener.failed(this.#explain(payload.error))
      }
    })
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [this.#options.topic], fromBeginning: true })
    } catch (error) {
      throw this.#explain(error)
    }
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: (payload) => this.#eachBatch(payload),
    })
  }

  seek(partition: number, offset: number): void {
    this.#tell(() =>
      this.#consumer.seek({ topic: this.#options.topic, partition, offset: String(offset) }),
    )
  }

  pause(partition: number, paused: boolean): void {
    const topics = [{ topic: this.#options.topic, partitions: [partition] }]
    this.#tell(() => (paused ? this.#consumer.pause(topics) : this.#consumer.resume(topics)))
  }

  async watermarks(): Promise<ReadonlyMap<number, Watermarks>> {
    try {
      this.#adminReady ??= this.#admin.connect()
      await this.#adminReady
      const offsets = await this.#admin.fetchTopicOffsets(this.#options.topic)
      return new Map(
        offsets.map(({ partition, low, high }) => [
          partition,
          { low: this.#toOffset(partition, low), high: this.#toOffset(partition, high) },
        ]),
      )
    } catch (error) {
      this.#adminReady = undefined
      throw this.#explain(error)
    }
  }

  commitHint(partition: number, offset: number): void {
    this.#hints.set(partition, offset)
    if (!this.#hinting) void this.#commitHints()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#consumer.disconnect().catch(() => {})
    await this.#admin.disconnect().catch(() => {})
  }

  async #commitHints(): Promise<void> {
    this.#hinting = true
    while (this.#hints.size > 0 && !this.#closed) {
      const { topic } = this.#options
      const offsets = [...this.#hints].map(([partition, offset]) => ({
        topic,
        partition,
        offset: String(offset),
      }))
      this.#hints = new Map()
      try {
        await this.#consumer.commitOffsets(offsets)
      } catch (error) {
        this.#log.debug({ event: 'landing.hint-failed', reason: messageOf(error) })
      }
    }
    this.#hinting = false
  }

  /**
   * Round robin, as kafkajs does it; the factory is the one place where kafkajs hands out its cluster object.
   * Looking up the coordinator is the first thing a (re)join does, asking for the default offset the first
   * thing a silent reset does.
   */
  #assigner(): PartitionAssigner {
    return (config) => {
      const cluster: Cluster = config.cluster
      const findBroker = cluster.findBroker.bind(cluster)
      const findCoordinator = cluster.findGroupCoordinator.bind(cluster)
      const defaultOffset = cluster.defaultOffset.bind(cluster)
      const fetchTopicsOffset = cluster.fetchTopicsOffset.bind(cluster)
      let lookingUp = false
      cluster.findBroker = async (node) => this.#watchFetches(await findBroker(node))
      cluster.findGroupCoordinator = async (group) => {
        await this.#beforeJoin()
        return await findCoordinator(group)
      }
      // Also asked for a group without commits, which is no jump; up to its first await this runs at once.
      cluster.fetchTopicsOffset = (topics) => {
        lookingUp = true
        try {
          return fetchTopicsOffset(topics)
        } finally {
          lookingUp = false
        }
      }
      cluster.defaultOffset = (topic) => {
        if (!lookingUp) this.#listener?.jumped()
        return defaultOffset(topic)
      }
      return PartitionAssigners.roundRobin(config)
    }
  }

  #watchFetches(broker: Broker): Broker {
    if (this.#watched.has(broker)) return broker
    this.#watched.add(broker)
    const fetch = broker.fetch.bind(broker)
    broker.fetch = async (request) => {
      for (const { partitions } of request.topics ?? []) {
        for (const { partition, fetchOffset } of partitions) {
          this.#requested.set(partition, Number(fetchOffset))
        }
      }
      // kafkajs has no type for its answer.
      const answer: { readonly responses: readonly FetchedTopic[] } = await fetch(request)
      for (const { partitions } of answer.responses) {
        partitions.forEach(hideAborted)
        for (const fetched of partitions) await this.#stepOverEmptied(fetched)
      }
      return answer
    }
    return broker
  }

  /**
   * Puts a control record, which kafkajs skips, into an answer that has none although records wait: where the
   * batch at the offset is an emptied one, kafkajs goes on behind it.
   */
  async #stepOverEmptied(fetched: EmptyFetch): Promise<void> {
    const { partition } = fetched
    const offset = this.#requested.get(partition) ?? 0
    const waits = fetched.messages.length === 0 && Number(fetched.lastStableOffset ?? 0) > offset
    // Now and then an answer is empty because other partitions have filled it.
    const times = waits ? (this.#emptyAnswers.get(partition) ?? 0) + 1 : 0
    this.#emptyAnswers.set(partition, times)
    if (times === 0 || times % lookEveryEmptyAnswers !== 0) return
    const place = { topic: this.#options.topic, partition, offset }
    const end = await endOfEmptied(this.#options.kafka, place).catch((error: unknown) => {
      this.#log.warn({ event: 'kafka.no-look', ...place, reason: messageOf(error) })
      return undefined
    })
    if (end === undefined) return
    this.#emptyAnswers.delete(partition)
    const batchContext = { producerId: '-1', inTransaction: false }
    const offsetOfLast = String(end - 1)
    fetched.messages = [{ offset: offsetOfLast, key: null, isControlRecord: true, batchContext }]
  }

  /** Gives the listener half of the rebalance time, and keeps the session alive meanwhile. */
  async #beforeJoin(): Promise<void> {
    if (this.#assigned.length === 0 || this.#closed) return
    const beat = setInterval(
      () => {
        this.#heartbeat?.().catch(() => {})
      },
      Math.max(100, Math.floor(this.#options.sessionTimeoutMs / 4)),
    )
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.rebalanceTimeoutMs / 2)
    })
    try {
      await Promise.race([this.#listener?.leaving(), deadline])
    } finally {
      clearInterval(beat)
      clearTimeout(timer)
      this.#assigned = []
    }
  }

  #joined(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.#assigned = assignment[this.#options.topic] ?? []
    this.#requested.clear()
    for (const partition of this.#assigned) this.pause(partition, true)
    this.#listener?.joined(this.#assigned, ++this.#generation)
  }
  #generation = 0

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, isStale, isRunning, resolveOffset } = payload
    this.#heartbeat = heartbeat
    if (!isRunning() || isStale()) return
    const { partition } = batch
    const end = this.#toOffset(partition, batch.lastOffset()) + 1
    this.#handler({
      partition,
      from: this.#fetchedAt(batch) ?? this.#requested.get(partition) ?? -1,
      end,
      highWatermark: this.#toOffset(partition, batch.highWatermark),
      leaderEpoch: leaderEpochOf(batch.messages.at(-1)),
      records: batch.messages.map((message) => this.#toRecord(partition, message)),
    })
    resolveOffset(batch.lastOffset())
    await heartbeat()
  }

  /**
   * Batches of control or aborted records only: kafkajs skips them, and tells by this event alone, also when
   * there was a seek since they were fetched. Hence the offset of that fetch, not the one asked for last.
   */
  #onFilteredBatch(payload: {
    readonly partition: number
    readonly batchSize: number
    readonly lastOffset: string
    readonly highWatermark: string
  }): void {
    const { partition } = payload
    const from = this.#requested.get(partition)
    if (payload.batchSize > 0 || from === undefined) return
    const end = this.#toOffset(partition, payload.lastOffset) + 1
    const highWatermark = this.#toOffset(partition, payload.highWatermark)
    this.#handler({ partition, from, end, highWatermark, leaderEpoch: null, records: [] })
  }

  /** kafkajs keeps it on the batch but not in its types. */
  #fetchedAt(batch: object): number | undefined {
    return 'fetchedOffset' in batch ? Number(batch.fetchedOffset) : undefined
  }

  #toRecord(partition: number, message: KafkaMessage): KafkaRecord {
    return {
      offset: this.#toOffset(partition, message.offset),
      timestampMs: toTimestamp(message.timestamp),
      key: message.key,
      value: message.value,
    }
  }

  #toOffset(partition: number, text: string): number {
    const offset = Number(text)
    if (Number.isSafeInteger(offset)) return offset
    const error = problem('landing/offset-too-large', {
      partition: `${this.#options.topic}/${partition}`,
      offset: text,
    })
    this.#listener?.failed(error)
    throw error
  }

  /** The consumer refuses seeks and pauses while it reconnects; the next `joined` makes them good. */
  #tell(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#log.debug({ event: 'kafka.not-running', reason: messageOf(error) })
    }
  }

  #explain(cause: unknown): Error {
    const reason = messageOf(cause)
    const codec = missingCodec(reason)
    const { topic, kafka } = this.#options
    if (codec !== undefined) return problem('landing/codec-missing', { topic, codec }, { cause })
    const brokers = kafka.brokers.join(',')
    if (/does not host this topic/.test(reason)) {
      return problem('landing/no-such-topic', { topic, brokers }, { cause })
    }
    return problem('landing/kafka-unreachable', { brokers, reason }, { cause })
  }
}

/** Milliseconds that a number holds exactly; a producer may send any int64. */
function toTimestamp(text: string): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number(text), Number.MAX_SAFE_INTEGER))
}

/** kafkajs keeps the header of a record's batch on the message but not in its types. */
function leaderEpochOf(message: KafkaMessage | undefined): number | null {
  if (message === undefined || !('batchContext' in message)) return null
  const context: unknown = message.batchContext
  if (typeof context !== 'object' || context === null || !('partitionLeaderEpoch' in context))
    return null
  return typeof context.partitionLeaderEpoch === 'number' ? context.partitionLeaderEpoch : null
}
