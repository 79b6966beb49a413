/** `pre_hook` and `post_hook` of a node that the runner writes by itself; a materialization that is a macro calls its own. */
import type { MillraceError } from '../../core/errors.ts'
import type { GraphNode } from '../compile/graph.ts'
import { type Hook, readHooks } from '../stdlib/hooks.ts'
import type { NodeContext } from './node-context.ts'
import { replaced } from './node-renderer.ts'

/**
 * Writes a node between its hooks, in dbt's order: compiled first, then the hooks before it, those outside of the
 * transaction at either end. Here the run's transaction holds them all.
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
    await runHooks(node, context, [...outside(before), ...inside(before)], warnings)
  }
  // A seed has nothing to compile.
  if (node.kind === 'seed') await begin()
  const { renderer } = context
  const render: typeof renderer.render = async (...args) => {
    const sql = await renderer.render(...args)
    await begin()
    return sql
  }
  const result = await write({ ...context, renderer: replaced(renderer, { render }) })
  await runHooks(node, context, [...inside(after), ...outside(after)], warnings)
  return { ...result, warnings: [...(result.warnings ?? []), ...warnings] }
}

const inside = (hooks: readonly Hook[]) => hooks.filter(({ transaction }) => transaction)
const outside = (hooks: readonly Hook[]) => hooks.filter(({ transaction }) => !transaction)

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
