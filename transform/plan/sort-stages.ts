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
  const ready = new ReadyNodes()
  for (const id of ids) if (missing.get(id) === 0) ready.add(id)
  const sorted: string[] = []
  for (let next = ready.take(); next !== undefined; next = ready.take()) {
    sorted.push(next)
    for (const child of dependants.get(next) ?? []) {
      const left = (missing.get(child) ?? 0) - 1
      missing.set(child, left)
      if (left === 0) ready.add(child)
    }
  }
  return sorted
}

const rank = (id: string) => (/^(unit_)?test\./.test(id) ? `0${id}` : `1${id}`)

/** A binary heap: thousands of nodes can be ready at once. */
class ReadyNodes {
  readonly #heap: { readonly id: string; readonly rank: string }[] = []

  add(id: string): void {
    const heap = this.#heap
    let at = heap.push({ id, rank: rank(id) }) - 1
    while (at > 0 && this.#isBefore(at, (at - 1) >> 1)) at = this.#swap(at, (at - 1) >> 1)
  }

  take(): string | undefined {
    const heap = this.#heap
    if (heap.length > 1) this.#swap(0, heap.length - 1)
    const taken = heap.pop()
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const child = this.#isBefore(right, left) ? right : left
      if (!this.#isBefore(child, at)) return taken?.id
      at = this.#swap(at, child)
    }
  }

  #isBefore(left: number, right: number): boolean {
    const [one, other] = [this.#heap[left], this.#heap[right]]
    return one !== undefined && other !== undefined && one.rank < other.rank
  }

  /** @returns the second place */
  #swap(left: number, right: number): number {
    const [one, other] = [this.#heap[left], this.#heap[right]]
    if (one !== undefined && other !== undefined) {
      this.#heap[left] = other
      this.#heap[right] = one
    }
    return right
  }
}
