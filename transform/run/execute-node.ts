/** Carries out one node of a plan, whatever its kind, on one connection. */
import type { Plan, RunnableNode } from '../plan/plan-run.ts'
import { runUnitTest } from '../unit-tests/run-unit-test.ts'
import type { Scratch } from '../unit-tests/scratch.ts'
import type { Session } from './adapter.ts'
import { buildNode } from './build-node.ts'
import { createFunction } from './create-function.ts'
import type { FileSwaps } from './file-swaps.ts'
import type { NodeRenderer } from './node-renderer.ts'
import type { NodeResult } from './result.ts'
import type { RunState } from './run-state.ts'
import { takeSnapshot } from './take-snapshot.ts'
import type { KeptFailures } from './test-failures.ts'
import { testNode } from './test-node.ts'
import { writeNode } from './write-node.ts'

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
  readonly run: { readonly runId: string; readonly at: string }
}

/** How a node went; it is a failure only when it says so, and throws when it could not be carried out. */
export type Findings = Pick<NodeResult, 'status' | 'message'> &
  Partial<Pick<NodeResult, 'rows' | 'failures' | 'failingRows' | 'warnings' | 'batches'>> & {
    /** Of a data test: where its failing rows are kept, besides `ops.test_failures`. */
    readonly kept?: KeptFailures
  }

/** @throws DuckDB's error, or a problem of the node */
export async function executeNode(node: RunnableNode, context: NodeContext): Promise<Findings> {
  switch (node.kind) {
    case 'model':
    case 'seed':
      return await writeNode(node, context, (own) => buildNode(node, own))
    case 'snapshot':
      return await writeNode(node, context, (own) => takeSnapshot(node, own))
    case 'function':
      return await writeNode(node, context, (own) => createFunction(node, own))
    case 'test':
      return context.state.tested.get(node.id) ?? (await testNode(node, context))
    case 'unit_test':
      return await runUnitTest(node, context)
    default:
      return node satisfies never
  }
}
