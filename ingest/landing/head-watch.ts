/** How far a partition's head is behind the log, for how long it has stood, and who may be to blame. */
import type { Clock } from '../../core/clock.ts'

export class HeadWatch {
  readonly #clock: Clock
  #lastMoveMs: number
  #lastCommitMs: number | undefined
  #highWatermark: number | undefined
  #trouble: unknown

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastMoveMs = clock.now()
  }

  get highWatermark(): number | undefined {
    return this.#highWatermark
  }

  /** Milliseconds since 1970 of the last commit by this process. */
  get lastCommitMs(): number | undefined {
    return this.#lastCommitMs
  }

  /** An outside system has failed and is being asked again. */
  get isInTrouble(): boolean {
    return this.#trouble !== undefined
  }

  /** Offsets not landed yet, as far as known. @param head undefined before the ledger was read */
  lag(head: number | undefined): number | undefined {
    return this.#highWatermark === undefined || head === undefined
      ? undefined
      : Math.max(0, this.#highWatermark - head)
  }

  /** Milliseconds for which the head has stood although records wait. */
  stuckForMs(head: number | undefined, nowMs: number): number {
    return this.lag(head) ? nowMs - this.#lastMoveMs : 0
  }

  /** The log was seen to end there. A head without records behind it does not stand, it waits. */
  logEndsAt(highWatermark: number, head: number | undefined): void {
    if (this.lag(head) === 0) this.#lastMoveMs = this.#clock.now()
    this.#highWatermark = Math.max(highWatermark, head ?? 0)
  }

  /** The ledger was read anew. */
  recovered(highWatermark: number): void {
    this.#highWatermark = highWatermark
  }

  committed(): void {
    this.#lastCommitMs = this.#clock.now()
    this.#lastMoveMs = this.#lastCommitMs
    this.#trouble = undefined
  }

  troubled(error: unknown): void {
    this.#trouble = error
  }

  /** The outside system answers again; the time of its outage is not held against the partition. */
  overcame(): void {
    this.#trouble = undefined
    this.#lastMoveMs = this.#clock.now()
  }

  /** What failed was asked for an assignment that is over. */
  dropped(): void {
    this.#trouble = undefined
  }
}
