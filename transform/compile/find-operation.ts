/** The macro that `run-operation` names. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { type MacroFile, type MacroLibrary, macroId } from './macros.ts'

export type Operation = {
  /** `macro.shop.grant_all`. */
  readonly id: string
  readonly name: string
  /** Whose macro it is. */
  readonly package: string
  /** Whose macros it finds without a prefix, before those of the project. */
  readonly searched: string
  readonly file: string
  /** Arguments that it takes; undefined when it may take any. */
  readonly parameters: readonly string[] | undefined
}

/**
 * Without a package: the project's own, then that of a package, then dbt's.
 * @param called `macro` or `package.macro`
 * @throws `model/unknown-macro`
 */
export function findOperation({ packages, root }: MacroLibrary, called: string): Operation {
  const dot = called.indexOf('.')
  const name = called.slice(dot + 1)
  const named = dot === -1 ? undefined : called.slice(0, dot)
  const others = [...packages.keys()].filter((each) => each !== root && each !== standardPackage)
  const owners = named === undefined ? [root, ...others, standardPackage] : [named]
  const owner = owners.find((each) => packages.get(each)?.has(name))
  const found = owner === undefined ? undefined : packages.get(owner)?.get(name)
  if (owner !== undefined && found !== undefined) {
    const id = macroId(owner, name)
    const parameters = parametersOf(found, name)
    return { id, name, package: owner, searched: named ?? root, file: found.file, parameters }
  }
  const known = owners.flatMap((each) => [...(packages.get(each)?.keys() ?? [])])
  throw problem('model/unknown-macro', { name: called, nearest: nearest(name, known) })
}

function parametersOf({ text, open }: MacroFile, name: string): string[] | undefined {
  if (/\bkwargs\b/.test(text)) return undefined
  const macro = open().body.find((node) => node.kind === 'macro' && node.name === name)
  return macro?.kind === 'macro' ? macro.parameters.map((each) => each.name) : undefined
}
