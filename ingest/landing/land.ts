/** `millrace land` as a function: joins the group, lands what it is given, leaves when it is told or done. */
import { isProblem, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { openKafkajsSource } from '../kafka/kafkajs-source.ts'
import type { GroupListener, Source, Watermarks } from '../kafka/source.ts'
import { openTopicIdentifier, type TopicIdentifier } from '../kafka/topic-identity.ts'
import type { EpochRecord, LedgerEntry } from '../ledger/entry.ts'
import type { TopicEpoch } from '../ledger/keys.ts'
import { readHead } from '../ledger/read.ts'
import { assertConditionalWrites, openEpoch } from './claims.ts'
import { openGate } from './gate.ts'
import { planMemory } from './memory.ts'
import {
  type LandingDependencies,
  type LandingOptions,
  type LandingProgress,
  type LandingReport,
  type LandingTotals,
  noTotals,
} from './options.ts'
import { PartitionWorker, type WorkerContext } from './partition-worker.ts'

const tickMs = 50
const progressEveryMs = 1_000
const watermarksEveryMs = 10_000
const defaults = {
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 60_000,
  drainTimeoutMs: 20_000,
  stuckMs: 300_000,
  progressLogMs: 60_000,
} as const

/**
 * Lands a topic until the signal aborts (or it has caught up, or is idle, where that is asked for), then
 * flushes and leaves. Outside systems that fail on the way are asked again for as long as it takes.
 * @throws `landing/*` when a person has to look; `lake/store-unreachable`, `landing/kafka-unreachable` at the
 *   start or when the client gives up; `lake/out-of-space`. Whatever was claimed before stays landed.
 */
export async function runLanding(
  options: LandingOptions,
  dependencies: LandingDependencies,
  signal: AbortSignal,
): Promise<LandingReport> {
  const identifier = openTopicIdentifier(options.kafka)
  const source = openKafkajsSource(
    {
      kafka: options.kafka,
      topic: options.topic,
      groupId: options.groupId,
      sessionTimeoutMs: options.sessionTimeoutMs ?? defaults.sessionTimeoutMs,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? defaults.rebalanceTimeoutMs,
    },
    dependencies.log,
  )
  try {
    await assertConditionalWrites(dependencies.store, dependencies.makeNonce())
    const { cluster, epoch } = await identifier.identify(options.topic)
    const topic: TopicEpoch = { cluster, topic: options.topic, epoch }
    const watermarks = await source.watermarks()
    const record = await openEpoch(
      dependencies.store,
      topic,
      async () => startsOf(watermarks, options.start),
      new Date(dependencies.clock.now()),
    )
    const run = new LandingRun(options, dependencies, { source, identifier, topic, record })
    return await run.until(signal, watermarks)
  } finally {
    await source.close()
    await identifier.close().catch(() => {})
  }
}

function startsOf(
  watermarks: ReadonlyMap<number, Watermarks>,
  start: LandingOptions['start'],
): ReadonlyMap<number, number> {
  const offset = ({ low, high }: Watermarks) => (start === 'earliest' ? low : high)
  return new Map([...watermarks].map(([partition, marks]) => [partition, offset(marks)]))
}

/** So many records were landed by then. */
type Mark = { readonly atMs: number; readonly records: number }

type Opened = {
  readonly source: Source
  readonly identifier: TopicIdentifier
  readonly topic: TopicEpoch
  readonly record: EpochRecord
}

class LandingRun implements GroupListener {
  readonly #options: LandingOptions
  readonly #dependencies: LandingDependencies
  readonly #opened: Opened
  readonly #workers = new Map<number, PartitionWorker>()
  readonly #encodeGate = openGate()
  readonly #startedMs: number
  #totals: LandingTotals = noTotals
  #generation = 0
  #failure: { readonly error: unknown } | undefined
  #draining = false
  #memoryPaused: ReadonlySet<number> = new Set()
  #lastActivityMs: number
  #lastProgress: Mark
  #lastLogged: Mark
  #lastWatermarksMs: number
  #stuckLoggedMs = 0

  constructor(options: LandingOptions, dependencies: LandingDependencies, opened: Opened) {
    this.#options = options
    this.#dependencies = dependencies
    this.#opened = opened
    this.#startedMs = dependencies.clock.now()
    this.#lastActivityMs = this.#startedMs
    this.#lastWatermarksMs = this.#startedMs
    this.#lastProgress = { atMs: this.#startedMs, records: 0 }
    this.#lastLogged = this.#lastProgress
  }

  async until(
    signal: AbortSignal,
    watermarks: ReadonlyMap<number, Watermarks>,
  ): Promise<LandingReport> {
    const { source } = this.#opened
    const { clock } = this.#dependencies
    source.batches((batch) => {
      this.#lastActivityMs = clock.now()
      this.#workers.get(batch.partition)?.onBatch(batch)
      // A tick may come late, and much is fetched meanwhile. Whoever drains has paused all.
      if (!this.#draining) this.#balanceMemory()
    })
    await source.assign(this)
    try {
      const reason = await this.#work(signal, watermarks)
      await this.#drain()
      this.#report(true)
      if (this.#failure !== undefined) throw this.#failure.error
      const unflushed = [...this.#workers.values()].reduce(
        (sum, worker) => sum + worker.unflushedRecords,
        0,
      )
      return { ...this.#totals, elapsedMs: clock.now() - this.#startedMs, unflushed, reason }
    } finally {
      // What still asks a store or a broker again would keep the process alive for as long as it fails.
      for (const worker of this.#workers.values()) worker.revoke()
    }
  }

  joined(partitions: readonly number[], generation: number): void {
    const { log } = this.#dependencies
    log.info(
      { event: 'landing.assigned', partitions, generation },
      `assigned: ${partitions.join(', ') || 'nothing'}`,
    )
    this.#generation = generation
    for (const [partition, worker] of this.#workers) {
      if (partitions.includes(partition)) continue
      worker.revoke()
      this.#workers.delete(partition)
    }
    if (this.#draining) return
    for (const partition of partitions) this.#workerOf(partition).assign(generation)
  }

  async leaving(): Promise<void> {
    // Later the partitions are assigned anew, and their new buffers are not to be flushed early.
    await this.#flushAll(this.#dependencies.clock.now() + this.#rebalanceTimeoutMs / 2)
  }

  jumped(): void {
    this.#dependencies.log.error(
      { event: 'landing.jump-refused' },
      'Kafka no longer has the offset that was asked for; every partition is looked at again',
    )
    for (const worker of this.#workers.values()) worker.assign(this.#generation)
  }

  failed(error: unknown): void {
    this.#failure ??= { error }
  }

  get #rebalanceTimeoutMs(): number {
    return this.#options.rebalanceTimeoutMs ?? defaults.rebalanceTimeoutMs
  }

  #workerOf(partition: number): PartitionWorker {
    const known = this.#workers.get(partition)
    if (known !== undefined) return known
    const { topic, record, source } = this.#opened
    const context: WorkerContext = {
      options: this.#options,
      dependencies: this.#dependencies,
      source,
      startAt: record.starts[String(partition)] ?? 0,
      assertSameTopic: () => this.#assertSameTopic(),
      encodeGate: this.#encodeGate,
      onCommit: (entry) => this.#count(entry),
      onFailure: (error) => this.failed(error),
    }
    const worker = new PartitionWorker({ ...topic, partition }, context)
    this.#workers.set(partition, worker)
    return worker
  }

  async #assertSameTopic(): Promise<void> {
    const { identifier, topic } = this.#opened
    const now = await identifier.identify(topic.topic)
    if (now.epoch === topic.epoch && now.cluster === topic.cluster) return
    throw problem('landing/topic-recreated', {
      topic: topic.topic,
      before: topic.epoch,
      now: now.epoch,
    })
  }

  #count(entry: LedgerEntry): void {
    const totals = this.#totals
    this.#lastActivityMs = this.#dependencies.clock.now()
    this.#totals = {
      records: totals.records + entry.records,
      deadLetters: totals.deadLetters + entry.dead_letters,
      skipped: totals.skipped + (entry.type === 'data' ? entry.skipped : 0),
      bytes: totals.bytes + entry.files.reduce((sum, file) => sum + file.bytes, 0),
      files: totals.files + entry.files.length,
      entries: totals.entries + 1,
    }
  }

  async #work(
    signal: AbortSignal,
    watermarks: ReadonlyMap<number, Watermarks>,
  ): Promise<LandingReport['reason']> {
    const { clock } = this.#dependencies
    const behind = new Map([...watermarks].map(([partition, { high }]) => [partition, high]))
    while (!signal.aborted && this.#failure === undefined) {
      for (const worker of this.#workers.values()) {
        if (worker.isDue(clock.now())) worker.flush()
      }
      this.#balanceMemory()
      if (this.#options.untilCaughtUp === true && (await this.#hasCaughtUp(behind)))
        return 'caught-up'
      if (this.#isIdle()) return 'idle'
      await this.#refreshWatermarks()
      this.#watchHeads()
      this.#report(false)
      await clock.sleep(tickMs)
    }
    return 'signal'
  }

  #balanceMemory(): void {
    const { memoryBytes, rotateBytes } = this.#options
    const held = [...this.#workers.values()].map((worker) => worker.held)
    const plan = planMemory(held, this.#memoryPaused, memoryBytes, rotateBytes)
    this.#memoryPaused = plan.paused
    for (const worker of this.#workers.values()) {
      worker.setMemoryPaused(plan.paused.has(worker.chain.partition))
    }
    for (const partition of plan.flush) this.#workers.get(partition)?.flush()
  }

  /** Strikes out what is landed up to its mark; partitions of other members are looked up in the ledger. */
  async #hasCaughtUp(behind: Map<number, number>): Promise<boolean> {
    const elsewhere = this.#generation > 0 && this.#ticks++ % foreignEveryTicks === 0
    for (const [partition, mark] of behind) {
      const worker = this.#workers.get(partition)
      if ((worker?.head ?? -1) >= mark) behind.delete(partition)
      else if (worker !== undefined && (worker.position ?? -1) >= mark) worker.flush()
      else if (worker === undefined && elsewhere && (await this.#headOf(partition)) >= mark) {
        behind.delete(partition)
      }
    }
    return behind.size === 0 && [...this.#workers.values()].every((worker) => worker.isSettled)
  }
  #ticks = 0

  async #headOf(partition: number): Promise<number> {
    const chain = { ...this.#opened.topic, partition }
    const head = await readHead(this.#dependencies.store, chain).catch((error: unknown) => {
      if (isProblem(error) && error.retryable) return undefined
      throw error
    })
    return head?.last.entry.end ?? 0
  }

  #isIdle(): boolean {
    const { exitWhenIdleMs } = this.#options
    if (exitWhenIdleMs === undefined || this.#workers.size === 0) return false
    const idleMs = this.#dependencies.clock.now() - this.#lastActivityMs
    if (idleMs < exitWhenIdleMs) return false
    const workers = [...this.#workers.values()]
    for (const worker of workers) worker.flush()
    return workers.every((worker) => worker.isSettled && worker.head !== undefined)
  }

  async #refreshWatermarks(): Promise<void> {
    const nowMs = this.#dependencies.clock.now()
    if (nowMs - this.#lastWatermarksMs < watermarksEveryMs) return
    this.#lastWatermarksMs = nowMs
    // Not awaited: a broker that is down must not hold up flushes.
    this.#look().catch((error: unknown) => {
      if (!isProblem(error) || !error.retryable) {
        this.failed(error)
      }
      this.#dependencies.log.debug({ event: 'landing.no-watermarks', reason: messageOf(error) })
    })
  }

  async #look(): Promise<void> {
    await this.#assertSameTopic()
    for (const [partition, marks] of await this.#opened.source.watermarks()) {
      this.#workers.get(partition)?.onWatermarks(marks)
    }
  }

  /** A head that stands although records wait is an error in the log, and past a limit the end of the run. */
  #watchHeads(): void {
    const nowMs = this.#dependencies.clock.now()
    const { rotateMs } = this.#options
    // A head moves at least each rotation, so that it stands for less is no trouble.
    const stuckMs = Math.max(2 * rotateMs, this.#options.stuckMs ?? defaults.stuckMs)
    const loudMs = Math.max(2 * rotateMs, loudAfterMs)
    for (const worker of this.#workers.values()) {
      const forMs = worker.stuckForMs(nowMs)
      if (forMs < Math.min(loudMs, stuckMs)) continue
      const parameters = {
        partition: worker.name,
        head: worker.head ?? 0,
        lag: worker.lag ?? 0,
        seconds: Math.round(forMs / 1_000),
      }
      const error = problem('landing/stuck', parameters)
      if (nowMs - this.#stuckLoggedMs >= loudAfterMs) {
        this.#stuckLoggedMs = nowMs
        this.#dependencies.log.error({ event: 'landing.stuck', ...parameters }, error.message)
      }
      if (forMs >= stuckMs && !worker.isInTrouble) this.failed(error)
    }
  }

  async #drain(): Promise<void> {
    this.#draining = true
    for (const worker of this.#workers.values()) worker.setMemoryPaused(true)
    const drainMs = this.#options.drainTimeoutMs ?? defaults.drainTimeoutMs
    const settled = await this.#flushAll(this.#dependencies.clock.now() + drainMs)
    if (settled) return
    const { log } = this.#dependencies
    const records = [...this.#workers.values()].reduce((sum, one) => sum + one.unflushedRecords, 0)
    const text = `${records} records could not be landed in time; Kafka still has them and the next start lands them`
    log.warn({ event: 'landing.unflushed', records }, text)
  }

  /** Flushes until nothing is buffered. @returns whether that was so before the deadline */
  async #flushAll(deadlineMs: number): Promise<boolean> {
    const { clock } = this.#dependencies
    for (;;) {
      const open = [...this.#workers.values()].filter((worker) => !worker.isSettled)
      if (open.length === 0) return true
      if (clock.now() >= deadlineMs) return false
      for (const worker of open) worker.flush()
      await clock.sleep(settleMs)
    }
  }

  #report(final: boolean): void {
    const { clock, onProgress } = this.#dependencies
    const mark: Mark = { atMs: clock.now(), records: this.#landed() }
    if (final || mark.atMs - this.#lastProgress.atMs >= progressEveryMs) {
      onProgress?.(this.#progress(this.#lastProgress, mark))
      this.#lastProgress = mark
    }
    const logEveryMs = this.#options.progressLogMs ?? defaults.progressLogMs
    if (mark.atMs - this.#lastLogged.atMs >= logEveryMs) {
      this.#logProgress(this.#progress(this.#lastLogged, mark))
      this.#lastLogged = mark
    }
  }

  /** Where there is no terminal, this line is how one sees that it lands. */
  #logProgress(progress: LandingProgress): void {
    const rate = Math.round(progress.recordsPerSecond)
    const landed = progress.records + progress.deadLetters
    this.#dependencies.log.info(
      {
        event: 'landing.progress',
        records: progress.records,
        dead_letters: progress.deadLetters,
        records_per_second: rate,
        lag_records: progress.lagRecords,
        buffered_bytes: progress.bufferedBytes,
        partitions: progress.partitions.map((one) => ({
          partition: one.partition,
          state: one.state,
          head: one.head,
          lag_records: one.lagRecords,
        })),
      },
      `${landed} landed, ${rate}/s, lag ${progress.lagRecords}`,
    )
  }

  #progress(since: Mark, now: Mark): LandingProgress {
    const partitions = [...this.#workers.values()].map((worker) => worker.progress())
    return {
      ...this.#totals,
      elapsedMs: now.atMs - this.#startedMs,
      recordsPerSecond:
        ((now.records - since.records) * 1_000) / Math.max(1, now.atMs - since.atMs),
      lagRecords: partitions.reduce((sum, one) => sum + (one.lagRecords ?? 0), 0),
      bufferedBytes: partitions.reduce((sum, one) => sum + one.bufferedBytes, 0),
      partitions,
    }
  }

  #landed(): number {
    return this.#totals.records + this.#totals.deadLetters
  }
}

const settleMs = 10
/** Partitions of other members are looked up once a second. */
const foreignEveryTicks = 20
/** A standing head is worth an error line after this time, and again each time it has passed. */
const loudAfterMs = 60_000
