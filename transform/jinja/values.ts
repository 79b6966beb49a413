/**
 * The values a template works with, with Python's meaning: str, bool and None are JavaScript's string, boolean
 * and null; int is an integral number, float is boxed so that `10/2` prints `5.0`; list is Array, tuple is
 * `Tuple`, dict is Map, set is Set. Anything a host lends to a template is a `HostObject` or a `HostFunction`:
 * a template reaches what they offer and no prototype of JavaScript.
 */
import type { Position } from '../../core/problems.ts'
import type { BinaryOperator } from './ast.ts'

/** Also the base of other numbers that are no int: what they do otherwise than a float stands in `decimal.ts`. */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }

  /** Python's `str()`. */
  text(): string {
    return printFloat(this.value)
  }

  /** Python's `repr()`. */
  repr(): string {
    return this.text()
  }

  /** Negative, zero or positive beside another number. */
  order(other: unknown): number {
    return this.value - numberOf(other)
  }

  negated(): Float {
    return new Float(-this.value)
  }

  /** Python's `round()`, which takes halves to the even neighbour. */
  rounded(places: number): Float {
    const factor = 10 ** places
    const scaled = this.value * factor
    const near = Math.round(scaled)
    const isHalf = Math.abs(scaled % 1) === 0.5
    return new Float((isHalf && near % 2 !== 0 ? near - 1 : near) / factor)
  }

  /** An operator between numbers one of which is this; undefined: as between floats. */
  operate(_operator: BinaryOperator, _left: unknown, _right: unknown): Float | undefined {
    return undefined
  }
}

export class Tuple {
  readonly items: readonly unknown[]
  /** Of a named tuple: what its items are called. */
  readonly names: readonly string[]
  constructor(items: readonly unknown[], names: readonly string[] = []) {
    this.items = items
    this.names = names
  }
}

/** Somebody reached into an unknown name or called it. */
export type UnknownUse = {
  readonly name: string
  /** A name that nobody defines; otherwise something without an attribute of that name. */
  readonly isName: boolean
  readonly at: Position
  /** The same place as an offset into the file. */
  readonly offset: number
}

/** What an unknown name evaluates to: prints nothing, is false, and fails when it is used. */
export class Undefined {
  readonly name: string
  readonly isName: boolean
  /** Told of each use, which then does not fail and is as unknown. */
  readonly onUse: ((use: UnknownUse) => void) | undefined

  constructor(name: string, isName = false, onUse?: (use: UnknownUse) => void) {
    this.name = name
    this.isName = isName
    this.onUse = onUse
  }
}

export type Arguments = {
  readonly positional: readonly unknown[]
  readonly named: ReadonlyMap<string, unknown>
}

export const noArguments: Arguments = { positional: [], named: new Map() }

/** Something a template can call: a host's function, a method, a macro. It may answer with a promise. */
export class HostFunction {
  readonly name: string
  readonly call: (args: Arguments) => unknown
  constructor(name: string, call: (args: Arguments) => unknown) {
    this.name = name
    this.call = call
  }
}

/** A thing with named attributes, and perhaps a text of its own; the white list is `attributes`. */
export interface HostObject {
  readonly [hostObject]: true
  attribute(name: string): unknown
  /** What `{{ value }}` prints. */
  text(): string
  /** `value[key]`, where that differs from `value.key`. */
  item?(key: unknown): unknown
  /** `value + other` and `value - other`; undefined when that means nothing. */
  operate?(operator: BinaryOperator, other: unknown): unknown
  /** Negative, zero or positive, as in a sort; undefined when there is no order. */
  order?(other: unknown): number | undefined
}

export const hostObject: unique symbol = Symbol('jinja.host-object')

export function isHostObject(value: unknown): value is HostObject {
  return typeof value === 'object' && value !== null && hostObject in value
}

/** A host object over a fixed set of attributes. */
export function makeHostObject(
  attributes: Readonly<Record<string, unknown>>,
  text: () => string = () => '<object>',
): HostObject {
  const known = new Map(Object.entries(attributes))
  return {
    [hostObject]: true,
    attribute: (name) => (known.has(name) ? known.get(name) : new Undefined(name)),
    text,
  }
}

/** `namespace(x=1)`: the one thing whose attributes a template may set. */
export class Namespace {
  readonly values: Map<string, unknown>
  constructor(values: Map<string, unknown>) {
    this.values = values
  }
}

/** What is wrong in a template's expression; the renderer adds file, line and column. */
export class TemplateFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TemplateFault'
  }
}

/** Plain JavaScript data as template values: objects become dicts, fractions become floats. */
export function toTemplateValue(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value)
  if (Array.isArray(value)) return value.map(toTemplateValue)
  if (typeof value !== 'object' || value === null) return value
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return new Map(Object.entries(value).map(([key, inner]) => [key, toTemplateValue(inner)]))
}

/** Template values as plain JavaScript data; undefined becomes null. */
export function toPlainValue(value: unknown): unknown {
  if (value instanceof Float) return value.value
  if (value instanceof Undefined) return null
  if (value instanceof Tuple) return value.items.map(toPlainValue)
  if (value instanceof Set) return [...value].map(toPlainValue)
  if (Array.isArray(value)) return value.map(toPlainValue)
  if (value instanceof Map) {
    const entries = [...value].map(([key, inner]) => [toText(key), toPlainValue(inner)])
    return Object.fromEntries(entries)
  }
  if (isHostObject(value)) return value.text()
  return value
}

