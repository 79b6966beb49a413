/** Methods of str, list, dict, tuple and set: exactly these are reachable from a template. */
import { assertListLength } from './arithmetic.ts'
import { formatBraces } from './format-text.ts'
import {
  type Arguments,
  compareValues,
  describe,
  Float,
  HostFunction,
  isEqual,
  itemsOf,
  numberOf,
  TemplateFault,
  Tuple,
  toRepr,
  toText,
} from './values.ts'

type Method<Self> = (self: Self, args: Arguments) => unknown
type Methods<Self> = ReadonlyMap<string, Method<Self>>

/** The method of a value, bound to it; undefined when it has none of that name. */
export function methodOf(value: unknown, name: string): HostFunction | undefined {
  if (typeof value === 'string') return bind(stringMethods, value, name)
  if (Array.isArray(value)) return bind(listMethods, value, name)
  if (value instanceof Map) return bind(dictMethods, value, name)
  if (value instanceof Set) return bind(setMethods, value, name)
  if (value instanceof Tuple) return bind(tupleMethods, value, name)
  if (value instanceof Float && name === 'is_integer') {
    return new HostFunction(name, () => Number.isInteger(value.value))
  }
  return undefined
}

function bind<Self>(methods: Methods<Self>, self: Self, name: string): HostFunction | undefined {
  const method = methods.get(name)
  return method && new HostFunction(name, (args) => method(self, args))
}

const text = (args: Arguments, index: number, fallback = ''): string => {
  const value = args.positional[index]
  return value === undefined || value === null ? fallback : toText(value)
}
const integer = (args: Arguments, index: number, fallback: number): number => {
  const value = args.positional[index]
  return value === undefined || value === null ? fallback : numberOf(value)
}

const characters = (set: string) => `[${set.replaceAll(/[\\\]^-]/g, '\\$&')}]+`
const trimStart = (self: string, set: string | undefined) =>
  set === undefined ? self.trimStart() : self.replace(new RegExp(`^${characters(set)}`), '')
const trimEnd = (self: string, set: string | undefined) =>
  set === undefined ? self.trimEnd() : self.replace(new RegExp(`${characters(set)}$`), '')
const stripSet = (args: Arguments): string | undefined => text(args, 0) || undefined

const startsWith = (self: string, args: Arguments) => affixes(args).some((a) => self.startsWith(a))
const endsWith = (self: string, args: Arguments) => affixes(args).some((a) => self.endsWith(a))
const affixes = (args: Arguments): string[] => {
  const [value] = args.positional
  return value instanceof Tuple ? value.items.map(toText) : [toText(value)]
}

function split(self: string, args: Arguments): string[] {
  const separator = args.positional[0] ?? args.named.get('sep') ?? null
  const limit = numberOf(args.positional[1] ?? args.named.get('maxsplit') ?? -1)
  const parts = separator === null ? self.trim().split(/\s+/) : self.split(toText(separator))
  if (separator === null && self.trim() === '') return []
  if (limit < 0 || parts.length <= limit + 1) return parts
  const joint = separator === null ? ' ' : toText(separator)
  return [...parts.slice(0, limit), parts.slice(limit).join(joint)]
}

function splitFromEnd(self: string, args: Arguments): string[] {
  const parts = split(self, { positional: args.positional.slice(0, 1), named: new Map() })
  const limit = integer(args, 1, -1)
  if (limit < 0 || parts.length <= limit + 1) return parts
  const head = parts.slice(0, parts.length - limit).join(text(args, 0, ' '))
  return [head, ...parts.slice(parts.length - limit)]
}

function replace(self: string, args: Arguments): string {
  const [from, to] = [text(args, 0), text(args, 1)]
  const limit = integer(args, 2, -1)
  if (limit < 0) return self.replaceAll(from, () => to)
  let result = self
  let start = 0
  for (let done = 0; done < limit; done++) {
    const at = result.indexOf(from, start)
    if (at === -1) break
    result = result.slice(0, at) + to + result.slice(at + from.length)
    start = at + to.length
  }
  return result
}

const capitalize = (self: string) => self.charAt(0).toUpperCase() + self.slice(1).toLowerCase()
/** Upper case at the start of each word, the rest lower. */
export const toTitle = (self: string) =>
  self.toLowerCase().replace(/(^|[^\p{L}])(\p{L})/gu, (_, before: string, letter: string) => {
    return before + letter.toUpperCase()
  })
const isCase = (self: string, cased: string) =>
  self === cased && self.toLowerCase() !== self.toUpperCase()

