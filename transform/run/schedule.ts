/**
 * Which node comes next. Of the nodes that wait for nothing any more, the one with the longest way still before it
 * begins first, so that the end of a run is not spent on one long branch. Pure: it is told how nodes went and
 * answers what may begin and what must be left out.
 */
import { Heap } from '../plan/heap.ts'

/** One node of a run. */
export type Step = {
  readonly id: string
  /** Steps that must have ended well. */
  readonly waitsFor: readonly string[]
  /** What stands below goes on when this one fails, as `on_error: continue` says. */
  readonly letsPass?: boolean
}

/** A step that will not begin. */
export type LeftOut = {
  readonly id: string
  /** The step whose failure it waits for; undefined when the whole run was stopped. */
  readonly dueTo: string | undefined
}

export type ScheduleOptions = {
  /** How long a step takes, in any unit: what earlier runs took. One that is not known counts as the average. */
  readonly weightOf?: (id: string) => number | undefined
  /** With false, what is ready begins in the order of the list. Default true. */
  readonly byCriticalPath?: boolean
}

type Waiting = {
  readonly step: Step
  readonly place: number
  /** What it and the longest way below it take. */
  urgency: number
  missing: number
  state: 'waiting' | 'ready' | 'begun' | 'ended' | 'left-out'
}

export class Schedule {
  readonly #steps = new Map<string, Waiting>()
  readonly #children = new Map<string, Waiting[]>()
  readonly #ready = new Heap<Waiting>((one, other) =>
    one.urgency === other.urgency ? one.place < other.place : one.urgency > other.urgency,
  )
  #left: number

  /** @param steps each after those it waits for; a step that is waited for and not among them counts as done */
  constructor(steps: readonly Step[], options: ScheduleOptions = {}) {
    for (const [place, step] of steps.entries()) {
      this.#steps.set(step.id, { step, place, urgency: 0, missing: 0, state: 'waiting' })
    }
    this.#left = this.#steps.size
    for (const waiting of this.#steps.values()) {
      for (const parent of new Set(waiting.step.waitsFor)) {
        if (!this.#steps.has(parent)) continue
        waiting.missing++
        const known = this.#children.get(parent)
        if (known === undefined) this.#children.set(parent, [waiting])
        else known.push(waiting)
      }
    }
    if (options.byCriticalPath !== false) this.#measure(options.weightOf)
    for (const waiting of this.#steps.values()) this.#offer(waiting)
  }

  /** The step to begin now; undefined when none may. */
  next(): string | undefined {
    for (let waiting = this.#ready.take(); waiting !== undefined; waiting = this.#ready.take()) {
      // One that was left out while it was ready is still in the heap.
      if (waiting.state !== 'ready') continue
      waiting.state = 'begun'
      return waiting.step.id
    }
    return undefined
  }

  /** Begins a step out of its turn, together with another that shares its work. @returns false when it may not begin */
  begin(id: string): boolean {
    const waiting = this.#steps.get(id)
    if (waiting?.state !== 'ready') return false
    waiting.state = 'begun'
    return true
  }

  /** Whether every step has ended or is left out. */
  get isDone(): boolean {
    return this.#left === 0
  }

  /**
   * Tells how a step went that had begun.
   * @returns the steps that are left out because of it, each after those it waits for
   */
  end(id: string, wentWell: boolean): readonly LeftOut[] {
    const ended = this.#steps.get(id)
    if (ended?.state !== 'begun') return []
    ended.state = 'ended'
    this.#left--
    if (!wentWell && ended.step.letsPass !== true) return this.#leaveOutBelow(id)
    for (const child of this.#childrenOf(id)) {
      child.missing--
      this.#offer(child)
    }
    return []
  }

  /** Leaves out whatever has not begun. */
  stop(): readonly LeftOut[] {
    return [...this.#steps.values()].flatMap((waiting) => this.#leaveOut(waiting, undefined))
  }

  #childrenOf(id: string): readonly Waiting[] {
    return this.#children.get(id) ?? []
  }

  /** All that waits for a step, directly or not, in the order of the list. */
  #leaveOutBelow(id: string): LeftOut[] {
    const causes = new Map<Waiting, string>()
    const parents = [id]
    for (const parent of parents) {
      for (const child of this.#childrenOf(parent)) {
        if (causes.has(child)) continue
        causes.set(child, parent)
        parents.push(child.step.id)
      }
    }
    const below = [...causes].sort(([one], [other]) => one.place - other.place)
    return below.flatMap(([waiting, cause]) => this.#leaveOut(waiting, cause))
  }

  #leaveOut(waiting: Waiting, dueTo: string | undefined): LeftOut[] {
    if (waiting.state !== 'waiting' && waiting.state !== 'ready') return []
    waiting.state = 'left-out'
    this.#left--
    return [{ id: waiting.step.id, dueTo }]
  }

  #offer(waiting: Waiting): void {
    if (waiting.state !== 'waiting' || waiting.missing > 0) return
    waiting.state = 'ready'
    this.#ready.add(waiting)
  }

  /** From the ends upwards, in the reverse of the list's order. */
  #measure(weightOf: (id: string) => number | undefined = () => undefined): void {
    const known = [...this.#steps.keys()].flatMap((id) => weightOf(id) ?? [])
    const usual = known.length === 0 ? 1 : known.reduce((sum, one) => sum + one, 0) / known.length
    for (const waiting of [...this.#steps.values()].reverse()) {
      const { id } = waiting.step
      const longest = this.#childrenOf(id).reduce((most, one) => Math.max(most, one.urgency), 0)
      waiting.urgency = longest + (weightOf(id) ?? usual)
    }
  }
}
