/**
 * Who waits for a child process: few requests a caller, few in all. The next one is of the caller of whom the fewest run,
 * and among those of the one who was served longest ago: many requests of one caller do not hold up another's.
 */
import { problem } from '../../core/problems.ts'

type QueueLimits = {
  /** Requests of one caller that run or wait. */
  readonly perCaller: number
  /** Requests of one caller that run. */
  readonly runningPerCaller: number
  /** Requests of all callers that wait. */
  readonly waiting: number
}

export type Waiting = {
  readonly caller: string
  /** It is his turn; `release` has to be called when he is done. */
  readonly start: () => void
  readonly refuse: (error: unknown) => void
}

export class FairQueue {
  readonly #limits: QueueLimits
  readonly #running = new Map<string, number>()
  /** Callers that were served while others or more of their own waited, the one served last at the end. */
  #served: string[] = []
  /** In the order in which they came. */
  #waiting: Waiting[] = []

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#waiting.length
  }

  /** Waits in line. @throws `api/sql-too-many`, `api/overloaded` */
  add(waiting: Waiting): void {
    const { perCaller: limit } = this.#limits
    const own = this.#waiting.filter(({ caller }) => caller === waiting.caller).length
    if (own + this.#runningOf(waiting.caller) >= limit) throw problem('api/sql-too-many', { limit })
    if (this.#waiting.length >= this.#limits.waiting) throw problem('api/overloaded', {})
    this.#waiting.push(waiting)
  }

  /** Leaves the line, as one who does not want it any more. */
  remove(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((other) => other !== waiting)
  }

  /** Starts whose turn it is; false when nobody may start. */
  startNext(): boolean {
    const { runningPerCaller } = this.#limits
    const [next] = this.#waiting
      .filter(({ caller }) => this.#runningOf(caller) < runningPerCaller)
      .sort(
        (a, b) =>
          this.#runningOf(a.caller) - this.#runningOf(b.caller) ||
          this.#served.indexOf(a.caller) - this.#served.indexOf(b.caller),
      )
    if (next === undefined) return false
    this.remove(next)
    const waiting = new Set(this.#waiting.map(({ caller }) => caller))
    this.#served = [...this.#served.filter((caller) => caller !== next.caller), next.caller].filter(
      (caller) => waiting.has(caller),
    )
    this.#running.set(next.caller, this.#runningOf(next.caller) + 1)
    next.start()
    return true
  }

  /** A request of the caller has ended. */
  release(caller: string): void {
    const left = this.#runningOf(caller) - 1
    if (left > 0) this.#running.set(caller, left)
    else this.#running.delete(caller)
  }

  /** Nobody's turn will come. */
  refuseAll(error: unknown): void {
    const refused = this.#waiting
    this.#waiting = []
    for (const waiting of refused) waiting.refuse(error)
  }

  #runningOf(caller: string): number {
    return this.#running.get(caller) ?? 0
  }
}