const stringMethods: Methods<string> = new Map<string, Method<string>>([
  ['upper', (self) => self.toUpperCase()],
  ['lower', (self) => self.toLowerCase()],
  ['casefold', (self) => self.toLowerCase()],
  ['title', toTitle],
  ['capitalize', capitalize],
  [
    'swapcase',
    (self) =>
      [...self].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join(''),
  ],
  ['strip', (self, args) => trimEnd(trimStart(self, stripSet(args)), stripSet(args))],
  ['lstrip', (self, args) => trimStart(self, stripSet(args))],
  ['rstrip', (self, args) => trimEnd(self, stripSet(args))],
  ['split', split],
  ['rsplit', splitFromEnd],
  ['splitlines', (self) => (self === '' ? [] : self.replace(/\r?\n$/, '').split(/\r?\n/))],
  ['replace', replace],
  ['startswith', startsWith],
  ['endswith', endsWith],
  [
    'removeprefix',
    (self, args) => (self.startsWith(text(args, 0)) ? self.slice(text(args, 0).length) : self),
  ],
  [
    'removesuffix',
    (self, args) =>
      text(args, 0) !== '' && self.endsWith(text(args, 0))
        ? self.slice(0, -text(args, 0).length)
        : self,
  ],
  ['join', (self, args) => itemsOf(args.positional[0]).map(toText).join(self)],
  ['format', formatBraces],
  ['find', (self, args) => self.indexOf(text(args, 0), integer(args, 1, 0))],
  ['rfind', (self, args) => self.lastIndexOf(text(args, 0))],
  ['index', (self, args) => found(self.indexOf(text(args, 0)), text(args, 0))],
  ['count', (self, args) => self.split(text(args, 0)).length - 1],
  ['zfill', (self, args) => padZero(self, integer(args, 0, 0))],
  ['ljust', (self, args) => self.padEnd(width(args), text(args, 1, ' '))],
  ['rjust', (self, args) => self.padStart(width(args), text(args, 1, ' '))],
  ['center', (self, args) => center(self, width(args), text(args, 1, ' '))],
  ['isdigit', (self) => /^\p{Nd}+$/u.test(self)],
  ['isnumeric', (self) => /^\p{N}+$/u.test(self)],
  ['isdecimal', (self) => /^\p{Nd}+$/u.test(self)],
  ['isalpha', (self) => /^\p{L}+$/u.test(self)],
  ['isalnum', (self) => /^[\p{L}\p{N}]+$/u.test(self)],
  ['isspace', (self) => /^\s+$/.test(self)],
  ['isupper', (self) => isCase(self, self.toUpperCase())],
  ['islower', (self) => isCase(self, self.toLowerCase())],
  ['isidentifier', (self) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(self)],
  ['partition', (self, args) => partition(self, text(args, 0), self.indexOf(text(args, 0)))],
  ['rpartition', (self, args) => partition(self, text(args, 0), self.lastIndexOf(text(args, 0)))],
  ['encode', (self) => self],
])

function width(args: Arguments): number {
  return Math.min(integer(args, 0, 0), 1_000_000)
}

function padZero(self: string, size: number): string {
  const sign = /^[+-]/.test(self) ? self.slice(0, 1) : ''
  return sign + self.slice(sign.length).padStart(Math.min(size, 10_000) - sign.length, '0')
}

function center(self: string, size: number, fill: string): string {
  const before = Math.max(0, Math.floor((size - self.length) / 2))
  return (fill.repeat(before) + self).padEnd(size, fill)
}

function partition(self: string, separator: string, at: number): Tuple {
  if (at === -1) return new Tuple([self, '', ''])
  return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)])
}

function found(index: number, what: string): number {
  if (index === -1) throw new TemplateFault(`${what} is not in it`)
  return index
}

function indexOf(items: readonly unknown[], args: Arguments): number {
  const index = items.findIndex((item) => isEqual(item, args.positional[0]))
  return found(index, describe(args.positional[0]))
}

function countOf(items: readonly unknown[], args: Arguments): number {
  return items.filter((item) => isEqual(item, args.positional[0])).length
}

