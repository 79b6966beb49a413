/**
 * What generated code calls: name look-up, attributes, calls, filters, loops, macros, limits. One runtime lives
 * for one rendering of one template.
 */

import { nearest } from '../../core/nearest.ts'
import { applyBinary, applyCompare, applyUnary, maxTextLength } from './arithmetic.ts'
import type { BinaryOperator, CompareOperator, DefinitionTag } from './ast.ts'
import { filterNames, findFilter } from './filters.ts'
import { LoopState } from './loop-state.ts'
import { methodOf } from './methods.ts'
import { Scope } from './scope.ts'
import { positionOf } from './syntax-fault.ts'
import { findTest, testNames } from './value-tests.ts'
import {
  type Arguments,
  describe,
  Float,
  HostFunction,
  isHostObject,
  isTruthy,
  itemsOf,
  Namespace,
  noArguments,
  numberOf,
  TemplateFault,
  Tuple,
  toText,
  Undefined,
  type UnknownUse,
} from './values.ts'

/** Steps (loop rounds and calls) after which a template is taken to run for ever. */
const maxSteps = 5_000_000
/** Calls inside calls; JavaScript's own stack would end a little later. */
const maxCallDepth = 200

export type TemplateFile = {
  readonly file: string
  readonly source: string
  /** Part of the program: no reader can open it, so a fault is shown where it was called from. */
  readonly isBuiltIn: boolean
}

/** One place in the chain of calls that led to a fault, innermost first. */
export type Frame = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly macro: string | undefined
  readonly isBuiltIn: boolean
}

/** A fault with its place; the public renderer turns it into a catalogued problem. */
export class LocatedFault extends Error {
  readonly frames: Frame[]
  constructor(cause: unknown, frames: Frame[]) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'LocatedFault'
    this.frames = frames
  }
}

/** Thrown by `return(x)` in the middle of an expression; the macro around it catches it. */
class ReturnSignal {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}

/** Shared by all templates of one rendering, so that limits hold for the whole of it. */
export class Budget {
  steps = 0
  depth = 0
}

export type Definition = {
  readonly tag: DefinitionTag
  readonly name: string
  readonly macro: HostFunction
  readonly options: ReadonlyMap<string, unknown>
}

export class Runtime {
  readonly none = noArguments
  readonly absent = new Undefined('the value of an if without else')
  readonly isTruthy = isTruthy
  readonly definitions: Definition[] = []
  readonly #template: TemplateFile
  readonly #budget: Budget

  readonly #onUnknown: ((use: UnknownUse) => void) | undefined

  /** @param onUnknown told of each use of an unknown name that this template comes upon, instead of failing there */
  constructor(template: TemplateFile, budget: Budget, onUnknown?: (use: UnknownUse) => void) {
    this.#template = template
    this.#budget = budget
    this.#onUnknown = onUnknown
  }

  // Values

  float(value: number): Float {
    return new Float(value)
  }

  tuple(items: unknown[]): Tuple {
    return new Tuple(items)
  }

  dict(entries: [unknown, unknown][]): Map<unknown, unknown> {
    return new Map(entries)
  }

  text(value: unknown): string {
    return toText(value)
  }

  /** Output so far and one value more. */
  append(output: string, value: unknown): string {
    const longer = output + toText(value)
    if (longer.length > maxTextLength) throw new TemplateFault('the template renders too much text')
    return longer
  }

  // Names

  scope(outer: Scope): Scope {
    return new Scope(outer)
  }

  get(scope: Scope, name: string): unknown {
    return this.#found(scope.get(name))
  }

  #found(value: unknown): unknown {
    if (this.#onUnknown === undefined || !(value instanceof Undefined)) return value
    return new Undefined(value.name, value.isName, this.#onUnknown)
  }

  #useUnknown(value: Undefined, at: number | undefined): Undefined {
    const { name, isName, onUse } = value
    if (onUse === undefined) throw new TemplateFault(`${name} is undefined`)
    const { file, source } = this.#template
    onUse({ name, isName, at: { file, ...positionOf(source, at ?? 0) }, offset: at ?? 0 })
    return value
  }

  set(scope: Scope, name: string, value: unknown): void {
    scope.set(name, value)
  }

  isBound(scope: Scope, name: string): boolean {
    return scope.hasOwn(name)
  }

