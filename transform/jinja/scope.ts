/** Names in force at one place of a template: a scope sees its outer ones, and sets only its own. */
import { Undefined } from './values.ts'

/** Where the outermost names come from; a Map does, and so does anything that makes them when asked. */
export interface NameSource {
  /** The value, or undefined when there is none of that name. */
  get(name: string): unknown
}

export class Scope {
  readonly #values = new Map<string, unknown>()
  readonly #outer: Scope | undefined
  readonly #base: NameSource | undefined

  constructor(outer: Scope | undefined, base?: NameSource) {
    this.#outer = outer
    this.#base = base
  }

  get(name: string): unknown {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#outer) {
      const own = scope.#values.get(name)
      if (own !== undefined) return own
      const lent = scope.#base?.get(name)
      if (lent !== undefined) return lent
    }
    return new Undefined(name, true)
  }

  set(name: string, value: unknown): void {
    this.#values.set(name, value)
  }

  /** From now on the names of the outer scopes hold. */
  forget(): void {
    this.#values.clear()
  }

  hasOwn(name: string): boolean {
    return this.#values.has(name)
  }

  own(): ReadonlyMap<string, unknown> {
    return this.#values
  }
}