const listMethods: Methods<unknown[]> = new Map<string, Method<unknown[]>>([
  ['append', (self, args) => nothing(self.push(args.positional[0]))],
  ['extend', (self, args) => nothing(extend(self, itemsOf(args.positional[0])))],
  ['insert', (self, args) => nothing(self.splice(integer(args, 0, 0), 0, args.positional[1]))],
  ['remove', (self, args) => nothing(self.splice(indexOf(self, args), 1))],
  ['pop', (self, args) => popFrom(self, integer(args, 0, -1))],
  ['clear', (self) => nothing(self.splice(0))],
  ['index', indexOf],
  ['count', countOf],
  ['copy', (self) => [...self]],
  ['reverse', (self) => nothing(self.reverse())],
  ['sort', (self, args) => nothing(self.sort(byOrder(args.named.get('reverse') === true)))],
])

function byOrder(isDescending: boolean): (left: unknown, right: unknown) => number {
  return (left, right) => (isDescending ? -1 : 1) * compareValues(left, right)
}

function nothing(_: unknown): null {
  return null
}

function popFrom(self: unknown[], index: number): unknown {
  const at = index < 0 ? self.length + index : index
  if (at < 0 || at >= self.length) throw new TemplateFault('pop() from outside the list')
  return self.splice(at, 1)[0]
}

const tupleMethods: Methods<Tuple> = new Map<string, Method<Tuple>>([
  ['index', (self, args) => indexOf(self.items, args)],
  ['count', (self, args) => countOf(self.items, args)],
])

const dictMethods: Methods<Map<unknown, unknown>> = new Map<string, Method<Map<unknown, unknown>>>([
  [
    'get',
    (self, args) =>
      getFrom(self, args.positional[0], args.positional[1] ?? args.named.get('default') ?? null),
  ],
  ['keys', (self) => [...self.keys()]],
  ['values', (self) => [...self.values()]],
  ['items', (self) => [...self].map(([key, value]) => new Tuple([key, value]))],
  ['update', (self, args) => nothing(update(self, args))],
  ['pop', popKey],
  ['popitem', (self) => popKey(self, { positional: [[...self.keys()].at(-1)], named: new Map() })],
  ['setdefault', setDefault],
  ['copy', (self) => new Map(self)],
  ['clear', (self) => nothing(self.clear())],
])

function extend(self: unknown[], items: readonly unknown[]): void {
  assertListLength(self.length + items.length)
  // As many arguments of one call as a result has rows would not fit on the stack.
  for (const item of [...items]) self.push(item)
}

function getFrom(self: Map<unknown, unknown>, key: unknown, fallback: unknown): unknown {
  return self.has(key) ? self.get(key) : fallback
}

function update(self: Map<unknown, unknown>, args: Arguments): void {
  const [source] = args.positional
  if (source instanceof Map) for (const [key, value] of source) self.set(key, value)
  else if (source !== undefined) {
    for (const pair of itemsOf(source)) {
      const [key, value] = itemsOf(pair)
      self.set(key, value)
    }
  }
  for (const [key, value] of args.named) self.set(key, value)
}

function popKey(self: Map<unknown, unknown>, args: Arguments): unknown {
  const [key, fallback] = args.positional
  if (!self.has(key)) {
    if (args.positional.length > 1) return fallback
    throw new TemplateFault(`the dict has no key ${toRepr(key)}`)
  }
  const value = self.get(key)
  self.delete(key)
  return value
}

function setDefault(self: Map<unknown, unknown>, args: Arguments): unknown {
  const [key, fallback = null] = args.positional
  if (!self.has(key)) self.set(key, fallback)
  return self.get(key)
}

const setMethods: Methods<Set<unknown>> = new Map<string, Method<Set<unknown>>>([
  ['add', (self, args) => nothing(self.add(args.positional[0]))],
  ['discard', (self, args) => nothing(self.delete(args.positional[0]))],
  ['remove', (self, args) => nothing(self.delete(args.positional[0]))],
  ['update', (self, args) => addAll(self, itemsOf(args.positional[0]))],
  ['union', (self, args) => new Set([...self, ...itemsOf(args.positional[0])])],
  ['intersection', (self, args) => keep(self, args, true)],
  ['difference', (self, args) => keep(self, args, false)],
  ['issubset', (self, args) => keep(self, args, false).size === 0],
  ['issuperset', (self, args) => itemsOf(args.positional[0]).every((item) => self.has(item))],
  ['copy', (self) => new Set(self)],
])

function addAll(self: Set<unknown>, items: readonly unknown[]): null {
  for (const item of items) self.add(item)
  return null
}

/** The members that are (or are not) in the other collection. */
function keep(self: Set<unknown>, args: Arguments, isKept: boolean): Set<unknown> {
  const other = new Set(itemsOf(args.positional[0]))
  return new Set([...self].filter((item) => other.has(item) === isKept))
}
