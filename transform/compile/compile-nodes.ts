/** Renders many nodes at once, as `compile` and `docs generate` want them. */
import { MillraceError } from '../../core/errors.ts'
import type { Graph } from './graph.ts'
import type { CompiledCode, Renderer } from './render.ts'

export type CompiledNodes = {
  /** By id; seeds have no code, and neither has what could not be rendered. */
  readonly code: ReadonlyMap<string, CompiledCode>
  readonly problems: readonly MillraceError[]
}

/** The SQL of these nodes, as a full build sends it; what cannot be rendered is listed and the rest goes on. */
export async function compileNodes(
  graph: Graph,
  renderer: Renderer,
  ids: Iterable<string>,
): Promise<CompiledNodes> {
  const code = new Map<string, CompiledCode>()
  const problems: MillraceError[] = []
  for (const id of ids) {
    const node = graph.nodes.get(id)
    if (node === undefined || node.kind === 'seed' || node.rawCode.trim() === '') continue
    try {
      code.set(id, await renderer.compile(id))
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      problems.push(error)
    }
  }
  return { code, problems }
}
