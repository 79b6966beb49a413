/** The macros of a project, its packages and dbt's own: found by dbt's order, made when they are first named. */
import { MillraceError } from '../../core/errors.ts'
import { type Position, problem } from '../../core/problems.ts'
import type { Mode } from '../jinja/generate.ts'
import type { NameSource } from '../jinja/scope.ts'
import { compileTemplate, type Template } from '../jinja/template.ts'
import {
  HostFunction,
  type HostObject,
  makeHostObject,
  toText,
  Undefined,
} from '../jinja/values.ts'
import type { Config, SqlFile } from '../project/project.ts'
import { placeFinder, placeText } from '../project/text-position.ts'
import { standardFiles, standardPackage } from '../stdlib/standard-macros.ts'

/** `macro.<package>.<name>`: dbt's `unique_id`. */
export function macroId(owner: string, name: string): string {
  return `macro.${owner}.${name}`
}

/** A macro in dbt, a function of ours: what calls it depends on it all the same. */
export const isIncrementalId = macroId(standardPackage, 'is_incremental')

/** A file that defines macros. */
export type MacroFile = {
  readonly file: string
  readonly text: string
  readonly open: () => Template
}

/** Macro name → the file that defines it; a generic test `x` is the macro `test_x`. */
type Macros = Map<string, MacroFile>

export type MacroLibrary = {
  /** The root project. */
  readonly root: string
  readonly packages: ReadonlyMap<string, ReadonlyMap<string, MacroFile>>
  /** From `dispatch:` in the project file: namespace → packages to search. */
  readonly searchOrders: ReadonlyMap<string, readonly string[]>
  readonly problems: readonly MillraceError[]
  /** Told each name that a template looks up. */
  readonly noteName?: ((name: string) => void) | undefined
  /** Told each macro that is looked for, found or not. */
  readonly noteMacro?: ((owner: string, name: string) => void) | undefined
}

/** Reads every macro file; those that cannot be read are listed as problems. */
export function compileMacros(
  root: string,
  files: readonly SqlFile[],
  searchOrders: MacroLibrary['searchOrders'],
): MacroLibrary {
  const packages = new Map<string, Macros>([[root, new Map()]])
  const problems: MillraceError[] = []
  const places = new Map<string, (() => Position)[]>()
  for (const { file, text, package: owner } of files) {
    try {
      const template = compileDefinitions(file, text)
      const macros = packages.get(owner) ?? new Map()
      packages.set(owner, macros)
      const open = () => template
      for (const { name, at } of definedIn(template)) {
        macros.set(name, { file, text, open })
        const id = macroId(owner, name)
        places.set(id, [...(places.get(id) ?? []), () => placeFinder(file, text)(at)])
      }
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      problems.push(error)
    }
  }
  packages.set(standardPackage, standardMacros)
  problems.push(...findDoubleMacros(places))
  return { root, packages, searchOrders, problems }
}

/** Of a macro file dbt reads the definitions alone: what is no template between them does no harm. */
export function compileDefinitions(file: string, text: string): Template {
  try {
    return compileTemplate(file, text)
  } catch (error) {
    const kept = onlyDefinitions(text)
    if (!(error instanceof MillraceError) || kept === text) throw error
    return compileTemplate(file, kept)
  }
}

