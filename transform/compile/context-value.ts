/** `context` and `builtins` of templates: names by their text, as Python's dicts give them. */
import { methodOf } from '../jinja/methods.ts'
import {
  HostFunction,
  type HostObject,
  makeHostObject,
  toText,
  Undefined,
} from '../jinja/values.ts'

export type Context = {
  readonly get: (name: string) => unknown
  readonly set: (name: string, value: unknown) => void
  readonly names: () => readonly string[]
}

/** `context['dbt_utils']`, `context.get('my_macro')`, `context.update({'ref': my_ref})`. */
export function contextValue(context: () => Context): HostObject {
  const names = lookUp({ get: (name) => context().get(name) }, '<context>')
  const dict = () => {
    const { names: list, get } = context()
    return new Map<unknown, unknown>(list().map((name) => [name, get(name)]))
  }
  /** A method of dicts, what it changed or added being said to the context. */
  const change = (name: string) =>
    new HostFunction(name, (args) => {
      const before = dict()
      const after = new Map(before)
      const result = methodOf(after, name)?.call(args)
      for (const [key, value] of after) {
        if (!before.has(key) || before.get(key) !== value) context().set(toText(key), value)
      }
      return result
    })
  const changing = new Map(['update', 'setdefault'].map((name) => [name, change(name)]))
  return {
    ...names,
    attribute: (name) => {
      if (name === '__iter__') return [...context().names()]
      if (['keys', 'values', 'items', 'copy'].includes(name)) return methodOf(dict(), name)
      return changing.get(name) ?? names.attribute(name)
    },
  }
}

/** Something with names, as a dict that cannot be walked. */
export function lookUp(names: { get(name: string): unknown }, text: string): HostObject {
  const item = (name: unknown) => names.get(toText(name)) ?? new Undefined(toText(name))
  const get = new HostFunction('get', ({ positional: [name, fallback = null] }) => {
    const found = item(name)
    return found instanceof Undefined ? fallback : found
  })
  const attribute = (name: string) => (name === 'get' ? get : item(name))
  return { ...makeHostObject({}, () => text), attribute, item }
}
