/**
 * What a plain template calls, read off its tree: no JavaScript is made and nothing is rendered. Plain is text,
 * `this`, calls of `ref`, `source`, `config` and `var` whose arguments are written out, and conditions that parsing
 * decides (`is_incremental()` and `execute` are false then). Anything else has to be rendered to be known.
 */
import type { Argument, Body, Expression, Statement } from './ast.ts'
import { type Arguments, Float, Tuple } from './values.ts'

type StaticName = 'ref' | 'source' | 'config' | 'var' | 'is_incremental'

/** One call in the order of rendering, with the arguments that the function would get. */
export type StaticCall = {
  readonly name: StaticName
  readonly args: Arguments
  readonly at: number
}

/**
 * The calls that rendering this body for parsing makes, or undefined for a template that is not plain. It holds for
 * the names of dbt alone: whoever calls makes sure that no macro of the project has the name of one of them.
 */
export function staticCalls(body: Body): readonly StaticCall[] | undefined {
  const calls: StaticCall[] = []
  return readBody(body, calls) ? calls : undefined
}

/** Whether the body is plain; then its calls have been added. */
function readBody(body: Body, calls: StaticCall[]): boolean {
  return body.every((statement) => readStatement(statement, calls))
}

function readStatement(node: Statement, calls: StaticCall[]): boolean {
  if (node.kind === 'text') return true
  if (node.kind === 'output' || node.kind === 'do') return readValue(node.value, calls)
  if (node.kind !== 'if') return false
  for (const { test, body } of node.branches) {
    const holds = decide(test, calls)
    if (holds === undefined) return false
    if (holds) return readBody(body, calls)
  }
  return readBody(node.otherwise, calls)
}

function readValue(value: Expression, calls: StaticCall[]): boolean {
  if (value.kind === 'name') return value.name === 'this'
  if (value.kind === 'attribute') {
    return value.object.kind === 'name' && value.object.name === 'this'
  }
  const call = readCall(value)
  if (call !== undefined) calls.push(call)
  return call !== undefined
}

/** Whether a condition holds while a project is parsed; undefined when that cannot be told. */
function decide(test: Expression, calls: StaticCall[]): boolean | undefined {
  switch (test.kind) {
    case 'name':
      return test.name === 'execute' ? false : undefined
    case 'literal':
      return typeof test.value === 'boolean' ? test.value : undefined
    case 'unary': {
      const holds = test.operator === 'not' ? decide(test.value, calls) : undefined
      return holds === undefined ? undefined : !holds
    }
    case 'and':
    case 'or': {
      const left = decide(test.left, calls)
      if (left === undefined || left === (test.kind === 'or')) return left
      return decide(test.right, calls)
    }
    case 'call': {
      const call = readCall(test)
      if (call?.name !== 'is_incremental') return undefined
      calls.push(call)
      return false
    }
    default:
      return undefined
  }
}

function readCall(value: Expression): StaticCall | undefined {
  if (value.kind !== 'call' || value.callee.kind !== 'name') return undefined
  const { name } = value.callee
  if (!isStaticName(name)) return undefined
  const args = readArguments(value.args)
  return args === undefined || !takes[name](args) ? undefined : { name, args, at: value.at }
}

function isStaticName(name: string): name is StaticName {
  return Object.hasOwn(takes, name)
}

/** Which arguments cannot be wrong; with others the function is called, so that its complaint has a place. */
const takes: Readonly<Record<StaticName, (args: Arguments) => boolean>> = {
  ref: ({ positional, named }) =>
    areTexts(positional, 1, 2) &&
    [...named.keys()].every((key) => key === 'v' || key === 'version'),
  source: ({ positional, named }) => areTexts(positional, 2, 2) && named.size === 0,
  config: ({ positional }) => positional.length === 0,
  // Without a default, and without the variable, it fails.
  var: ({ positional, named }) =>
    positional.length === 2 && typeof positional[0] === 'string' && named.size === 0,
  is_incremental: ({ positional, named }) => positional.length === 0 && named.size === 0,
}

function areTexts(values: readonly unknown[], least: number, most: number): boolean {
  const isCount = values.length >= least && values.length <= most
  return isCount && values.every((value) => typeof value === 'string')
}

/** Arguments that are written out; undefined when one has to be evaluated. */
export function readArguments(args: readonly Argument[]): Arguments | undefined {
  const positional: unknown[] = []
  const named = new Map<string, unknown>()
  for (const { kind, name, value } of args) {
    const known = readLiteral(value)
    if (known === undefined) return undefined
    if (kind === 'positional') positional.push(known)
    else if (kind === 'named') named.set(name, known)
    else return undefined
  }
  return { positional, named }
}

/** The value of a literal, or of a list, tuple or dict of such; undefined for anything else. */
function readLiteral(node: Expression): unknown {
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'float':
      return new Float(node.value)
    case 'unary':
      return readSigned(node)
    case 'list':
      return readAll(node.items)
    case 'tuple': {
      const items = readAll(node.items)
      return items && new Tuple(items)
    }
    case 'dict': {
      const keys = readAll(node.entries.map(([key]) => key))
      const values = readAll(node.entries.map(([, value]) => value))
      return keys && values && new Map(keys.map((key, index) => [key, values[index]]))
    }
    default:
      return undefined
  }
}

function readSigned({ operator, value }: Extract<Expression, { kind: 'unary' }>): unknown {
  const sign = operator === '-' ? -1 : 1
  if (operator === 'not') return undefined
  if (value.kind === 'float') return new Float(value.value * sign)
  // As in Python there is one integral zero.
  if (value.kind === 'literal' && typeof value.value === 'number') return value.value * sign + 0
  return undefined
}

function readAll(nodes: readonly Expression[]): unknown[] | undefined {
  const values: unknown[] = []
  for (const node of nodes) {
    const value = readLiteral(node)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}
