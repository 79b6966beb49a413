/**
 * Which macro carries out a node, in dbt's order: one made for DuckDB before one for every engine, the root project
 * before its packages before dbt. Where it is dbt's own and nothing that it calls has been replaced, there is none:
 * the runner does the same by itself, and much faster.
 */
import type { Config } from '../project/project.ts'
import { flagsOf } from '../stdlib/flags.ts'
import { usesOfMaterialization, usesOfStrategy } from '../stdlib/macros/materialization-uses.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { type GraphNode, textConfig, type UnitTestNode } from './graph.ts'
import { type MacroLibrary, searchedPackages } from './macros.ts'

/** A `materialization` block, or dbt's own. */
export type Materialization = {
  readonly package: string
  /** `materialization_table_duckdb`. */
  readonly macro: string
}

/** Keeps what it finds, so that a project that replaces nothing pays once. */
export class Materializations {
  readonly #library: MacroLibrary
  readonly #mayReplace: boolean
  readonly #found = new Map<string, Materialization | undefined>()
  readonly #replaced = new Map<string, ReadonlySet<string>>()

  /** @param flags of the project file and of the command line */
  constructor(library: MacroLibrary, flags: Config) {
    this.#library = library
    this.#mayReplace = flagsOf(flags)[explicitOverrides] === false
  }

  /** The macro that does a node instead of the runner; undefined: the runner does it. */
  replacing(node: GraphNode | UnitTestNode): Materialization | undefined {
    const name = materializationOf(node)
    if (name === undefined) return undefined
    const found = this.find(name)
    if (found === undefined || found.package !== standardPackage) return found
    const replaced = this.#replacedFor(node.package)
    if (replaced.size === 0) return undefined
    const uses = [...(usesOfMaterialization[name] ?? []), ...usesOfStrategy(strategyOf(node))]
    return uses.some((macro) => replaced.has(macro)) ? found : undefined
  }

  /** Whether one of these macros of dbt means another one in nodes of a package. */
  replaces(owner: string, macros: readonly string[]): boolean {
    const replaced = this.#replacedFor(owner)
    return macros.some((macro) => replaced.has(macro))
  }

  /** @param name `table`, `seed`, … */
  find(name: string): Materialization | undefined {
    if (!this.#found.has(name)) this.#found.set(name, this.#search(name))
    return this.#found.get(name)
  }

  #search(name: string): Materialization | undefined {
    const { packages, root } = this.#library
    const imported = [...packages.keys()].filter(
      (each) => each !== root && each !== standardPackage,
    )
    const macros = [`materialization_${name}_duckdb`, `materialization_${name}_default`]
    const search = (owners: readonly string[]) =>
      macros
        .flatMap((macro) => owners.map((owner) => ({ package: owner, macro })))
        .find(({ package: owner, macro }) => packages.get(owner)?.has(macro))
    const found = search([root, ...imported, standardPackage])
    if (found === undefined || !imported.includes(found.package)) return found
    // A package does not replace what dbt has, unless the project says that it may.
    return this.#mayReplace || search([standardPackage]) === undefined
      ? found
      : search([root, standardPackage])
  }

  /** Names of dbt's macros that mean another macro in a node of this package. */
  #replacedFor(owner: string): ReadonlySet<string> {
    const known = this.#replaced.get(owner)
    if (known !== undefined) return known
    const { packages, root } = this.#library
    const searched = searchedPackages(this.#library, standardPackage)
    const owners = new Set([owner, root, ...searched.filter((each) => each !== undefined)])
    owners.delete(standardPackage)
    const standard = packages.get(standardPackage)
    const replaced = new Set<string>()
    for (const each of owners) {
      for (const name of packages.get(each)?.keys() ?? []) {
        const [, prefix, base = name] = /^(duckdb|default)__(\w+)$/.exec(name) ?? []
        // What dbt has for DuckDB goes before a form for every engine.
        if (prefix === 'default' && standard?.has(`duckdb__${base}`)) continue
        replaced.add(base)
      }
    }
    this.#replaced.set(owner, replaced)
    return replaced
  }
}

const explicitOverrides = 'REQUIRE_EXPLICIT_PACKAGE_OVERRIDES_FOR_BUILTIN_MATERIALIZATIONS'

function materializationOf(node: GraphNode | UnitTestNode): string | undefined {
  switch (node.kind) {
    case 'model':
      return node.materialized === 'ephemeral' ? undefined : node.materialized
    case 'seed':
    case 'snapshot':
    case 'function':
    case 'test':
      return node.kind
    case 'unit_test':
      return 'unit'
    case 'analysis':
    case 'operation':
      return undefined
    default:
      return node satisfies never
  }
}

/** Of an incremental model. */
function strategyOf(node: GraphNode | UnitTestNode): string | undefined {
  if (node.kind !== 'model' || node.materialized !== 'incremental') return undefined
  return textConfig(node.config, 'incremental_strategy') ?? 'default'
}
