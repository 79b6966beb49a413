/** Graph × request → plan: which nodes, in which order, and what each waits for. Nothing is run here. */
import type { Graph, GraphNode } from '../compile/graph.ts'
import { Relatives } from './relatives.ts'
import { type Selection, selectNodes } from './select-nodes.ts'

export type RunCommand = 'run' | 'test' | 'build' | 'seed'

export type RunRequest = Selection & {
  readonly command: RunCommand
  readonly fullRefresh: boolean
}

/** One step of a plan. */
export type Stage = {
  readonly node: GraphNode
  /** Stages of this plan that must have succeeded, sorted: what it reads, and the tests of what it reads. */
  readonly waitsFor: readonly string[]
}

export type Plan = {
  readonly command: RunCommand
  readonly fullRefresh: boolean
  /** In an order in which they can be run one after another. */
  readonly stages: readonly Stage[]
}

const kindsOf: Readonly<Record<RunCommand, readonly GraphNode['kind'][]>> = {
  run: ['model'],
  test: ['test'],
  seed: ['seed'],
  build: ['model', 'seed', 'test'],
}

/** @throws `model/bad-selector` */
export function planRun(graph: Graph, request: RunRequest): Plan {
  const kinds = kindsOf[request.command]
  const nodes = selectNodes(graph, request).flatMap((id) => {
    const node = graph.nodes.get(id)
    if (node === undefined || !kinds.includes(node.kind)) return []
    return node.kind === 'model' && node.materialized === 'ephemeral' ? [] : [node]
  })
  const waits = findWaits(graph, nodes)
  const order = sortTopologically(
    nodes.map(({ id }) => id),
    waits,
  )
  const stages = order.flatMap((id) => stageOf(graph, id, waits))
  return { command: request.command, fullRefresh: request.fullRefresh, stages }
}

function stageOf(
  graph: Graph,
  id: string,
  waits: ReadonlyMap<string, ReadonlySet<string>>,
): Stage[] {
  const node = graph.nodes.get(id)
  return node === undefined ? [] : [{ node, waitsFor: [...(waits.get(id) ?? [])].sort() }]
}

/** Edges within the chosen nodes; paths through nodes left out count too. */
function findWaits(graph: Graph, nodes: readonly GraphNode[]): Map<string, Set<string>> {
  const relatives = new Relatives(graph)
  const chosen = new Set(nodes.map(({ id }) => id))
  const ancestors = new Map(nodes.map(({ id }) => [id, relatives.ancestors(id)] as const))
  const waits = new Map(nodes.map(({ id }) => [id, nearestChosen(relatives, id, chosen)] as const))
  const tests = nodes.filter(({ kind }) => kind === 'test')
  for (const node of nodes) {
    if (node.kind === 'test') continue
    const above = ancestors.get(node.id) ?? new Set()
    for (const test of tests) {
      // A test of two relations holds back only what stands below both, else it would wait for itself.
      const reads = test.dependencies.filter((id) => chosen.has(id))
      if (reads.length > 0 && reads.every((id) => above.has(id))) waits.get(node.id)?.add(test.id)
    }
  }
  return waits
}

/** The chosen nodes that can be reached upwards without passing another chosen one. */
function nearestChosen(relatives: Relatives, id: string, chosen: ReadonlySet<string>): Set<string> {
  const found = new Set<string>()
  const seen = new Set<string>()
  const open = [...relatives.parents(id)]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    if (chosen.has(next)) found.add(next)
    else open.push(...relatives.parents(next))
  }
  return found
}

/** Nodes after all they wait for; among those that are ready, tests first and then by id, so that order is stable. */
function sortTopologically(
  ids: readonly string[],
  waits: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const missing = new Map(ids.map((id) => [id, waits.get(id)?.size ?? 0] as const))
  const dependants = new Map<string, string[]>()
  for (const id of ids) {
    for (const parent of waits.get(id) ?? []) {
      dependants.set(parent, [...(dependants.get(parent) ?? []), id])
    }
  }
  const rank = (id: string) => (id.startsWith('test.') ? `0${id}` : `1${id}`)
  const ready = ids.filter((id) => missing.get(id) === 0)
  const sorted: string[] = []
  while (ready.length > 0) {
    ready.sort((left, right) => (rank(left) < rank(right) ? 1 : -1))
    const next = ready.pop()
    if (next === undefined) break
    sorted.push(next)
    for (const child of dependants.get(next) ?? []) {
      const left = (missing.get(child) ?? 0) - 1
      missing.set(child, left)
      if (left === 0) ready.push(child)
    }
  }
  return sorted
}
