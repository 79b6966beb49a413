/** What a node is carried out with, and how it tells that it went. */
import type { Plan } from '../plan/plan-run.ts'
import type { Scratch } from '../unit-tests/scratch.ts'
import type { Session } from './adapter.ts'
import type { FileSwaps } from './file-swaps.ts'
import type { NodeRenderer } from './node-renderer.ts'
import type { NodeResult } from './result.ts'
import type { RunState } from './run-state.ts'
import type { KeptFailures } from './tested.ts'

export type NodeContext = {
  /** The connection that the node works on, inside its transaction. */
  readonly session: Session
  /** Shared by all connections of the run. */
  readonly state: RunState
  readonly renderer: NodeRenderer
  /** What the run is to do in all. */
  readonly plan: Plan
  /** Takes the files that the node writes, to put them in their places with the commit. */
  readonly files: FileSwaps
  /** A database in memory, for unit tests. */
  readonly scratch: Scratch
  readonly fullRefresh: boolean
  /** The node's own, where nodes are published one by one; without it the run's holds all of them. */
  readonly transaction?: NodeTransaction
  readonly run: { readonly runId: string; readonly at: string }
}

/** It is open when the node begins, and has to be when it ends. */
type NodeTransaction = {
  commit(): Promise<void>
  begin(): Promise<void>
}

/** How a node went; it is a failure only when it says so, and throws when it could not be carried out. */
export type Findings = Pick<NodeResult, 'status' | 'message'> &
  Partial<
    Pick<NodeResult, 'rows' | 'failures' | 'failingRows' | 'warnings' | 'batches' | 'isWhole'>
  > & {
    /** Of a data test: where its failing rows are kept, besides `ops.test_failures`. */
    readonly kept?: KeptFailures
  }
