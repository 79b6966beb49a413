/** What tests of landing share: options with small limits, a topic, messages, and a reader of what was landed. */
import { randomUUID } from 'node:crypto'
import { type Message, Partitioners } from 'kafkajs'
import { type Duckdb, openDuckdb } from '../../core/clients/duckdb.ts'
import { type ObjectStore, openS3, type S3Options } from '../../core/clients/s3.ts'
import { systemClock } from '../../core/clock.ts'
import { userActivitySchema } from '../../core/contracts/user-activity.ts'
import type { Log } from '../../core/log.ts'
import { silentLog } from '../../core/silent-log.ts'
import { openKafka } from '../../ingest/kafka/connect.ts'
import { runLanding } from '../../ingest/landing/land.ts'
import { makeNonce } from '../../ingest/landing/nonce.ts'
import type {
  LandingDependencies,
  LandingOptions,
  LandingReport,
} from '../../ingest/landing/options.ts'
import { currentEpochs, listPartitions } from '../../ingest/ledger/discover.ts'
import type { LedgerEntry } from '../../ingest/ledger/entry.ts'
import { readLedger } from '../../ingest/ledger/read.ts'
import { createTopic } from '../../ingest/topics/topics.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export type LandingServices = { readonly brokers: readonly string[]; readonly s3: S3Options }

export type LandingBench = AsyncDisposable & {
  readonly topic: string
  readonly store: ObjectStore
  readonly duckdb: Duckdb
  readonly options: LandingOptions
  /** Sends messages to one partition, in order. */
  produce(messages: readonly (Message | string | null)[], partition?: number): Promise<void>
  land(overrides?: Partial<LandingOptions>, run?: LandRun): Promise<LandingReport>
  /** Every entry of a partition, links verified. */
  entries(partition?: number): Promise<readonly LedgerEntry[]>
}

export type LandRun = {
  readonly signal?: AbortSignal
  readonly store?: LandingDependencies['store']
  readonly onProgress?: LandingDependencies['onProgress']
  readonly log?: Log
}

export const event = (userId: number, fields: object = {}) =>
  JSON.stringify({ user_id: userId, action: 'login', timestamp: '2024-11-25T12:00:00Z', ...fields })

/** A fresh topic with a store and an engine to land it with. */
export async function landingBench(
  services: LandingServices,
  partitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<LandingBench> {
  const topic = `landing-${randomUUID()}`
  const kafkaOptions = { brokers: services.brokers, clientId: 'test', ssl: false }
  const kafka = openKafka(kafkaOptions, silentLog)
  await createTopic(
    { kafka, brokers: services.brokers },
    { topic, partitions, replicationFactor: 1, configs },
  )
  // Its end is not the bench's: a test that fails early or hangs never disposes of its bench.
  const directory = temporaryDirectory()
  const store = openS3(services.s3)
  const duckdb = await openDuckdb({ extensionDirectory: directory, tempDirectory: directory })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const options: LandingOptions = {
    kafka: kafkaOptions,
    topic,
    groupId: `group-${topic}`,
    schema: userActivitySchema,
    rotateBytes: 8 * 1024 * 1024,
    rotateRecords: 50_000,
    rotateMs: 500,
    memoryBytes: 64 * 1024 * 1024,
    maxRecordBytes: 256 * 1024,
    onGap: 'fail',
    start: 'earliest',
    tempDirectory: directory,
    writerId: 'test',
    untilCaughtUp: true,
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: 10_000,
  }
  return {
    topic,
    store,
    duckdb,
    options,
    produce: async (messages, partition = 0) => {
      const sent = messages.map((message) => ({
        ...(typeof message === 'object' && message !== null ? message : { value: message }),
        partition,
      }))
      await producer.send({ topic, messages: sent })
    },
    land: (overrides = {}, run = {}) =>
      runLanding(
        { ...options, ...overrides },
        {
          store: run.store ?? store,
          duckdb,
          log: run.log ?? silentLog,
          clock: systemClock,
          makeNonce: () => makeNonce(Date.now(), randomUUID().replaceAll('-', '')),
          ...(run.onProgress === undefined ? {} : { onProgress: run.onProgress }),
        },
        run.signal ?? new AbortController().signal,
      ),
    entries: (partition = 0) => entriesOf(store, topic, partition),
    [Symbol.asyncDispose]: async () => {
      await producer.disconnect()
      duckdb.close()
      store.close()
    },
  }
}

async function entriesOf(
  store: ObjectStore,
  topic: string,
  partition: number,
): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  for (const epoch of await currentEpochs(store, topic)) {
    for (const chain of await listPartitions(store, epoch)) {
      if (chain.partition !== partition) continue
      for await (const { entry } of readLedger(store, chain)) entries.push(entry)
    }
  }
  return entries
}
