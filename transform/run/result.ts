/** How a run went, as data; the command line prints it. */

import type { GraphNode, Relation } from '../compile/graph.ts'
import type { RunCommand } from '../plan/plan-run.ts'
import type { Config } from '../project/project.ts'

export type NodeStatus = 'success' | 'error' | 'pass' | 'warn' | 'fail' | 'skipped'

export type NodeResult = {
  readonly id: string
  readonly name: string
  readonly kind: GraphNode['kind']
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
  /** Some of those rows, as JSON text. */
  readonly failingRows: readonly string[]
  readonly elapsedMs: number
}

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
  | 'interrupted'

export type RunResult = {
  readonly runId: string
  readonly command: RunCommand
  readonly outcome: RunOutcome
  /** What was committed at once; with `node`, nodes that succeeded are visible whatever the outcome. */
  readonly unit: 'run' | 'node'
  /** In the order in which they were run. */
  readonly results: readonly NodeResult[]
  /** The snapshot that the run published, or the one readers still see. */
  readonly snapshot: number | undefined
  /** What `publish` takes on; empty unless the run was committed. */
  readonly built: readonly BuiltRelation[]
  /** Transactions begun: above 1 when other writers won a race. */
  readonly attempts: number
  readonly startedAt: string
  readonly elapsedMs: number
}

/** Whether a result keeps its dependants from running. */
export function isFailure({ status }: NodeResult): boolean {
  return status === 'error' || status === 'fail' || status === 'skipped'
}

/** What a run tells while it goes on. */
export type RunEvent =
  | { readonly kind: 'attempt'; readonly attempt: number }
  | {
      readonly kind: 'started'
      readonly node: GraphNode
      readonly index: number
      readonly total: number
    }
  | {
      readonly kind: 'finished'
      readonly result: NodeResult
      readonly index: number
      readonly total: number
    }
