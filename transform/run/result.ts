/** How a run went, as data; the command line prints it. */

import type { MillraceError } from '../../core/errors.ts'
import type { Relation } from '../compile/graph.ts'
import type { PlannedNode, RunCommand } from '../plan/plan-run.ts'
import type { TimeWindow } from '../plan/time-window.ts'
import type { Config } from '../project/project.ts'
import type { PublishMode } from './adapter.ts'
import type { KeptFailures } from './tested.ts'

export type NodeStatus = 'success' | 'error' | 'pass' | 'warn' | 'fail' | 'skipped'

/** One step of a node, in ISO 8601. */
export type Timing = {
  readonly name: 'compile' | 'execute'
  readonly startedAt: string
  readonly completedAt: string
}

export type NodeResult = {
  readonly id: string
  readonly name: string
  readonly kind: PlannedNode['kind']
  /** Where the node is written down. */
  readonly file: string
  readonly status: NodeStatus
  /** Why, when it is not plain success; for an incremental model also how it was built. */
  readonly message: string | undefined
  readonly relation: Relation | undefined
  readonly materialized: string | undefined
  /** Rows written by a model or seed; undefined for a view. */
  readonly rows: number | undefined
  /** Rows that a test returned. */
  readonly failures: number | undefined
  /** What did not answer, when it failed by that and nothing else: the same again may succeed. */
  readonly outage?: MillraceError
  /** Some of those rows, as JSON text. */
  readonly failingRows: readonly string[]
  /** Of a data test with `store_failures`: the relation that holds all of those rows. */
  readonly kept?: KeptFailures
  /** What a reader should know though the node was built: a config that has no effect here. */
  readonly warnings?: readonly MillraceError[]
  /** Of a microbatch model: start and end of each batch that was built, in milliseconds since 1970. */
  readonly batches?: readonly TimeWindow[]
  readonly elapsedMs: number
  /** Which of the connections ran it, by dbt's name: `Thread-1`. Undefined when it was not run. */
  readonly thread?: string | undefined
  /** Rendering and running; empty when it was not run. */
  readonly timing?: readonly Timing[]
  /** Of an incremental model or a snapshot: all of its rows were made anew, none of an earlier run was kept. */
  readonly isWhole?: boolean
  /** It ended well, and went when the run was rolled back. */
  readonly isRolledBack?: boolean
}

/** Of an exposure or a saved query: nothing is made of it, or what it reads is not there. */
export type NoOpResult = { readonly id: string; readonly status: 'no-op' | 'skipped' }

/** A model or seed whose new state readers can see. */
export type BuiltRelation = {
  readonly id: string
  readonly name: string
  readonly relation: Relation
  readonly snapshot: number | undefined
  readonly config: Config
}

export type RunOutcome =
  /** Everything is visible. */
  | 'committed'
  /** Something failed; readers still see the state before. */
  | 'rolled-back'
  /** Something failed; the nodes that ended well are visible, each by itself. */
  | 'failed'
  /** Stopped; what was published by then is visible. */
  | 'interrupted'

export type RunResult = {
  readonly runId: string
  readonly command: RunCommand
  readonly outcome: RunOutcome
  /** What became visible at once; with `per-node`, nodes that succeeded are visible whatever the outcome. */
  readonly publish: PublishMode
  /** In the order in which they ended. */
  readonly results: readonly NodeResult[]
  /** Of exposures and saved queries, in the order of the plan. */
  readonly noOps: readonly NoOpResult[]
  /** The snapshot that the run published, or the one readers still see. */
  readonly snapshot: number | undefined
  /** What `publish` takes on; empty unless the run was committed. */
  readonly built: readonly BuiltRelation[]
  /** Transactions begun: above 1 when other writers won a race, or after an outage. */
  readonly attempts: number
  readonly startedAt: string
  readonly elapsedMs: number
}

/** What is written down of a run. */
export type RunSummary = Omit<RunResult, 'built' | 'snapshot'>

/** Whether a result keeps its dependants from running. */
export function isFailure({ status }: NodeResult): boolean {
  return status === 'error' || status === 'fail' || status === 'skipped'
}

/** What did not answer, when a run has failed by that alone: the same again may succeed. */
export function outageOf({ results }: Pick<RunResult, 'results'>): MillraceError | undefined {
  const failed = results.filter(({ status }) => status === 'error' || status === 'fail')
  return failed.every(({ outage }) => outage !== undefined) ? failed[0]?.outage : undefined
}

/** Whether what a run built at once is there, though it was stopped: in a hook after its last node. */
export function isPublished({ results }: Pick<RunResult, 'results'>): boolean {
  return results.some(
    ({ kind, status, isRolledBack }) =>
      kind !== 'operation' && status === 'success' && isRolledBack !== true,
  )
}

/** What a run tells while it goes on. */
export type RunEvent =
  | {
      readonly kind: 'attempt'
      readonly attempt: number
      /** Why the one before did not do. */
      readonly reason?: string
    }
  | {
      readonly kind: 'started'
      readonly node: PlannedNode
      /** In the order in which nodes begin, from 1. */
      readonly index: number
      readonly total: number
      readonly thread: string
      /** How far its statement has come by now, 0 to 100; undefined when DuckDB cannot tell. */
      readonly progress: () => number | undefined
    }
  | {
      readonly kind: 'retried'
      readonly node: PlannedNode
      readonly attempt: number
      readonly reason: string
    }
  | {
      readonly kind: 'finished'
      readonly result: NodeResult
      readonly index: number
      readonly total: number
    }
  /** All nodes are done, and it is known what readers see; what is written down of it may still take a moment. */
  | { readonly kind: 'ended'; readonly result: RunResult }
