/** Writes a node by the macro that does it, if there is one, else by the runner's own way with the node's hooks around it. */
import type { Findings, NodeContext } from './execute-node.ts'
import { runByMacro, type WrittenNode } from './macro-node.ts'
import { withHooks } from './node-hooks.ts'

/** @throws DuckDB's error, or a problem of the node */
export async function writeNode(
  node: WrittenNode,
  context: NodeContext,
  natively: (context: NodeContext) => Promise<Omit<Findings, 'status'>>,
): Promise<Findings> {
  const by = context.renderer.replacing(node.id)
  const found =
    by === undefined
      ? await withHooks(node, context, natively)
      : await runByMacro(node, by, context)
  return { status: 'success', ...found }
}