const definition =
  /\{%[-+]?\s*(macro|test|data_test|materialization)\s[\s\S]*?\{%[-+]?\s*end\1\s*[-+]?%\}/g

/** The text with everything else blanked, so that lines and columns stay; as it is when a definition has no end. */
function onlyDefinitions(text: string): string {
  let from = 0
  let kept = ''
  let between = ''
  for (const { 0: found, index } of text.matchAll(definition)) {
    between += text.slice(from, index)
    kept += blank(text.slice(from, index)) + found
    from = index + found.length
  }
  const rest = text.slice(from)
  const isWhole = !/\{%[-+]?\s*(end)?(macro|test|data_test|materialization)\b/.test(between + rest)
  return isWhole ? kept + blank(rest) : text
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}

/** Macros that a package defines twice: which one counted would depend on the names of files. */
function findDoubleMacros(
  places: ReadonlyMap<string, readonly (() => Position)[]>,
): MillraceError[] {
  return [...places].flatMap(([id, found]) => {
    const [, second] = found
    if (second === undefined) return []
    const name = id.slice(id.lastIndexOf('.') + 1)
    const parameters = { what: 'macro', name, places: found.map((place) => placeText(place())) }
    return [problem('model/defined-twice', parameters, { at: second() })]
  })
}

type Defined = { readonly name: string; readonly at: number }

function definedIn(template: Template): Defined[] {
  return template.body.flatMap((node): Defined[] => {
    if (node.kind !== 'macro' && node.kind !== 'definition') return []
    const name = node.kind === 'macro' ? node.name : nameOfBlock(node)
    return name === undefined ? [] : [{ name, at: node.at }]
  })
}

type Block = Extract<Template['body'][number], { kind: 'definition' }>

/** `test_unique`; `materialization_table_duckdb`, or `…_default` for every adapter; nothing for other blocks. */
export function nameOfBlock({ tag, name, options }: Block): string | undefined {
  if (/test$/.test(tag)) return `test_${name}`
  if (tag !== 'materialization') return undefined
  const adapter = options.find((option) => option.name === 'adapter')?.value
  const own = adapter?.kind === 'literal' ? String(adapter.value) : 'default'
  return `materialization_${name}_${own}`
}

/** Few projects call more than a few of dbt's macros, so a file is parsed when one of its macros is named. */
export const standardMacros: Macros = new Map(
  standardFiles.flatMap(({ file, text }) => {
    let template: Template | undefined
    const open = () => {
      template ??= compileTemplate(file, text, true)
      return template
    }
    const names = text.matchAll(/\{% (macro|test) (\w+)/g)
    return [...names].map(([, tag, name]) => [
      `${tag === 'test' ? 'test_' : ''}${name}`,
      { file, text, open },
    ])
  }),
)

/** Generic tests that can be asked for, by the names that schema files use. */
export function testNames({ packages, root }: MacroLibrary): string[] {
  return [...packages].flatMap(([owner, macros]) => {
    const prefix = owner === root || owner === standardPackage ? '' : `${owner}.`
    return [...macros.keys()].flatMap((name) =>
      name.startsWith('test_') ? [prefix + name.slice('test_'.length)] : [],
    )
  })
}

/** A node's names and, over and behind them, every macro; a macro is made the first time it is named. */
export class NodeNames implements NameSource {
  readonly #own: ReadonlyMap<string, unknown>
  readonly #library: MacroLibrary
  readonly #mode: Mode
  readonly #package: string
  readonly #called: Set<string> | undefined
  /** The same names for the bodies of macros: what those call is their own affair. */
  readonly #inner: NodeNames
  readonly #isInner: boolean
  readonly #opened = new Map<Template, ReadonlyMap<string, HostFunction>>()
  readonly #namespaces = new Map<string, HostObject>()
  /** What `context.update()` said; the template that says it keeps its own names, the macros it calls get these. */
  readonly #changes: Map<string, unknown>

  /**
   * @param own what dbt gives the node
   * @param nodePackage the node's own, whose macros come first
   * @param called receives the ids of the macros that the node itself names
   */
  constructor(
    own: ReadonlyMap<string, unknown>,
    library: MacroLibrary,
    mode: Mode,
    nodePackage: string,
    called?: Set<string>,
    changes?: Map<string, unknown>,
  ) {
    this.#own = own
    this.#library = library
    this.#mode = mode
    this.#package = nodePackage
    this.#called = called
    this.#changes = changes ?? new Map()
    this.#isInner = changes !== undefined
    this.#inner = this.#isInner
      ? this
      : new NodeNames(own, library, mode, nodePackage, undefined, this.#changes)
  }

  /** The project's macros may replace what dbt gives, `ref` for one; dbt's own macros come last. */
  get(name: string): unknown {
    this.#library.noteName?.(name)
    if (this.#isInner && this.#changes.has(name)) return this.#changes.get(name)
    if (name === 'is_incremental') this.#called?.add(isIncrementalId)
    return (
      this.macroOf(this.#package, name) ??
      this.macroOf(this.#library.root, name) ??
      this.#own.get(name) ??
      this.#namespace(name) ??
      this.macroOf(standardPackage, name)
    )
  }

  /** `context` of templates: every name as macros find it, and a way to give them other values. */
  get context(): {
    readonly get: (name: string) => unknown
    readonly set: (name: string, value: unknown) => void
    readonly names: () => string[]
  } {
    return {
      get: (name) => (this.#changes.has(name) ? this.#changes.get(name) : this.get(name)),
      set: (name, value) => this.#changes.set(name, value),
      names: () => {
        const { packages, root } = this.#library
        const macros = [standardPackage, root, this.#package].flatMap((owner) => [
          ...(packages.get(owner)?.keys() ?? []),
        ])
        const all = [...this.#own.keys(), ...packages.keys(), ...macros, ...this.#changes.keys()]
        return [...new Set(all)]
      },
    }
  }

  /** The macro that an unqualified name means. */
  macro(name: string): HostFunction | undefined {
    return (
      this.macroOf(this.#package, name) ??
      this.macroOf(this.#library.root, name) ??
      this.macroOf(standardPackage, name)
    )
  }

  macroOf(owner: string, name: string): HostFunction | undefined {
    this.#library.noteMacro?.(owner, name)
    const found = this.#library.packages.get(owner)?.get(name)
    if (found === undefined) return undefined
    this.#called?.add(macroId(owner, name))
    return this.#inner.#open(found.open()).get(name)
  }

  /** `adapter.dispatch`: the packages of the namespace in order, in each what is made for DuckDB first. */
  dispatched(name: string, namespace: string | undefined): HostFunction | undefined {
    for (const owner of searchedPackages(this.#library, namespace)) {
      for (const prefix of ['duckdb', 'default']) {
        const full = `${prefix}__${name}`
        const names = this.#inner
        const found = owner === undefined ? names.macro(full) : names.macroOf(owner, full)
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  /** `dbt_utils` in `dbt_utils.star(…)`. */
  #namespace(owner: string): HostObject | undefined {
    if (!this.#library.packages.has(owner)) return undefined
    const known = this.#namespaces.get(owner)
    if (known !== undefined) return known
    const item = (name: unknown) =>
      this.macroOf(owner, toText(name)) ?? new Undefined(`${owner}.${toText(name)}`, true)
    // In dbt it is a dict, of which macros that may be missing are asked for with get().
    const get = new HostFunction('get', ({ positional: [name, fallback = null] }) => {
      return this.macroOf(owner, toText(name)) ?? fallback
    })
    const namespace: HostObject = {
      ...makeHostObject({}, () => `<macros of ${owner}>`),
      attribute: (name) => (name === 'get' ? get : item(name)),
      item,
    }
    this.#namespaces.set(owner, namespace)
    return namespace
  }

  #open(template: Template): ReadonlyMap<string, HostFunction> {
    const known = this.#opened.get(template)
    if (known !== undefined) return known
    const { macros, blocks } = template.definitions(this, this.#mode)
    const named = template.body.filter((node) => node.kind === 'definition').map(nameOfBlock)
    const others = blocks.flatMap(({ macro }, at) => {
      const name = named[at]
      return name === undefined ? [] : [[name, macro] as const]
    })
    const all = new Map([...macros, ...others])
    this.#opened.set(template, all)
    return all
  }
}

/** The packages that `adapter.dispatch` searches, in order; undefined stands for the unqualified look-up. */
export function searchedPackages(
  { searchOrders, packages, root }: MacroLibrary,
  namespace: string | undefined,
): readonly (string | undefined)[] {
  if (namespace === undefined) return [undefined]
  const order = searchOrders.get(namespace)
  if (order !== undefined) return order
  const isDependency = packages.has(namespace) && namespace !== standardPackage
  return isDependency ? [root, namespace] : [undefined]
}

/** `dispatch: [{macro_namespace: dbt_utils, search_order: [shop, dbt_utils]}]`. */
export function readSearchOrders(dispatch: readonly Config[]): MacroLibrary['searchOrders'] {
  return new Map(
    dispatch.flatMap(({ macro_namespace: namespace, search_order: order }) =>
      typeof namespace === 'string' && Array.isArray(order)
        ? [[namespace, order.map(String)] as const]
        : [],
    ),
  )
}
