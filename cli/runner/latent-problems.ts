/** Problems of nodes that fail when they are rendered: warnings to everyone else. */
import type { Graph } from '../../transform/index.ts'
import { reportWarnings, type WarningRules } from './warnings.ts'

type Warned = { readonly graph: Graph; readonly rules: WarningRules }

/** Warns of those of nodes that the command does not render; by default it renders none. */
export function warnOfLatent(
  { graph, rules }: Warned,
  rendered: ReadonlySet<string> = new Set(),
): void {
  const others = graph.latent.filter(({ node }) => !rendered.has(node))
  reportWarnings(
    others.map(({ problem }) => problem),
    rules,
  )
}

type Latent = Graph['latent'][number]

/**
 * What stops a command before it renders these nodes: names that nothing defines, in them and in the ephemeral models
 * that become a part of them. Of the others it warns.
 */
export function latentOf(
  warned: Warned,
  ids: Iterable<string>,
  command: 'compile' | 'run',
): readonly Latent[] {
  const { graph } = warned
  const rendered = withEphemerals(graph, ids)
  const isFatal = ({ node, certainIn }: Latent) =>
    rendered.has(node) && (certainIn === 'compile' || certainIn === command)
  // Whether the others of these nodes harm is seen when they are rendered.
  warnOfLatent(warned, rendered)
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
