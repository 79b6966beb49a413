/** What `runLanding` takes and gives; settings of the command line arrive here as plain values. */
import type { Duckdb } from '../../core/clients/duckdb.ts'
import type { ObjectStore } from '../../core/clients/s3.ts'
import type { Clock } from '../../core/clock.ts'
import type { TopicSchema } from '../../core/contracts/user-activity.ts'
import type { Log } from '../../core/log.ts'
import type { KafkaOptions } from '../kafka/connect.ts'

export type LandingOptions = {
  readonly kafka: KafkaOptions
  readonly topic: string
  readonly groupId: string
  readonly schema: TopicSchema
  /** Bytes, records or milliseconds after which what a partition has gathered is claimed. */
  readonly rotateBytes: number
  readonly rotateRecords: number
  readonly rotateMs: number
  /** Bytes of unflushed records in the process; the largest partitions pause at 80 % of it. */
  readonly memoryBytes: number
  readonly maxRecordBytes: number
  readonly onGap: 'fail' | 'record'
  readonly start: 'earliest' | 'latest'
  /** An existing folder with room for some files of `rotateBytes`. */
  readonly tempDirectory: string
  /** Stands in the ledger; two processes may share it. */
  readonly writerId: string
  /** Stop when every partition has been landed up to the high watermark seen at the start. */
  readonly untilCaughtUp?: boolean
  /** Stop when nothing has come for so long and all is landed. */
  readonly exitWhenIdleMs?: number
  /** Default 30,000. */
  readonly sessionTimeoutMs?: number
  /** Default 60,000. */
  readonly rebalanceTimeoutMs?: number
  /** How long the last flush may take after the signal. Default 20,000. */
  readonly drainTimeoutMs?: number
  /** A head that stands so long while records wait, and nothing outside is to blame, ends the run. Default 300,000. */
  readonly stuckMs?: number
  /** Entries of a partition between two checkpoints. Default 1,000. */
  readonly checkpointEvery?: number
  /** Between two `landing.progress` lines of the log. Default 60,000. */
  readonly progressLogMs?: number
}

const defaults = {
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 60_000,
  drainTimeoutMs: 20_000,
  stuckMs: 300_000,
  // A thousand GETs take about a second at the next start.
  checkpointEvery: 1_000,
  progressLogMs: 60_000,
} as const

/** Options in which everything that has a default is set. */
export type LandingSettings = LandingOptions & Required<Pick<LandingOptions, keyof typeof defaults>>

export function withDefaults(options: LandingOptions): LandingSettings {
  return { ...defaults, ...options }
}

/** `putIfAbsent` is the commit; the rest is plain storage. */
export type LandingStore = Pick<
  ObjectStore,
  'bucket' | 'put' | 'putIfAbsent' | 'get' | 'list' | 'delete'
>

export type LandingDependencies = {
  readonly store: LandingStore
  readonly duckdb: Duckdb
  readonly log: Log
  readonly clock: Clock
  /** Unique in space and time, letters and digits: names claims, files and tables. */
  readonly makeNonce: () => string
  readonly onProgress?: (progress: LandingProgress) => void
}

export type LandingTotals = {
  /** Rows in data files, in dead-letter files, and offsets without a record. */
  readonly records: number
  readonly deadLetters: number
  readonly skipped: number
  /** Bytes and number of Parquet files. */
  readonly bytes: number
  readonly files: number
  readonly entries: number
}

export type PartitionProgress = {
  readonly partition: number
  readonly state: string
  /** Next offset to be claimed; undefined until the ledger was read. */
  readonly head: number | undefined
  readonly highWatermark: number | undefined
  readonly lagRecords: number | undefined
  readonly bufferedBytes: number
  /** Milliseconds since 1970 of the last commit by this process. */
  readonly lastCommitMs: number | undefined
}

export type LandingProgress = LandingTotals & {
  readonly elapsedMs: number
  /** Landed since the report before this one. */
  readonly recordsPerSecond: number
  readonly lagRecords: number
  readonly bufferedBytes: number
  readonly partitions: readonly PartitionProgress[]
}

export type LandingReport = LandingTotals & {
  readonly elapsedMs: number
  /** Records that were fetched but not landed when the run ended; Kafka still has them. */
  readonly unflushed: number
  readonly reason: 'signal' | 'caught-up' | 'idle'
}
