/** `pre_hook` and `post_hook` of a node that the runner writes by itself; a materialization that is a macro calls its own. */
import type { MillraceError } from '../../core/errors.ts'
import type { GraphNode } from '../compile/graph.ts'
import { type Hook, readHooks } from '../stdlib/hooks.ts'
import type { NodeContext } from './node-context.ts'
import { replaced } from './node-renderer.ts'

/**
 * Writes a node between its hooks, in dbt's order: compiled first, then the hooks before it, those outside of the
 * transaction at either end. Where the run is one transaction, that holds them all.
 * @param write does the work, with a renderer that it compiles the node by
 */
export async function withHooks<Result extends { readonly warnings?: readonly MillraceError[] }>(
  node: GraphNode,
  context: NodeContext,
  write: (context: NodeContext) => Promise<Result>,
): Promise<Result> {
  const before = readHooks(node.config['pre_hook'])
  const after = readHooks(node.config['post_hook'])
  if (before.length + after.length === 0) return await write(context)
  const warnings: MillraceError[] = []
  let isBegun = before.length === 0
  const begin = async () => {
    if (isBegun) return
    isBegun = true
    await runOutside(node, context, outside(before), warnings)
    await runHooks(node, context, inside(before), warnings)
  }
  // A seed has nothing to compile. What its hooks bring in is new to a model of new_rows(), which looks once.
  if (node.kind === 'seed' || (node.kind === 'model' && node.newRowsOf.length > 0)) await begin()
  const { renderer } = context
  const render: typeof renderer.render = async (...args) => {
    const sql = await renderer.render(...args)
    await begin()
    return sql
  }
  const result = await write({ ...context, renderer: replaced(renderer, { render }) })
  await runHooks(node, context, inside(after), warnings)
  await runOutside(node, context, outside(after), warnings)
  return { ...result, warnings: [...(result.warnings ?? []), ...warnings] }
}

const inside = (hooks: readonly Hook[]) => hooks.filter(({ transaction }) => transaction)
const outside = (hooks: readonly Hook[]) => hooks.filter(({ transaction }) => !transaction)

/** Whether a node has hooks that ask to be outside of its transaction. */
export function hasOutsideHooks({ config }: GraphNode): boolean {
  const hooks = [...readHooks(config['pre_hook']), ...readHooks(config['post_hook'])]
  return outside(hooks).length > 0
}

/** What stands before them is committed, and each of them by itself. */
async function runOutside(
  node: GraphNode,
  context: NodeContext,
  hooks: readonly Hook[],
  warnings: MillraceError[],
): Promise<void> {
  if (hooks.length === 0) return
  await context.transaction?.commit()
  await runHooks(node, context, hooks, warnings)
  await context.transaction?.begin()
}

async function runHooks(
  node: GraphNode,
  { session, renderer, state }: NodeContext,
  hooks: readonly Hook[],
  warnings: MillraceError[],
): Promise<void> {
  const { database } = session
  for (const { sql } of hooks) {
    const isTemplate = /\{[{%#]/.test(sql)
    const text = isTemplate
      ? await renderer.renderText(node.id, sql, { isIncremental: false, database, warnings })
      : sql
    if (text.trim() === '') continue
    await session.execute(text)
    // It may have made or dropped whatever templates have asked about.
    state.lookups.clear()
  }
}
