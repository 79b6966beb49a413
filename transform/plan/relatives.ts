/** Parents and children of the nodes of a graph, sources included. */
import type { Graph } from '../compile/graph.ts'

export class Relatives {
  readonly #parents = new Map<string, readonly string[]>()
  readonly #children = new Map<string, string[]>()

  constructor(graph: Graph) {
    for (const { id, dependencies } of graph.nodes.values()) {
      this.#parents.set(id, dependencies)
      for (const parent of dependencies) {
        const siblings = this.#children.get(parent)
        if (siblings === undefined) this.#children.set(parent, [id])
        else siblings.push(id)
      }
    }
  }

  parents(id: string): readonly string[] {
    return this.#parents.get(id) ?? []
  }

  children(id: string): readonly string[] {
    return this.#children.get(id) ?? []
  }

  /** All within so many generations, the node itself left out. */
  ancestors(id: string, generations = Number.POSITIVE_INFINITY): Set<string> {
    return walk(id, generations, (node) => this.parents(node))
  }

  descendants(id: string, generations = Number.POSITIVE_INFINITY): Set<string> {
    return walk(id, generations, (node) => this.children(node))
  }
}

function walk(
  start: string,
  generations: number,
  next: (id: string) => readonly string[],
): Set<string> {
  const found = new Set<string>()
  let edge: readonly string[] = [start]
  for (let generation = 0; generation < generations && edge.length > 0; generation++) {
    const reached = new Set<string>()
    for (const id of edge.flatMap(next)) {
      if (!found.has(id) && id !== start) reached.add(id)
    }
    for (const id of reached) found.add(id)
    edge = [...reached]
  }
  return found
}
