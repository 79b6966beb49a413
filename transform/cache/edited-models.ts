/**
 * Models whose text was edited and that ask for what they asked for before: of the graph only their code is another.
 * That is what an edit of a query mostly is, and it needs no parse of the project.
 */
import { readFileSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { askStatically } from '../compile/ask-statically.ts'
import type { ModelNode } from '../compile/graph.ts'
import { codeOf } from '../compile/make-nodes.ts'
import { ParseHost } from '../compile/parse-host.ts'
import { writtenHeader } from '../compile/written-config.ts'
import { staticCalls } from '../jinja/static-calls.ts'
import { compileTemplate } from '../jinja/template.ts'
import type { StoredGraph } from './stored-graph.ts'

/** The models of edited files, or undefined when a file is no model's alone. @param edited absolute paths */
export function modelsOf(
  graph: StoredGraph,
  edited: readonly string[],
): ReadonlyMap<string, ModelNode> | undefined {
  const files = new Map(edited.map((path) => [fileName(graph.root, path), path]))
  const found = new Map<string, ModelNode>()
  for (const node of [...graph.nodes.values(), ...[...graph.disabled.values()].flat()]) {
    const path = files.get(node.file)
    if (path === undefined) continue
    // The folders of fixtures and of macros can be those of models.
    if (node.kind !== 'model' || node.language !== 'sql' || found.has(path)) return undefined
    if (graph.disabled.has(node.id) || path.includes(`${sep}fixtures${sep}`)) return undefined
    found.set(path, node)
  }
  return found.size === edited.length ? found : undefined
}

function fileName(root: string, path: string): string {
  const name = relative(root, path)
  return sep === '/' ? name : name.replaceAll(sep, '/')
}

/** Whether the text defines something that the whole project can name. */
export function definesMacros(text: string): boolean {
  return /\{%[-+]?\s*(?:macro|test|data_test|materialization)\b/.test(text)
}

type Editing = {
  readonly graph: StoredGraph
  /** Where plain names mean dbt's own. */
  readonly plainPackages: ReadonlySet<string>
  readonly sha256: (text: string) => string
}

type Edited = {
  readonly node: ModelNode
  /** Of its file. */
  readonly text: string
}

/**
 * The edited models as a parse would make them, by id, or undefined when only a parse can tell.
 * @param models by absolute path
 */
export function withTexts(
  { graph, plainPackages, sha256 }: Editing,
  models: ReadonlyMap<string, ModelNode>,
): ReadonlyMap<string, Edited> | undefined {
  const found = new Map<string, Edited>()
  for (const [path, model] of models) {
    if (!plainPackages.has(model.package) || hasTemplatesElsewhere(model)) return undefined
    // They name a line.
    const told = [...graph.warnings, ...graph.latent.map(({ problem }) => problem)]
    if (told.some(({ at }) => at?.file === model.file)) return undefined
    const text = readFileSync(path, 'utf8')
    // The parse says what is wrong with a file that is no UTF-8.
    if (text.includes('\ufffd') || !asksTheSame(model, text)) return undefined
    found.set(model.id, { node: { ...model, ...codeOf({ kind: 'model', text }, sha256) }, text })
  }
  return found
}

/** Hooks and constraints are rendered too, and may look at the text of their model. */
function hasTemplatesElsewhere({ config, constraints, columns }: ModelNode): boolean {
  const hooks = [config['pre_hook'], config['post_hook']].flat()
  const all = [...constraints, ...columns.flatMap((column) => column.constraints)]
  return hooks.some((hook) => hook !== undefined && hook !== null) || all.length > 0
}

function asksTheSame({ file, rawCode }: ModelNode, text: string): boolean {
  const [before, after] = [rawCode, text.trim()].map((each) => asksOf(file, each))
  if (before === undefined || after === undefined) return false
  // The order of keys is seen in artifacts.
  return isDeepStrictEqual(before, after) && orderOf(before) === orderOf(after)
}

function orderOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part))
}

/** Undefined for what has to be rendered, reads a variable or is none of a template. */
function asksOf(file: string, text: string) {
  try {
    const template = compileTemplate(file, text)
    const asked = new ParseHost({})
    const readsVariable = staticCalls(template.body)?.some(({ name }) => name === 'var')
    if (readsVariable || !askStatically(template, asked, () => ({}))) return undefined
    return { ...asked.record(), header: writtenHeader(template, text, asked.header) }
  } catch {
    return undefined // the parse says what is wrong
  }
}