  setAttribute(object: unknown, name: string, value: unknown, _at: number): void {
    if (!(object instanceof Namespace)) {
      throw new TemplateFault(`only a namespace() has attributes to set, not ${describe(object)}`)
    }
    object.values.set(name, value)
  }

  unpack(value: unknown, count: number, _at: number): readonly unknown[] {
    const items = itemsOf(value)
    if (items.length === count) return items
    throw new TemplateFault(`${count} names are set here from ${items.length} values`)
  }

  // Access

  attribute(object: unknown, name: string, at?: number): unknown {
    if (object instanceof Undefined) return this.#useUnknown(object, at)
    return this.#found(this.#attribute(object, name))
  }

  #attribute(object: unknown, name: string): unknown {
    const method = methodOf(object, name)
    if (method !== undefined) return method
    if (object instanceof Map && object.has(name)) return object.get(name)
    if (object instanceof Namespace) return object.values.get(name) ?? new Undefined(name)
    if (isHostObject(object)) return object.attribute(name)
    if (object instanceof Tuple && object.names.includes(name)) {
      return object.items[object.names.indexOf(name)]
    }
    return new Undefined(name)
  }

  item(object: unknown, index: unknown, at?: number): unknown {
    if (object instanceof Undefined) return this.#useUnknown(object, at)
    return this.#found(this.#item(object, index))
  }

  #item(object: unknown, index: unknown): unknown {
    if (object instanceof Map) {
      return object.has(index) ? object.get(index) : new Undefined(toText(index))
    }
    if (isHostObject(object) && object.item !== undefined) return object.item(index)
    if (typeof index === 'string') return this.#attribute(object, index)
    if (typeof object === 'string' || Array.isArray(object) || object instanceof Tuple) {
      const items = itemsOf(object)
      const position = numberOf(index)
      const value = items[position < 0 ? items.length + position : position]
      return value === undefined ? new Undefined(`item ${position}`) : value
    }
    if (isHostObject(object)) return this.#item(object.attribute('__iter__'), index)
    return new Undefined(toText(index))
  }

  slice(object: unknown, bounds: readonly unknown[], _at: number): unknown {
    const items = itemsOf(object)
    const step = bounds[2] == null ? 1 : numberOf(bounds[2])
    if (step === 0) throw new TemplateFault('a slice cannot step by 0')
    const size = items.length
    const clamp = (bound: unknown, fallback: number): number => {
      if (bound == null) return fallback
      const at = numberOf(bound) < 0 ? numberOf(bound) + size : numberOf(bound)
      return Math.min(Math.max(at, step > 0 ? 0 : -1), step > 0 ? size : size - 1)
    }
    const from = clamp(bounds[0], step > 0 ? 0 : size - 1)
    const to = clamp(bounds[1], step > 0 ? size : -1)
    const taken: unknown[] = []
    for (let at = from; step > 0 ? at < to : at > to; at += step) taken.push(items[at])
    if (typeof object === 'string') return taken.join('')
    return object instanceof Tuple ? new Tuple(taken) : taken
  }

  items(value: unknown, _at: number): readonly unknown[] {
    return itemsOf(value)
  }

  entries(value: unknown, _at: number): [string, unknown][] {
    if (!(value instanceof Map)) throw new TemplateFault(`** needs a dict, not ${describe(value)}`)
    return [...value].map(([key, inner]) => [toText(key), inner])
  }

  // Operators

  binary(operator: BinaryOperator, left: unknown, right: unknown, _at: number): unknown {
    if (operator !== '~') {
      if (left instanceof Undefined) throw new TemplateFault(`${left.name} is undefined`)
      if (right instanceof Undefined) throw new TemplateFault(`${right.name} is undefined`)
    }
    return applyBinary(operator, left, right)
  }

  unary(operator: '-' | '+', value: unknown, _at: number): unknown {
    return applyUnary(operator, value)
  }

  compare(operator: CompareOperator, left: unknown, right: unknown, _at: number): boolean {
    return applyCompare(operator, left, right)
  }

  filter(name: string, value: unknown, args: Arguments, _at?: number): unknown {
    const filter = findFilter(name)
    if (filter === undefined) throw unknown('filter', name, filterNames())
    return filter(value, args, this)
  }

  test(name: string, value: unknown, args: Arguments, _at?: number): boolean {
    const test = findTest(name)
    if (test === undefined) throw unknown('test', name, testNames())
    return test(value, args)
  }

  // Calls

  args(positional: unknown[], named: [string, unknown][]): Arguments {
    return { positional, named: new Map(named) }
  }

  withCaller(args: Arguments, caller: HostFunction): Arguments {
    return { positional: args.positional, named: new Map([...args.named, ['caller', caller]]) }
  }

  call(callee: unknown, args: Arguments, at: number): unknown {
    this.tick()
    if (callee instanceof HostFunction) return callee.call(args)
    if (callee instanceof Undefined) return this.#useUnknown(callee, at)
    if (isHostObject(callee)) {
      const call = callee.attribute('__call__')
      if (call instanceof HostFunction) return call.call(args)
    }
    throw new TemplateFault(`${describe(callee)} cannot be called`)
  }

  macro(
    name: string,
    parameters: readonly string[],
    outer: Scope,
    body: (scope: Scope) => unknown,
  ): HostFunction {
    return new HostFunction(name, (args) => {
      const scope = bindMacro(name, parameters, outer, args)
      if (this.#budget.depth >= maxCallDepth) {
        throw new TemplateFault(`macros call each other more than ${maxCallDepth} deep`)
      }
      this.#budget.depth++
      return settle(
        () => body(scope),
        (error) => caughtReturn(error),
        () => this.#budget.depth--,
      )
    })
  }

  define(_scope: Scope, tag: DefinitionTag, name: string, macro: HostFunction, args: Arguments) {
    this.definitions.push({ tag, name, macro, options: args.named })
  }

  // Loops and limits

  loop(items: readonly unknown[], outer: Scope): LoopState {
    const parent = outer.get('loop')
    return new LoopState(items, isHostObject(parent) ? numberOf(parent.attribute('depth')) : 0)
  }

  tick(): void {
    this.#budget.steps++
    if (this.#budget.steps > maxSteps) {
      throw new TemplateFault(
        `the template takes more than ${maxSteps} steps; does it loop for ever?`,
      )
    }
  }

  fault(message: string, _at: number): never {
    throw new TemplateFault(message)
  }

  /** Adds the place in this template to what went wrong. */
  locate(error: unknown, at: number, macro?: string): unknown {
    if (error instanceof ReturnSignal) {
      if (macro !== undefined) return error
      return this.locate(new TemplateFault('return() stands outside a macro'), at)
    }
    const { file, source, isBuiltIn } = this.#template
    const frame: Frame = { file, ...positionOf(source, at), macro, isBuiltIn }
    if (error instanceof LocatedFault) {
      if (error.frames.length < 20) error.frames.push(frame)
      return error
    }
    return new LocatedFault(error, [frame])
  }
}

