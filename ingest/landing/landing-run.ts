/** One run: a worker for each partition the group gives us, and the beat that flushes, weighs and watches them. */
import { isProblem, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { GroupListener, Source, Watermarks } from '../kafka/source.ts'
import type { TopicIdentifier } from '../kafka/topic-identity.ts'
import type { EpochRecord, LedgerEntry } from '../ledger/entry.ts'
import type { TopicEpoch } from '../ledger/keys.ts'
import { readHead } from '../ledger/read.ts'
import { CaughtUp } from './caught-up.ts'
import { flushAll } from './flush-all.ts'
import { openGate } from './gate.ts'
import { planMemory } from './memory.ts'
import type { LandingDependencies, LandingReport, LandingSettings } from './options.ts'
import { PartitionWorker, type WorkerContext } from './partition-worker.ts'
import { ProgressReport } from './progress-report.ts'
import { StandingHeads } from './standing-heads.ts'

const tickMs = 50
const watermarksEveryMs = 10_000

export type Opened = {
  readonly source: Source
  readonly identifier: TopicIdentifier
  readonly topic: TopicEpoch
  /** First offset to land by partition, as fixed when the topic was first met. */
  readonly starts: EpochRecord['starts']
}

export class LandingRun implements GroupListener {
  readonly #settings: LandingSettings
  readonly #dependencies: LandingDependencies
  readonly #opened: Opened
  readonly #workers = new Map<number, PartitionWorker>()
  readonly #encodeGate = openGate()
  readonly #report: ProgressReport
  readonly #standingHeads: StandingHeads
  #generation = 0
  #failure: { readonly error: unknown } | undefined
  #draining = false
  #memoryPaused: ReadonlySet<number> = new Set()
  #lastActivityMs: number
  #lastWatermarksMs: number

  constructor(settings: LandingSettings, dependencies: LandingDependencies, opened: Opened) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#opened = opened
    this.#report = new ProgressReport(settings, dependencies)
    this.#standingHeads = new StandingHeads(settings, dependencies.log)
    this.#lastActivityMs = dependencies.clock.now()
    this.#lastWatermarksMs = this.#lastActivityMs
  }

  /** Lands until told or done, flushes, and gives up what could not be flushed. @throws what ended the run */
  async until(
    signal: AbortSignal,
    watermarks: ReadonlyMap<number, Watermarks>,
  ): Promise<LandingReport> {
    const { source } = this.#opened
    source.batches((batch) => {
      this.#lastActivityMs = this.#nowMs
      this.#workers.get(batch.partition)?.onBatch(batch)
      // A tick may come late, and much is fetched meanwhile. Whoever drains has paused all.
      if (!this.#draining) this.#balanceMemory()
    })
    await source.assign(this)
    try {
      const reason = await this.#work(signal, watermarks)
      await this.#drain()
      this.#report.tell(this.#workers, true)
      if (this.#failure !== undefined) throw this.#failure.error
      const { totals, elapsedMs } = this.#report
      return { ...totals, elapsedMs, unflushed: this.#unflushedRecords, reason }
    } finally {
      // What still asks a store or a broker again would keep the process alive for as long as it fails.
      for (const worker of this.#workers.values()) worker.revoke()
    }
  }

  joined(partitions: readonly number[], generation: number): void {
    this.#dependencies.log.info(
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
    await this.#flushAll(this.#settings.rebalanceTimeoutMs / 2)
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

  get #nowMs(): number {
    return this.#dependencies.clock.now()
  }

  get #unflushedRecords(): number {
    return [...this.#workers.values()].reduce((sum, worker) => sum + worker.unflushedRecords, 0)
  }

  #workerOf(partition: number): PartitionWorker {
    const known = this.#workers.get(partition)
    if (known !== undefined) return known
    const { topic, starts, source } = this.#opened
    const context: WorkerContext = {
      options: this.#settings,
      dependencies: this.#dependencies,
      source,
      startAt: starts[String(partition)] ?? 0,
      assertSameTopic: () => this.#assertSameTopic(),
      encodeGate: this.#encodeGate,
      onCommit: (entry) => this.#committed(entry),
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

  #committed(entry: LedgerEntry): void {
    this.#lastActivityMs = this.#nowMs
    this.#report.count(entry)
  }

  async #work(
    signal: AbortSignal,
    watermarks: ReadonlyMap<number, Watermarks>,
  ): Promise<LandingReport['reason']> {
    const caughtUp = new CaughtUp(watermarks, (partition) => this.#headElsewhere(partition))
    while (!signal.aborted && this.#failure === undefined) {
      for (const worker of this.#workers.values()) {
        if (worker.isDue(this.#nowMs)) worker.flush()
      }
      this.#balanceMemory()
      if (
        this.#settings.untilCaughtUp === true &&
        (await caughtUp.look(this.#workers, this.#generation > 0))
      )
        return 'caught-up'
      if (this.#isIdle()) return 'idle'
      this.#refreshWatermarks()
      const stuck = this.#standingHeads.look(this.#workers, this.#nowMs)
      if (stuck !== undefined) this.failed(stuck)
      this.#report.tell(this.#workers)
      await this.#dependencies.clock.sleep(tickMs)
    }
    return 'signal'
  }

  #balanceMemory(): void {
    const { memoryBytes, rotateBytes } = this.#settings
    const held = [...this.#workers.values()].map((worker) => worker.held)
    const plan = planMemory(held, this.#memoryPaused, memoryBytes, rotateBytes)
    this.#memoryPaused = plan.paused
    for (const worker of this.#workers.values()) {
      worker.setMemoryPaused(plan.paused.has(worker.chain.partition))
    }
    for (const partition of plan.flush) this.#workers.get(partition)?.flush()
  }

  /** The head of a partition that another member lands; 0 while the store does not answer. */
  async #headElsewhere(partition: number): Promise<number> {
    const chain = { ...this.#opened.topic, partition }
    const head = await readHead(this.#dependencies.store, chain).catch((error: unknown) => {
      if (isProblem(error) && error.retryable) return undefined
      throw error
    })
    return head?.last.entry.end ?? 0
  }

  #isIdle(): boolean {
    const { exitWhenIdleMs } = this.#settings
    if (exitWhenIdleMs === undefined || this.#workers.size === 0) return false
    if (this.#nowMs - this.#lastActivityMs < exitWhenIdleMs) return false
    const workers = [...this.#workers.values()]
    for (const worker of workers) worker.flush()
    return workers.every((worker) => worker.isSettled && worker.head !== undefined)
  }

  /** Not awaited: a broker that is down must not hold up flushes. */
  #refreshWatermarks(): void {
    if (this.#nowMs - this.#lastWatermarksMs < watermarksEveryMs) return
    this.#lastWatermarksMs = this.#nowMs
    this.#look().catch((error: unknown) => {
      if (!isProblem(error) || !error.retryable) this.failed(error)
      this.#dependencies.log.debug({ event: 'landing.no-watermarks', reason: messageOf(error) })
    })
  }

  async #look(): Promise<void> {
    await this.#assertSameTopic()
    for (const [partition, marks] of await this.#opened.source.watermarks()) {
      this.#workers.get(partition)?.onWatermarks(marks)
    }
  }

  async #drain(): Promise<void> {
    this.#draining = true
    for (const worker of this.#workers.values()) worker.setMemoryPaused(true)
    if (await this.#flushAll(this.#settings.drainTimeoutMs)) return
    const records = this.#unflushedRecords
    const text = `${records} records could not be landed in time; Kafka still has them and the next start lands them`
    this.#dependencies.log.warn({ event: 'landing.unflushed', records }, text)
  }

  #flushAll(timeoutMs: number): Promise<boolean> {
    return flushAll(this.#workers, this.#dependencies.clock, this.#nowMs + timeoutMs)
  }
}
