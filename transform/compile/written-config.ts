/**
 * `unrendered_config`: configs as somebody wrote them, which is what dbt compares between two states of a project. A
 * later place replaces what an earlier one said, nothing is merged.
 */
import type { Argument, CompareOperator, Expression } from '../jinja/ast.ts'
import type { Template } from '../jinja/template.ts'
import type { Config } from '../project/project.ts'
import { isPlainForDbt } from './plain-for-dbt.ts'
import { sliceTree, treeOf } from './template-tree.ts'

/** Configs of folders level by level, outermost first, keys as written but for the `+`. */
export function writtenFolders(tree: Config, fqn: readonly string[]): Config {
  let written: Config = ownKeys(tree, fqn[0])
  let level: unknown = tree
  for (const [depth, part] of fqn.entries()) {
    level = isObject(level) ? level[part] : undefined
    if (!isObject(level)) break
    written = { ...written, ...ownKeys(level, fqn[depth + 1]) }
  }
  return written
}

function ownKeys(level: Config, nextFolder: string | undefined): Config {
  const own: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(level)) {
    if (key.startsWith('+')) own[key.slice(1).trim()] = value
    else if (key !== nextFolder && !isObject(value)) own[key] = value
  }
  return own
}

/**
 * What the header's `config(…)` says: values where dbt reads a template without rendering it, else the text of each.
 * @param text the source of a model; dbt renders everything else
 * @param said the values that rendering gave
 */
export function writtenHeader(template: Template, text: string | undefined, said: Config): Config {
  if (text !== undefined && isPlainForDbt(template.body, text)) return said
  const [call] = callsOf(template.body, 'config')
  const named = call?.args.filter(({ kind }) => kind === 'named') ?? []
  if (named.length === 0) return said
  return Object.fromEntries(named.map(({ name, value }) => [name, textOf(value)]))
}

type Call = Extract<Expression, { kind: 'call' }>

function callsOf(node: unknown, name: string): Call[] {
  if (Array.isArray(node)) return node.flatMap((part) => callsOf(part, name))
  if (typeof node !== 'object' || node === null) return []
  const inner = Object.values(node).flatMap((part) =>
    typeof part === 'object' ? callsOf(part, name) : [],
  )
  // What has this kind is an expression of the parser's.
  const call = 'kind' in node && node.kind === 'call' ? (node as Call) : undefined
  const isIt = call?.callee.kind === 'name' && call.callee.name === name
  return call !== undefined && isIt ? [call, ...inner] : inner
}

/** A text as it is, anything else as Python would write the expression. */
function textOf(node: Expression): string {
  return node.kind === 'literal' && typeof node.value === 'string' ? node.value : write(node)
}

function write(node: Expression): string {
  switch (node.kind) {
    case 'literal':
      return writeLiteral(node.value)
    case 'float':
      return Number.isInteger(node.value) ? `${node.value}.0` : String(node.value)
    case 'name':
      return node.name
    case 'list':
      return `[${node.items.map(write).join(', ')}]`
    case 'tuple':
      return `(${node.items.map(write).join(', ')}${node.items.length === 1 ? ',' : ''})`
    case 'dict':
      return `{${node.entries.map(([key, value]) => `${write(key)}: ${write(value)}`).join(', ')}}`
    case 'attribute':
      return `${write(node.object)}.${node.name}`
    case 'item':
      return `${write(node.object)}[${write(node.index)}]`
    case 'slice':
      return `${write(node.object)}[${sliceTree(node.bounds)}]`
    case 'call':
      return `${write(node.callee)}(${node.args.map(writeArgument).join(', ')})`
    case 'unary':
      if (node.operator === '+') return treeOf(node)
      return `${node.operator === 'not' ? 'not ' : node.operator}${write(node.value)}`
    case 'binary':
      return node.operator === '~' ? `${write(node.left)} ~ ${write(node.right)}` : treeOf(node)
    case 'and':
    case 'or':
      return `${write(node.left)} ${node.kind} ${write(node.right)}`
    case 'compare': {
      const rest = node.rest.map(
        ({ operator, value }) => `${operator satisfies CompareOperator} ${write(value)}`,
      )
      return `${write(node.first)} ${rest.join(' ')}`
    }
    // These dbt does not write out.
    case 'condition':
    case 'filter':
    case 'test':
      return treeOf(node)
    default:
      return node satisfies never
  }
}

function writeLiteral(value: string | number | boolean | null): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'number') return String(value)
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}

function writeArgument({ kind, name, value }: Argument): string {
  const prefix = { positional: '', spread: '*', named: `${name}=`, 'spread-named': '**' }[kind]
  return prefix + write(value)
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
