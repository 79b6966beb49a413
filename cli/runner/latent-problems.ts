/** Problems of nodes that fail when they are rendered: warnings to everyone else. */
import type { Graph } from '../../transform/index.ts'
import { printWarning } from './warnings.ts'

/** Warns of those of nodes that the command does not render; by default it renders none. */
export function warnOfLatent(graph: Graph, rendered: ReadonlySet<string> = new Set()): void {
  for (const { node, problem } of graph.latent) if (!rendered.has(node)) printWarning(problem)
}

type Latent = Graph['latent'][number]

/**
 * What stops a command before it renders these nodes: names that nothing defines, in them and in the ephemeral models
 * that become a part of them. Of the others it warns.
 */
export function latentOf(
  graph: Graph,
  ids: Iterable<string>,
  command: 'compile' | 'run',
): readonly Latent[] {
  const rendered = withEphemerals(graph, ids)
  const isFatal = ({ node, certainIn }: Latent) =>
    rendered.has(node) && (certainIn === 'compile' || certainIn === command)
  // Whether the others of these nodes harm is seen when they are rendered.
  warnOfLatent(graph, rendered)
  return graph.latent.filter(isFatal)
}

function withEphemerals({ nodes }: Graph, ids: Iterable<string>): ReadonlySet<string> {
  const found = new Set(ids)
  // A set gives what is added while it is walked too.
  for (const id of found) {
    for (const parent of nodes.get(id)?.dependencies ?? []) {
      const node = nodes.get(parent)
      if (node?.kind === 'model' && node.materialized === 'ephemeral') found.add(parent)
    }
  }
  return found
}
