/** Every macro as a node: its text, what schema files say of it, and which macros it names. */
import type { Argument, Expression } from '../jinja/ast.ts'
import type { Template } from '../jinja/template.ts'
import type { Config, ProjectSettings } from '../project/project.ts'
import type { MacroProperties } from '../project/project-properties.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { pathInPackage } from './draft-sources.ts'
import type { Compilation } from './drafts.ts'
import type { MacroNode } from './graph.ts'
import { type MacroLibrary, macroId, nameOfBlock, searchedPackages } from './macros.ts'

export function macroNodes(compilation: Compilation): MacroNode[] {
  const { library, project } = compilation
  const entries = new Map(
    project.macroProperties.map((entry) => [macroId(entry.package, entry.name), entry] as const),
  )
  return [...library.packages].flatMap(([owner, macros]) => {
    const settings = project.packages.find(({ name }) => name === owner) ?? project.settings
    return [...macros].flatMap(([name, { file: source, text, open }]) => {
      const template = open()
      const statement = findStatement(template, name)
      if (statement === undefined) return []
      const file = pathInPackage(settings, source)
      return [
        {
          kind: 'macro' as const,
          id: macroId(owner, name),
          name,
          package: owner,
          file,
          path: file,
          code: textOf(text, statement),
          ...describe(
            entries.get(macroId(owner, name)),
            statement,
            settings.testPaths.some((folder) => file.startsWith(`${folder}/generic/`)),
            settings,
          ),
          macros: calledMacros(library, owner, statement.body, macroId(owner, name)),
        },
      ]
    })
  })
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
function textOf(text: string, { at }: MacroStatement): string {
  const end =
    /\{%[-+]?\s*end(?:macro|test|data_test|materialization|snapshot)\s*(?:-%\}\s*|\+?%\})/g
  end.lastIndex = at
  const before = text.slice(0, at)
  const trimmed = before.trimEnd()
  // Blanks at the ends of a file are not read.
  const takesBlanks = text.startsWith('{%-', at) && trimmed !== '' && !trimmed.endsWith('-%}')
  const start = takesBlanks ? trimmed.length : at
  const whole = text.trimEnd()
  return end.test(whole) ? whole.slice(start, end.lastIndex) : whole.slice(start)
}

/** @param isGeneric it stands in `tests/generic`, where dbt reads no arguments */
function describe(
  entry: MacroProperties | undefined,
  statement: MacroStatement,
  isGeneric: boolean,
  settings: ProjectSettings,
) {
  const { kind, parameters } = statement
  // As in dbt, which takes this option of a materialization, said or not, for an argument.
  const isMaterialization = kind === 'definition' && statement.tag === 'materialization'
  const names = isMaterialization ? ['supported_languages'] : parameters.map(({ name }) => name)
  const said = entry?.arguments ?? []
  const args: Config[] =
    said.length > 0
      ? said.map(({ name, type, description }) => ({ name, type: type ?? null, description }))
      : kind === 'macro' || !isGeneric
        ? names.map((name) => ({ name, type: null, description: '' }))
        : []
  return {
    description: entry?.description ?? '',
    meta: entry?.meta ?? {},
    docs: entry?.docs ?? {},
    arguments: args,
    patch: entry && { package: entry.package, file: pathInPackage(settings, entry.file) },
  }
}

/** What a body calls by name, by package and name, or through `adapter.dispatch` with literal names. */
function calledMacros(library: MacroLibrary, owner: string, body: object, own: string): string[] {
  const found = new Set<string>()
  const add = (id: string | undefined) => id !== undefined && found.add(id)
  // As in dbt, a macro that calls itself names itself when it says its package.
  const addOther = (id: string | undefined) => id !== own && add(id)
  for (const { callee, args } of callsOf(body)) {
    if (callee.kind === 'name') addOther(findMacro(library, owner, callee.name))
    if (callee.kind !== 'attribute' || callee.object.kind !== 'name') continue
    if (callee.object.name === 'adapter' && callee.name === 'dispatch') {
      const [bare, called] = dispatched(library, owner, args)
      addOther(bare)
      add(called)
    } else {
      // As in dbt, which takes whatever stands before the dot for a package: `builtins.ref()` finds the project's own.
      add(findMacro(library, callee.object.name, callee.name))
    }
  }
  return [...found].sort()
}

type Call = Extract<Expression, { kind: 'call' }>

/** The bodies of dbt's own macros are the same at each parse of a process. */
const knownCalls = new WeakMap<object, readonly Call[]>()

function callsOf(body: object): readonly Call[] {
  const calls = knownCalls.get(body) ?? callsIn(body)
  knownCalls.set(body, calls)
  return calls
}

/** Into one list, because there are many more parts than calls. */
function callsIn(node: unknown, found: Call[] = []): Call[] {
  if (typeof node !== 'object' || node === null) return found
  if ('kind' in node && node.kind === 'call') found.push(node as Call)
  for (const part of Object.values(node)) if (typeof part === 'object') callsIn(part, found)
  return found
}

/** The package's own, then the root project's, then any package's, the last of them first, then dbt's. */
function findMacro(library: MacroLibrary, owner: string, name: string): string | undefined {
  const { packages, root } = library
  const others = [...packages.keys()].filter((each) => each !== standardPackage).reverse()
  const owners = [owner, root, ...others, 'dbt_duckdb', standardPackage]
  return owners.map((each) => macroOf(library, each, name)).find((id) => id !== undefined)
}

function macroOf({ packages }: MacroLibrary, owner: string, name: string): string | undefined {
  return packages.get(owner)?.has(name) ? macroId(owner, name) : undefined
}

/** dbt reads the name without its prefix as a call too: what it finds so is listed with what will be called. */
function dispatched(
  library: MacroLibrary,
  owner: string,
  args: readonly Argument[],
): (string | undefined)[] {
  const literal = (name: string, at: number) => {
    const positional = args.filter(({ kind }) => kind === 'positional')
    const given = args.find((arg) => arg.name === name) ?? positional[at]
    return given?.value.kind === 'literal' ? String(given.value.value) : undefined
  }
  const name = literal('macro_name', 0)
  if (name === undefined) return []
  const namespace = literal('macro_namespace', 1)
  const bare = findMacro(library, owner, name)
  for (const each of searchedPackages(library, namespace)) {
    for (const prefix of ['duckdb', 'default']) {
      const full = `${prefix}__${name}`
      const id =
        each === undefined ? findMacro(library, library.root, full) : macroOf(library, each, full)
      if (id !== undefined) return [bare, id]
    }
  }
  return [bare]
}
