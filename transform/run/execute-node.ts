/** Carries out one node of a plan, whatever its kind, on one connection. */
import type { RunnableNode } from '../plan/plan-run.ts'
import { runUnitTest } from '../unit-tests/run-unit-test.ts'
import { buildNode } from './build-node.ts'
import { createFunction } from './create-function.ts'
import type { Findings, NodeContext } from './node-context.ts'
import { takeSnapshot } from './take-snapshot.ts'
import { testNode } from './test-node.ts'
import { writeNode } from './write-node.ts'

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
