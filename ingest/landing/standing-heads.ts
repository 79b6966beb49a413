/** A head that stands although records wait is an error in the log, and past a limit the end of the run. */
import { problem } from '../../core/problems.ts'
import type { LandingDependencies, LandingSettings } from './options.ts'
import type { PartitionWorker } from './partition-worker.ts'

/** A standing head is worth an error line after this time, and again each time it has passed. */
const loudAfterMs = 60_000

type Watched = Pick<PartitionWorker, 'name' | 'head' | 'lag' | 'isInTrouble' | 'stuckForMs'>

export class StandingHeads {
  readonly #log: LandingDependencies['log']
  readonly #stuckMs: number
  readonly #loudMs: number
  #loggedMs = 0

  constructor(
    { rotateMs, stuckMs }: Pick<LandingSettings, 'rotateMs' | 'stuckMs'>,
    log: LandingDependencies['log'],
  ) {
    this.#log = log
    // A head moves at least each rotation, so that it stands for less is no trouble.
    this.#stuckMs = Math.max(2 * rotateMs, stuckMs)
    this.#loudMs = Math.min(this.#stuckMs, Math.max(2 * rotateMs, loudAfterMs))
  }

  /** @returns `landing/stuck` when a head has stood too long and no outside system is to blame */
  look(workers: ReadonlyMap<number, Watched>, nowMs: number): Error | undefined {
    let stuck: Error | undefined
    for (const worker of workers.values()) {
      const forMs = worker.stuckForMs(nowMs)
      if (forMs < this.#loudMs) continue
      const parameters = {
        partition: worker.name,
        head: worker.head ?? 0,
        lag: worker.lag ?? 0,
        seconds: Math.round(forMs / 1_000),
      }
      const error = problem('landing/stuck', parameters)
      if (nowMs - this.#loggedMs >= loudAfterMs) {
        this.#loggedMs = nowMs
        this.#log.error({ event: 'landing.stuck', ...parameters }, error.message)
      }
      if (forMs >= this.#stuckMs && !worker.isInTrouble) stuck ??= error
    }
    return stuck
  }
}
