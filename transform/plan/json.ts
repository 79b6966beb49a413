/** Reading JSON whose shape nobody has promised. */
import { isObject, type JsonObject } from '../artifacts/json.ts'

export type { JsonObject } from '../artifacts/json.ts'

const empty: JsonObject = {}

/** The value as an object; an empty one when it is none. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : empty
}

/** `value.a.b`, undefined when a part is missing. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    // Own keys only, so that nothing of JavaScript's is taken for data.
    (found, key) => (isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined),
    value,
  )
}

/** The entries of a list; none when it is none. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value when it is text, else ''. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
