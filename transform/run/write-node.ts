/** Writes a node by the macro that does it, if there is one, else by the runner's own way with the node's hooks around it. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { runByMacro, type WrittenNode } from './macro-node.ts'
import type { Findings, NodeContext } from './node-context.ts'
import { withHooks } from './node-hooks.ts'

/** @throws DuckDB's error, or a problem of the node */
export async function writeNode(
  node: WrittenNode,
  context: NodeContext,
  natively: (context: NodeContext) => Promise<Omit<Findings, 'status'>>,
): Promise<Findings> {
  const by = context.renderer.replacing(node.id)
  if (by !== undefined) return { status: 'success', ...(await runByMacro(node, by, context)) }
  const found = await withHooks(node, context, natively)
  const warnings = [...(found.warnings ?? []), ...grantsWarning(node, context)]
  return { status: 'success', ...found, ...(warnings.length > 0 && { warnings }) }
}

/** Runs that have been told. */
const told = new WeakSet<object>()

/** As dbt-duckdb says it, once a run. */
function grantsWarning(node: WrittenNode, { state }: NodeContext): MillraceError[] {
  const grants = node.config['grants']
  const isGranted = typeof grants === 'object' && grants !== null && Object.keys(grants).length > 0
  if (!isGranted || node.kind === 'function' || told.has(state.lookups)) return []
  told.add(state.lookups)
  const reason = 'DuckDB has no grants, so what the config grants has no effect'
  return [
    problem('model/template-warning', { node: node.name, reason }, { at: { file: node.file } }),
  ]
}
