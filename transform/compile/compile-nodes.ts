/** Renders many nodes at once, as `compile` and `docs generate` want them. */
import { MillraceError } from '../../core/errors.ts'
import type { Graph, GraphNode, Relation } from './graph.ts'
import type { CompiledCode, Renderer } from './render.ts'

export type CompiledNodes = {
  /** By id; seeds have no code, and neither has what could not be rendered. */
  readonly code: ReadonlyMap<string, CompiledCode>
  readonly problems: readonly MillraceError[]
  /** What templates warned of. */
  readonly warnings: readonly MillraceError[]
}

/**
 * The SQL of these nodes; what cannot be rendered is listed and the rest goes on.
 * @param isTable whether a relation is a table in the database: incremental models that are get the SQL of their next
 *   run, and one in whose place a view stands is built anew
 */
export async function compileNodes(
  graph: Graph,
  renderer: Renderer,
  ids: Iterable<string>,
  isTable: (relation: Relation) => boolean | Promise<boolean> = () => false,
): Promise<CompiledNodes> {
  const code = new Map<string, CompiledCode>()
  const problems: MillraceError[] = []
  const warnings: MillraceError[] = []
  for (const id of ids) {
    const node = graph.nodes.get(id)
    if (node === undefined || node.kind === 'seed' || node.rawCode.trim() === '') continue
    try {
      const isIncremental = await isIncrement(node, isTable)
      code.set(id, await renderer.compile(id, { isIncremental, warnings }))
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      problems.push(error)
    }
  }
  return { code, problems, warnings }
}

async function isIncrement(
  node: GraphNode,
  isTable: (relation: Relation) => boolean | Promise<boolean>,
): Promise<boolean> {
  if (node.kind !== 'model' || node.materialized !== 'incremental') return false
  return node.config['full_refresh'] !== true && (await isTable(node.relation))
}