export function isNumber(value: unknown): value is number | Float | boolean {
  return typeof value === 'number' || typeof value === 'boolean' || value instanceof Float
}

/** The number in an int, float or bool. */
export function numberOf(value: unknown): number {
  if (value instanceof Float) return value.value
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  throw new TemplateFault(`a number is needed here, not ${describe(value)}`)
}

export function isTruthy(value: unknown): boolean {
  if (value === null || value instanceof Undefined) return false
  if (typeof value === 'string') return value !== ''
  if (isNumber(value)) return numberOf(value) !== 0
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Tuple) return value.items.length > 0
  if (value instanceof Map || value instanceof Set) return value.size > 0
  return true
}

/** Python's `str()`. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Undefined) return ''
  return value instanceof Float ? value.text() : toRepr(value)
}

/** Python's `repr()`. */
export function toRepr(value: unknown): string {
  if (value === null) return 'None'
  if (value instanceof Undefined) return 'Undefined'
  if (typeof value === 'string') return quotePython(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value instanceof Float) return value.repr()
  if (Array.isArray(value)) return `[${value.map(toRepr).join(', ')}]`
  if (value instanceof Tuple) {
    return `(${value.items.map(toRepr).join(', ')}${value.items.length === 1 ? ',' : ''})`
  }
  if (value instanceof Set) {
    return value.size === 0 ? 'set()' : `{${[...value].map(toRepr).join(', ')}}`
  }
  if (value instanceof Map) {
    const entries = [...value].map(([key, inner]) => `${toRepr(key)}: ${toRepr(inner)}`)
    return `{${entries.join(', ')}}`
  }
  if (value instanceof Namespace) return `<Namespace ${toRepr(value.values)}>`
  if (value instanceof HostFunction) return `<function ${value.name}>`
  if (isHostObject(value)) return value.text()
  return String(value)
}

function quotePython(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}

function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** Python's name of a value's type. */
function typeName(value: unknown): string {
  if (value === null) return 'NoneType'
  if (value instanceof Undefined) return 'Undefined'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (value instanceof Float) return 'float'
  if (typeof value === 'number' || typeof value === 'bigint') return 'int'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Tuple) return 'tuple'
  if (value instanceof Map) return 'dict'
  if (value instanceof Set) return 'set'
  return value instanceof HostFunction ? 'function' : 'object'
}

/** For messages: a value and what it is. */
export function describe(value: unknown): string {
  if (value instanceof Undefined) return `${value.name}, which is undefined`
  if (value === null) return 'None'
  const text = toRepr(value)
  return `${text.length > 40 ? `${text.slice(0, 37)}…` : text} (${typeName(value)})`
}

export function isEqual(left: unknown, right: unknown): boolean {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0
  if (left instanceof Undefined || right instanceof Undefined) {
    return left instanceof Undefined && right instanceof Undefined
  }
  if (Array.isArray(left) && Array.isArray(right)) return areItemsEqual(left, right)
  if (left instanceof Tuple && right instanceof Tuple) return areItemsEqual(left.items, right.items)
  if (left instanceof Map && right instanceof Map) {
    if (left.size !== right.size) return false
    for (const [key, value] of left) {
      if (!right.has(key) || !isEqual(value, right.get(key))) return false
    }
    return true
  }
  if (left instanceof Set && right instanceof Set) {
    return left.size === right.size && [...left].every((item) => right.has(item))
  }
  if (isHostObject(left) && left.order !== undefined) return left.order(right) === 0
  return left === right
}

function compareNumbers(left: number | Float | boolean, right: number | Float | boolean): number {
  if (left instanceof Float) return left.order(right)
  if (right instanceof Float) return -right.order(left)
  return numberOf(left) - numberOf(right)
}

function areItemsEqual(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => isEqual(item, right[index]))
}

/** Negative, zero or positive, as in a sort. @throws TemplateFault for values without an order */
export function compareValues(left: unknown, right: unknown): number {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right)
  if (typeof left === 'string' && typeof right === 'string') {
    return left < right ? -1 : left > right ? 1 : 0
  }
  const [a, b] = [sequenceOf(left), sequenceOf(right)]
  if (a !== undefined && b !== undefined && typeName(left) === typeName(right)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      if (!isEqual(a[index], b[index])) return compareValues(a[index], b[index])
    }
    return a.length - b.length
  }
  const order = isHostObject(left) ? left.order?.(right) : undefined
  if (order !== undefined) return order
  throw new TemplateFault(`${describe(left)} and ${describe(right)} have no order`)
}

function sequenceOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  return value instanceof Tuple ? value.items : undefined
}

/** The items of anything a `for` can walk: dicts give their keys, strings their characters. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple) return value.items
  if (value instanceof Map) return [...value.keys()]
  if (value instanceof Set || typeof value === 'string') return [...value]
  if (value instanceof Undefined) return []
  if (isHostObject(value)) {
    const items = value.attribute('__iter__')
    if (Array.isArray(items)) return items
  }
  throw new TemplateFault(`${describe(value)} cannot be iterated`)
}

export function contains(container: unknown, item: unknown): boolean {
  if (typeof container === 'string') return typeof item === 'string' && container.includes(item)
  if (container instanceof Map) return container.has(item)
  return itemsOf(container).some((candidate) => isEqual(candidate, item))
}

/** Length of a string, list, tuple, dict or set. */
export function lengthOf(value: unknown): number {
  if (typeof value === 'string') return [...value].length
  if (value instanceof Undefined) return 0
  return itemsOf(value).length
}
