/**
 * Parents and children of everything that has edges, built once for a selection. A source that the project itself
 * makes, by a seed or a model of the same relation, stands below what makes it: dbt does not see that.
 */
import type { Graph, SelectableNode } from '../compile/graph.ts'
import { producersOfSources } from '../lineage/source-producers.ts'

const none: readonly string[] = []

export class Relatives {
  /** Everything that can be selected, by id. */
  readonly members: ReadonlyMap<string, SelectableNode>
  readonly #parents = new Map<string, readonly string[]>()
  readonly #children = new Map<string, string[]>()

  constructor(graph: Graph) {
    this.members = membersOf(graph)
    const producers = producersOfSources(graph)
    for (const node of this.members.values()) {
      const producer = producers.get(node.id)
      const dependencies = producer === undefined ? dependenciesOf(node) : [producer]
      const parents = dependencies.filter((id) => this.members.has(id))
      this.#parents.set(node.id, parents)
      for (const parent of parents) {
        const siblings = this.#children.get(parent)
        if (siblings === undefined) this.#children.set(parent, [node.id])
        else siblings.push(node.id)
      }
    }
  }

  parents(id: string): readonly string[] {
    return this.#parents.get(id) ?? none
  }

  children(id: string): readonly string[] {
    return this.#children.get(id) ?? none
  }

  /** All within so many generations of any of these; one of these itself only when it is above another. */
  ancestors(ids: Iterable<string>, generations = Number.POSITIVE_INFINITY): Set<string> {
    return walk(ids, generations, (id) => this.parents(id))
  }

  descendants(ids: Iterable<string>, generations = Number.POSITIVE_INFINITY): Set<string> {
    return walk(ids, generations, (id) => this.children(id))
  }
}

const known = new WeakMap<Graph, Relatives>()

/** Those of a graph, which does not change. */
export function relativesOf(graph: Graph): Relatives {
  const found = known.get(graph) ?? new Relatives(graph)
  known.set(graph, found)
  return found
}

export function dependenciesOf(node: SelectableNode): readonly string[] {
  return node.kind === 'source' ? none : node.dependencies
}

function membersOf(graph: Graph): Map<string, SelectableNode> {
  const { nodes, sources, unitTests, described } = graph
  const members = new Map<string, SelectableNode>(nodes)
  for (const others of [sources, unitTests, described]) {
    for (const [id, node] of others) members.set(id, node)
  }
  return members
}

function walk(
  starts: Iterable<string>,
  generations: number,
  next: (id: string) => readonly string[],
): Set<string> {
  const found = new Set<string>()
  let edge = [...starts]
  for (let generation = 0; generation < generations && edge.length > 0; generation++) {
    const reached: string[] = []
    for (const id of edge) {
      for (const neighbour of next(id)) {
        if (found.has(neighbour)) continue
        found.add(neighbour)
        reached.push(neighbour)
      }
    }
    edge = reached
  }
  return found
}
