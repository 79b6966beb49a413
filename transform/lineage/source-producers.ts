/**
 * Sources that the project itself makes: declared as landed outside, and loaded by a seed or written by a model of
 * the same relation. Whoever reads such a source has to wait for what makes it, which no `ref()` says.
 */
import type { Graph, GraphNode } from '../compile/graph.ts'
import { keyOfRelation } from './table-name.ts'

/**
 * @returns the id of the seed, model or snapshot by the id of the source; without those that read the source
 * themselves, however far away, since nothing can wait for itself
 */
export function producersOfSources(graph: Graph): Map<string, string> {
  const makers = new Map<string, GraphNode>()
  for (const node of graph.nodes.values()) {
    if (isMaker(node)) makers.set(keyOfRelation(node.relation), node)
  }
  const producers = new Map<string, string>()
  for (const [id, { relation }] of graph.sources) {
    const maker = makers.get(keyOfRelation(relation))
    if (maker === undefined || reaches(graph, producers, maker.id, id)) continue
    producers.set(id, maker.id)
  }
  return producers
}

function isMaker(node: GraphNode): boolean {
  if (node.kind === 'model') return node.materialized !== 'ephemeral'
  return node.kind === 'seed' || node.kind === 'snapshot'
}

/** Whether a node depends on another, also through the sources that the project makes. */
function reaches(
  graph: Graph,
  producers: ReadonlyMap<string, string>,
  from: string,
  target: string,
): boolean {
  const seen = new Set<string>()
  const open = [from]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === target) return true
    if (seen.has(id)) continue
    seen.add(id)
    const maker = producers.get(id)
    open.push(...(graph.nodes.get(id)?.dependencies ?? []), ...(maker === undefined ? [] : [maker]))
  }
  return false
}
