/** The variable `loop` of a `{% for %}`. */
import { HostFunction, type HostObject, isEqual, makeHostObject, Undefined } from './values.ts'

/** The `loop` variable: `value` is what a template sees, `index0` is moved by the generated code. */
export class LoopState {
  index0 = 0
  readonly value: HostObject
  #lastSeen: readonly unknown[] | undefined

  constructor(items: readonly unknown[], outerDepth: number) {
    const size = items.length
    const cycle = new HostFunction(
      'cycle',
      ({ positional }) => positional[this.index0 % positional.length],
    )
    const changed = new HostFunction('changed', ({ positional }) => this.#hasChanged(positional))
    const read: Readonly<Record<string, () => unknown>> = {
      index: () => this.index0 + 1,
      index0: () => this.index0,
      revindex: () => size - this.index0,
      revindex0: () => size - this.index0 - 1,
      first: () => this.index0 === 0,
      last: () => this.index0 === size - 1,
      length: () => size,
      depth: () => outerDepth + 1,
      depth0: () => outerDepth,
      previtem: () => items[this.index0 - 1] ?? new Undefined('loop.previtem'),
      nextitem: () => items[this.index0 + 1] ?? new Undefined('loop.nextitem'),
      cycle: () => cycle,
      changed: () => changed,
    }
    const base = makeHostObject({}, () => `<loop ${this.index0 + 1}/${size}>`)
    this.value = {
      ...base,
      attribute: (name: string) =>
        Object.hasOwn(read, name) ? read[name]?.() : new Undefined(`loop.${name}`),
    }
  }

  #hasChanged(values: readonly unknown[]): boolean {
    const last = this.#lastSeen
    this.#lastSeen = values
    return last === undefined || !isEqual([...last], [...values])
  }
}
