/**
 * Which nodes a data test holds back: those that stand below everything the test reads, and of these the nearest
 * only. A test of two relations never holds back what stands below one of them, else it could wait for itself.
 */
import type { SelectableNode, TestNode } from '../compile/graph.ts'
import type { Relatives } from './relatives.ts'

type TestGroup = { readonly reads: readonly string[]; readonly tests: readonly string[] }

/**
 * @param order all nodes, parents before children
 * @returns by id of the node that waits, the ids of tests
 */
export function findTestEdges(
  relatives: Relatives,
  order: readonly string[],
  tests: readonly TestNode[],
): Map<string, string[]> {
  const groups = groupByReads(relatives, tests)
  const place = new Map(order.map((id, index) => [id, index]))
  const standsBelow = belowAll(relatives, order, groups)
  const edges = new Map<string, string[]>()
  for (const { reads, tests: ids } of groups) {
    const deepest = reads.reduce((left, right) =>
      (place.get(left) ?? 0) > (place.get(right) ?? 0) ? left : right,
    )
    for (const id of nearestBelow(relatives, deepest, (node) => standsBelow(node, reads))) {
      const known = edges.get(id)
      if (known === undefined) edges.set(id, [...ids])
      else known.push(...ids)
    }
  }
  return edges
}

/** Tests that read the same are held back by the same nodes. */
function groupByReads(relatives: Relatives, tests: readonly TestNode[]): TestGroup[] {
  const groups = new Map<string, { reads: readonly string[]; tests: string[] }>()
  for (const { id } of tests) {
    const reads = relatives.parents(id)
    if (reads.length === 0) continue
    const key = reads.join('\n')
    const known = groups.get(key)
    if (known === undefined) groups.set(key, { reads, tests: [id] })
    else known.tests.push(id)
  }
  return [...groups.values()]
}

function nearestBelow(
  relatives: Relatives,
  start: string,
  isBelowAll: (id: string) => boolean,
): string[] {
  const found: string[] = []
  const seen = new Set<string>()
  const open = [...relatives.children(start)]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const node = relatives.members.get(id)
    if (node !== undefined && isHeldBack(node) && isBelowAll(id)) found.push(id)
    else open.push(...relatives.children(id))
  }
  return found
}

/** A function that reads a model is not held back, but what calls it is. */
function isHeldBack(node: SelectableNode): boolean {
  return 'rawCode' in node && node.kind !== 'test' && node.kind !== 'function'
}

/** One bit for each node that a test of several relations reads; each node knows the bits above it. */
function belowAll(
  relatives: Relatives,
  order: readonly string[],
  groups: readonly TestGroup[],
): (id: string, reads: readonly string[]) => boolean {
  const shared = groups.filter(({ reads }) => reads.length > 1).flatMap(({ reads }) => reads)
  const bits = new Map([...new Set(shared)].map((id, index) => [id, index]))
  const words = Math.ceil(bits.size / 32)
  const above = new Map<string, Uint32Array>()
  for (const id of words === 0 ? [] : order) {
    const own = new Uint32Array(words)
    for (const parent of relatives.parents(id)) {
      const inherited = above.get(parent)
      for (let word = 0; word < words; word++)
        own[word] = word32(own, word) | word32(inherited, word)
      const bit = bits.get(parent)
      if (bit !== undefined) own[bit >>> 5] = word32(own, bit >>> 5) | (1 << (bit & 31))
    }
    above.set(id, own)
  }
  return (id, reads) => {
    // Whatever is reached from the only relation of a test stands below it.
    if (reads.length === 1) return true
    const own = above.get(id)
    return reads.every((read) => {
      const bit = bits.get(read) ?? 0
      return (word32(own, bit >>> 5) & (1 << (bit & 31))) !== 0
    })
  }
}

function word32(words: Uint32Array | undefined, index: number): number {
  return words?.[index] ?? 0
}
