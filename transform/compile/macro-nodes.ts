/** Every macro as a node: its text, what schema files say of it, and which macros it names. */
import type { Config, ProjectSettings } from '../project/project.ts'
import type { MacroProperties } from '../project/project-properties.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { pathInPackage } from './draft-sources.ts'
import type { Compilation } from './drafts.ts'
import type { MacroNode } from './graph.ts'
import { type Dispatched, type MacroOutline, outlineOf } from './macro-outline.ts'
import { type MacroLibrary, macroId, searchedPackages } from './macros.ts'
import { standardOutline } from './standard-outlines.ts'

export function macroNodes(compilation: Compilation): MacroNode[] {
  const { library, project } = compilation
  const entries = new Map(
    project.macroProperties.map((entry) => [macroId(entry.package, entry.name), entry] as const),
  )
  return [...library.packages].flatMap(([owner, macros]) => {
    const settings = project.packages.find(({ name }) => name === owner) ?? project.settings
    return [...macros].flatMap(([name, macro]) => {
      const { file: source, text } = macro
      const known = owner === standardPackage ? standardOutline(name) : undefined
      const outline = known ?? outlineOf(macro, name)
      if (outline === undefined) return []
      const file = pathInPackage(settings, source)
      return [
        {
          kind: 'macro' as const,
          id: macroId(owner, name),
          name,
          package: owner,
          file,
          path: file,
          code: text.slice(outline.start, outline.end),
          ...describe(
            entries.get(macroId(owner, name)),
            outline,
            settings.testPaths.some((folder) => file.startsWith(`${folder}/generic/`)),
            settings,
          ),
          macros: calledMacros(library, owner, outline.calls, macroId(owner, name)),
        },
      ]
    })
  })
}

/** @param isGeneric it stands in `tests/generic`, where dbt reads no arguments */
function describe(
  entry: MacroProperties | undefined,
  { form, parameters }: MacroOutline,
  isGeneric: boolean,
  settings: ProjectSettings,
) {
  // As in dbt, which takes this option of a materialization, said or not, for an argument.
  const names = form === 'materialization' ? ['supported_languages'] : parameters
  const said = entry?.arguments ?? []
  const args: Config[] =
    said.length > 0
      ? said.map(({ name, type, description }) => ({ name, type: type ?? null, description }))
      : form === 'macro' || !isGeneric
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
function calledMacros(
  library: MacroLibrary,
  owner: string,
  calls: MacroOutline['calls'],
  own: string,
): string[] {
  const found = new Set<string>()
  const add = (id: string | undefined) => id !== undefined && found.add(id)
  // As in dbt, a macro that calls itself names itself when it says its package.
  const addOther = (id: string | undefined) => id !== own && add(id)
  for (const call of calls) {
    if (call.dispatches !== undefined) {
      const [bare, called] = dispatched(library, owner, call.dispatches)
      addOther(bare)
      add(called)
    } else if (call.of === undefined) {
      addOther(findMacro(library, owner, call.name))
    } else {
      // As in dbt, which takes whatever stands before the dot for a package: `builtins.ref()` finds the project's own.
      add(findMacro(library, call.of, call.name))
    }
  }
  return [...found].sort()
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
  { name, namespace }: Dispatched,
): (string | undefined)[] {
  if (name === undefined) return []
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
