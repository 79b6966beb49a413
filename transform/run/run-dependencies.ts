/** What a run is given beside its plan. */
import type { Clock } from '../../core/clock.ts'
import type { LogicOf } from '../changed/logic.ts'
import type { Graph } from '../compile/graph.ts'
import type { Plan } from '../plan/plan-run.ts'
import type { Scratch } from '../unit-tests/scratch.ts'
import type { Adapter, PublishMode } from './adapter.ts'
import type { FileSwaps } from './file-swaps.ts'
import type { RunOrigin } from './history.ts'
import type { NodeRenderer } from './node-renderer.ts'
import type { NodeResult, RunEvent, RunOutcome, RunSummary } from './result.ts'
import type { RunState } from './run-state.ts'

export type RunDependencies = {
  readonly graph: Graph
  readonly renderer: NodeRenderer
  readonly adapter: Adapter
  readonly clock: Clock
  /** Names the run in the history and in the commit. */
  readonly runId: string
  /** What becomes visible at once; default: as the adapter says. */
  readonly publish?: PublishMode
  /** Nodes that run at once where each is published by itself. Default 1. */
  readonly threads?: number
  /** The first failure stops the run. */
  readonly failFast?: boolean
  /** Further tries after an outage; the config `retries` of a node comes before it. Default 0. */
  readonly retries?: number
  /** What a node took in earlier runs, in milliseconds. */
  readonly weightOf?: (id: string) => number | undefined
  /** Who runs it, and on which state of the project. */
  readonly origin?: RunOrigin
  /** What a node does, kept with its output so that a later run can tell whether it has changed. */
  readonly logicOf?: LogicOf
  readonly signal?: AbortSignal
  readonly onEvent?: (event: RunEvent) => void
}

/** A run while it goes on. */
export type Run = RunDependencies & {
  readonly plan: Plan
  /** Files that models have written and that nobody reads yet. */
  readonly files: FileSwaps
  /** Where unit tests run. */
  readonly scratch: Scratch
  readonly startedAt: string
  /** A result as it would be now. */
  readonly summary: (outcome: RunOutcome, results: readonly NodeResult[]) => RunSummary
}

/** Ends the work on purpose; carries what was found out until then. */
export class RunEnd extends Error {
  readonly outcome: RunOutcome
  readonly results: readonly NodeResult[]
  readonly baseSnapshot: number | undefined
  constructor(outcome: RunOutcome, state: RunState) {
    super('the run ends without a commit')
    this.outcome = outcome
    this.results = [...state.results.values()]
    this.baseSnapshot = state.baseSnapshot
  }
}
