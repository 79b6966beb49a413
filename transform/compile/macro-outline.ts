/** What the text of a macro says by itself, whatever stands beside it. */
import type { Argument, Expression } from '../jinja/ast.ts'
import type { Template } from '../jinja/template.ts'
import { type MacroFile, nameOfBlock } from './macros.ts'

/** Plain data. */
export type MacroOutline = {
  /** Where its code stands in the text of its file. */
  readonly start: number
  readonly end: number
  readonly form: 'macro' | 'materialization' | 'other'
  /** Names of its parameters. */
  readonly parameters: readonly string[]
  /** What it calls by name, by package and name, or through `adapter.dispatch`. */
  readonly calls: readonly Called[]
}

type Called = {
  readonly name: string
  /** What stands before the dot. */
  readonly of?: string
  /** Of `adapter.dispatch`. */
  readonly dispatches?: Dispatched
}

/** Its arguments, as far as they are written out. */
export type Dispatched = {
  readonly name?: string | undefined
  readonly namespace?: string | undefined
}

/** Of dbt's own macros the bodies are the same at each parse of a process. */
const known = new WeakMap<object, MacroOutline>()

/** The outline of a macro of a file; undefined when the file has none of that name. */
export function outlineOf({ text, open }: MacroFile, name: string): MacroOutline | undefined {
  const statement = findStatement(open(), name)
  if (statement === undefined) return undefined
  const outline = known.get(statement) ?? readOutline(text, statement)
  known.set(statement, outline)
  return outline
}

function readOutline(text: string, statement: MacroStatement): MacroOutline {
  const isMaterialization = statement.kind === 'definition' && statement.tag === 'materialization'
  return {
    ...placeOf(text, statement),
    form: statement.kind === 'macro' ? 'macro' : isMaterialization ? 'materialization' : 'other',
    parameters: statement.parameters.map((parameter) => parameter.name),
    calls: callsIn(statement.body).flatMap(readCall),
  }
}

type MacroStatement = Extract<Template['body'][number], { kind: 'macro' | 'definition' }>

function findStatement(template: Template, name: string): MacroStatement | undefined {
  const found = template.body.find(
    (node) =>
      (node.kind === 'macro' && node.name === name) ||
      (node.kind === 'definition' && nameOfBlock(node) === name),
  )
  return found?.kind === 'macro' || found?.kind === 'definition' ? found : undefined
}

/**
 * From `{% macro … %}` to its end tag; macros do not stand in each other. To `{%-` belong the blanks in front of it,
 * unless the tag before them has taken them with `-%}`.
 */
function placeOf(
  text: string,
  { at }: MacroStatement,
): { readonly start: number; readonly end: number } {
  const end =
    /\{%[-+]?\s*end(?:macro|test|data_test|materialization|snapshot)\s*(?:-%\}\s*|\+?%\})/g
  end.lastIndex = at
  const before = text.slice(0, at)
  const trimmed = before.trimEnd()
  // Blanks at the ends of a file are not read.
  const takesBlanks = text.startsWith('{%-', at) && trimmed !== '' && !trimmed.endsWith('-%}')
  const start = takesBlanks ? trimmed.length : at
  const whole = text.trimEnd()
  return { start, end: end.test(whole) ? end.lastIndex : whole.length }
}

type Call = Extract<Expression, { kind: 'call' }>

/** Into one list, because there are many more parts than calls. */
function callsIn(node: unknown, found: Call[] = []): Call[] {
  if (typeof node !== 'object' || node === null) return found
  if ('kind' in node && node.kind === 'call') found.push(node as Call)
  for (const part of Object.values(node)) if (typeof part === 'object') callsIn(part, found)
  return found
}

function readCall({ callee, args }: Call): Called[] {
  if (callee.kind === 'name') return [{ name: callee.name }]
  if (callee.kind !== 'attribute' || callee.object.kind !== 'name') return []
  const called = { of: callee.object.name, name: callee.name }
  if (called.of !== 'adapter' || called.name !== 'dispatch') return [called]
  const dispatches = {
    name: literalOf(args, 'macro_name', 0),
    namespace: literalOf(args, 'macro_namespace', 1),
  }
  return [{ ...called, dispatches }]
}

function literalOf(args: readonly Argument[], name: string, at: number): string | undefined {
  const positional = args.filter(({ kind }) => kind === 'positional')
  const given = args.find((arg) => arg.name === name) ?? positional[at]
  return given?.value.kind === 'literal' ? String(given.value.value) : undefined
}
