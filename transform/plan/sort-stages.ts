/** Nodes in an order in which they can be run one after another. */
import { Heap } from './heap.ts'

/** Nodes after all they wait for; of those that are ready, tests first and then by id, so that order is stable. */
export function sortStages(
  ids: readonly string[],
  waits: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const missing = new Map(ids.map((id) => [id, waits.get(id)?.size ?? 0]))
  const dependants = new Map<string, string[]>()
  for (const id of ids) {
    for (const parent of waits.get(id) ?? []) {
      const known = dependants.get(parent)
      if (known === undefined) dependants.set(parent, [id])
      else known.push(id)
    }
  }
  const ready = new Heap<Ranked>((one, other) => one.rank < other.rank)
  for (const id of ids) if (missing.get(id) === 0) ready.add(ranked(id))
  const sorted: string[] = []
  for (let next = ready.take(); next !== undefined; next = ready.take()) {
    sorted.push(next.id)
    for (const child of dependants.get(next.id) ?? []) {
      const left = (missing.get(child) ?? 0) - 1
      missing.set(child, left)
      if (left === 0) ready.add(ranked(child))
    }
  }
  return sorted
}

type Ranked = { readonly id: string; readonly rank: string }

function ranked(id: string): Ranked {
  return { id, rank: /^(unit_)?test\./.test(id) ? `0${id}` : `1${id}` }
}