/** `return(x)` as a function, for where it is not a statement of its own. */
export const returnFunction = new HostFunction('return', ({ positional }) => {
  throw new ReturnSignal(positional[0] ?? null)
})

/** Runs work that may or may not be a promise, with one way to treat errors and one to end. */
function settle(
  work: () => unknown,
  onError: (error: unknown) => unknown,
  onEnd: () => void,
): unknown {
  let result: unknown
  try {
    result = work()
  } catch (error) {
    onEnd()
    return onError(error)
  }
  if (!(result instanceof Promise)) {
    onEnd()
    return result
  }
  return result.catch(onError).finally(onEnd)
}

function caughtReturn(error: unknown): unknown {
  if (error instanceof ReturnSignal) return error.value
  throw error
}

function unknown(kind: 'filter' | 'test', name: string, known: readonly string[]): TemplateFault {
  const near = nearest(name, known)
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  return new TemplateFault(`there is no ${kind} ${name}${hint}`)
}

function bindMacro(
  name: string,
  parameters: readonly string[],
  outer: Scope,
  args: Arguments,
): Scope {
  const scope = new Scope(outer)
  parameters.forEach((parameter, index) => {
    if (index < args.positional.length) scope.set(parameter, args.positional[index])
  })
  const rest = new Map<string, unknown>()
  for (const [key, value] of args.named) {
    if (!parameters.includes(key) && key !== 'caller') rest.set(key, value)
    else if (parameters.indexOf(key) >= 0 && parameters.indexOf(key) < args.positional.length) {
      throw new TemplateFault(`${name}() is given ${key} twice`)
    } else scope.set(key, value)
  }
  scope.set('varargs', new Tuple(args.positional.slice(parameters.length)))
  scope.set('kwargs', rest)
  return scope
}
