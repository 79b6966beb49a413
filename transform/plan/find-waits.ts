/** What each node of a plan waits for: what it reads, and the data tests of what it reads. */
import type { SelectableNode } from '../compile/graph.ts'
import { findTestEdges } from './find-test-edges.ts'
import type { Relatives } from './relatives.ts'

type Ids = ReadonlySet<string>

const none: Ids = new Set()

/**
 * Edges between the chosen nodes, paths through others included. A data test holds back whatever stands below all
 * that it reads; a node waits for the nearest such tests, and through its parents for the rest. A unit test waits
 * for what its model waits for, and the model for its unit tests.
 * @param chosen by id
 * @param holdBack whether data tests hold anything back: only in a build
 */
export function findWaits(
  relatives: Relatives,
  chosen: ReadonlyMap<string, SelectableNode>,
  holdBack: boolean,
): Map<string, Set<string>> {
  const order = topologicalOrder(relatives)
  const tests = holdBack ? [...chosen.values()].filter((node) => node.kind === 'test') : []
  const testsAbove = findTestEdges(relatives, order, tests)
  const waits = new Map<string, Set<string>>()
  /** Of nodes left out: the chosen ones above that are reached without passing another chosen one. */
  const beyond = new Map<string, Ids>()
  for (const id of order) {
    const here = new Set(testsAbove.get(id))
    const above: Ids[] = []
    for (const parent of relatives.parents(id)) {
      if (chosen.has(parent)) here.add(parent)
      else above.push(beyond.get(parent) ?? none)
    }
    if (chosen.has(id)) waits.set(id, union([here, ...above]))
    else beyond.set(id, shared([here, ...above]))
  }
  putUnitTestsFirst(relatives, chosen, waits)
  return waits
}

/** All nodes, parents before children. Nodes of a circle are left out; compiling has reported it. */
function topologicalOrder(relatives: Relatives): string[] {
  const missing = new Map<string, number>()
  const order: string[] = []
  for (const id of relatives.members.keys()) {
    const count = relatives.parents(id).length
    missing.set(id, count)
    if (count === 0) order.push(id)
  }
  for (const id of order) {
    for (const child of relatives.children(id)) {
      const left = (missing.get(child) ?? 0) - 1
      missing.set(child, left)
      if (left === 0) order.push(child)
    }
  }
  return order
}

function putUnitTestsFirst(
  relatives: Relatives,
  chosen: ReadonlyMap<string, SelectableNode>,
  waits: Map<string, Set<string>>,
): void {
  const pairs = [...chosen.values()].flatMap((node) => {
    if (node.kind !== 'unit_test') return []
    const model = relatives.parents(node.id).find((id) => isModelOf(relatives, id, node.model))
    const ofModel = model === undefined ? undefined : waits.get(model)
    return ofModel === undefined ? [] : [{ id: node.id, ofModel, before: new Set(ofModel) }]
  })
  for (const { id, before } of pairs) waits.set(id, before)
  for (const { id, ofModel } of pairs) ofModel.add(id)
}

function isModelOf({ members }: Relatives, id: string, model: string): boolean {
  const node = members.get(id)
  return node?.kind === 'model' && (node.id === model || node.name === model)
}

function union(sets: readonly Ids[]): Set<string> {
  const all = new Set<string>()
  for (const set of sets) for (const id of set) all.add(id)
  return all
}

/** Keeps one set for a chain of nodes, so that long chains cost nothing. */
function shared(sets: readonly Ids[]): Ids {
  const [first, ...others] = sets.filter(({ size }) => size > 0)
  if (first === undefined) return none
  return others.every((set) => set === first) ? first : union([first, ...others])
}
