/** The artifacts that tell what a project is, whatever was done with it. */
import type { CompiledNode } from '../../transform/index.ts'
import { withoutInline } from './inline-node.ts'
import { invocationOf } from './invocation.ts'
import type { OpenedGraph } from './open-project.ts'

/** manifest.json, semantic_manifest.json and graph_summary.json, by name. */
export async function describeProject(
  project: OpenedGraph,
  compiled: ReadonlyMap<string, CompiledNode> = new Map(),
) {
  const { graphSummaryOf, manifestOf, semanticManifestOf } = await import(
    '../../transform/index.ts'
  )
  const graph = withoutInline(project.graph)
  const invocation = invocationOf(project)
  return {
    'manifest.json': manifestOf(graph, { invocation, compiled }),
    'semantic_manifest.json': semanticManifestOf(graph),
    'graph_summary.json': graphSummaryOf(graph, invocation.id),
  }
}
