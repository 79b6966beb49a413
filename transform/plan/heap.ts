/** A binary heap: thousands of nodes can be ready at once. */
export class Heap<Item> {
  readonly #items: Item[] = []
  readonly #isBefore: (left: Item, right: Item) => boolean

  constructor(isBefore: (left: Item, right: Item) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  add(item: Item): void {
    let at = this.#items.push(item) - 1
    while (at > 0 && this.#comesBefore(at, (at - 1) >> 1)) at = this.#swap(at, (at - 1) >> 1)
  }

  /** Takes the first out. */
  take(): Item | undefined {
    const items = this.#items
    if (items.length > 1) this.#swap(0, items.length - 1)
    const taken = items.pop()
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const child = this.#comesBefore(right, left) ? right : left
      if (!this.#comesBefore(child, at)) return taken
      at = this.#swap(at, child)
    }
  }

  #comesBefore(left: number, right: number): boolean {
    const [one, other] = [this.#items[left], this.#items[right]]
    return one !== undefined && other !== undefined && this.#isBefore(one, other)
  }

  /** @returns the second place */
  #swap(left: number, right: number): number {
    const [one, other] = [this.#items[left], this.#items[right]]
    if (one !== undefined && other !== undefined) {
      this.#items[left] = other
      this.#items[right] = one
    }
    return right
  }
}
