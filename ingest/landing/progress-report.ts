/** How a run is going: what it has landed so far, told to whoever watches and, less often, to the log. */
import type { LedgerEntry } from '../ledger/entry.ts'
import type {
  LandingDependencies,
  LandingProgress,
  LandingSettings,
  LandingTotals,
} from './options.ts'
import type { PartitionWorker } from './partition-worker.ts'

const progressEveryMs = 1_000

const noTotals: LandingTotals = {
  records: 0,
  deadLetters: 0,
  skipped: 0,
  bytes: 0,
  files: 0,
  entries: 0,
}

/** So many records were landed by then. */
type Mark = { readonly atMs: number; readonly records: number }

type ReportDependencies = Pick<LandingDependencies, 'clock' | 'log' | 'onProgress'>
type Workers = ReadonlyMap<number, Pick<PartitionWorker, 'progress'>>

export class ProgressReport {
  readonly #logEveryMs: number
  readonly #dependencies: ReportDependencies
  readonly #startedMs: number
  #totals = noTotals
  #lastProgress: Mark
  #lastLogged: Mark

  constructor(settings: Pick<LandingSettings, 'progressLogMs'>, dependencies: ReportDependencies) {
    this.#logEveryMs = settings.progressLogMs
    this.#dependencies = dependencies
    this.#startedMs = dependencies.clock.now()
    this.#lastProgress = { atMs: this.#startedMs, records: 0 }
    this.#lastLogged = this.#lastProgress
  }

  get totals(): LandingTotals {
    return this.#totals
  }

  get elapsedMs(): number {
    return this.#dependencies.clock.now() - this.#startedMs
  }

  count(entry: LedgerEntry): void {
    const totals = this.#totals
    this.#totals = {
      records: totals.records + entry.records,
      deadLetters: totals.deadLetters + entry.dead_letters,
      skipped: totals.skipped + (entry.type === 'data' ? entry.skipped : 0),
      bytes: totals.bytes + entry.files.reduce((sum, file) => sum + file.bytes, 0),
      files: totals.files + entry.files.length,
      entries: totals.entries + 1,
    }
  }

  /** Tells what is due. @param final the last word to whoever watches is always due */
  tell(workers: Workers, final = false): void {
    const { clock, onProgress } = this.#dependencies
    const { records, deadLetters } = this.#totals
    const mark: Mark = { atMs: clock.now(), records: records + deadLetters }
    if (final || mark.atMs - this.#lastProgress.atMs >= progressEveryMs) {
      onProgress?.(this.#progress(workers, this.#lastProgress, mark))
      this.#lastProgress = mark
    }
    if (mark.atMs - this.#lastLogged.atMs >= this.#logEveryMs) {
      this.#log(this.#progress(workers, this.#lastLogged, mark))
      this.#lastLogged = mark
    }
  }

  #progress(workers: Workers, since: Mark, now: Mark): LandingProgress {
    const partitions = [...workers.values()].map((worker) => worker.progress())
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

  /** Where there is no terminal, this line is how one sees that it lands. */
  #log(progress: LandingProgress): void {
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
}
