/** The macros of a project and its packages as plain data; a file is parsed when one of its macros is named. */
import type { Template } from '../jinja/template.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { compileDefinitions, type MacroFile, type MacroLibrary, standardMacros } from './macros.ts'

export type StoredMacroFiles = {
  readonly files: readonly { readonly file: string; readonly text: string }[]
  /** By package: names of macros, each with the place of its file in that list. */
  readonly packages: readonly (readonly [string, readonly (readonly [string, number])[]])[]
}

/** Without dbt's own, which are part of the program. */
export function storedMacroFiles({ packages }: MacroLibrary): StoredMacroFiles {
  const files: { readonly file: string; readonly text: string }[] = []
  const places = new Map<string, number>()
  const placeOf = (owner: string, { file, text }: MacroFile) => {
    const key = `${owner} ${file}`
    const known = places.get(key) ?? files.push({ file, text }) - 1
    places.set(key, known)
    return known
  }
  const own = [...packages].filter(([owner]) => owner !== standardPackage)
  return {
    packages: own.map(([owner, macros]) => [
      owner,
      [...macros].map(([name, found]) => [name, placeOf(owner, found)] as const),
    ]),
    files,
  }
}

/** The library that `compileMacros` made. */
export function restoreMacros(
  root: string,
  { files, packages }: StoredMacroFiles,
  searchOrders: MacroLibrary['searchOrders'],
): MacroLibrary {
  const opened = files.map(({ file, text }): MacroFile => {
    let template: Template | undefined
    const open = () => {
      template ??= compileDefinitions(file, text)
      return template
    }
    return { file, text, open }
  })
  const restored = packages.map(([owner, names]) => {
    const macros = names.flatMap(([name, place]) => {
      const file = opened[place]
      return file === undefined ? [] : [[name, file] as const]
    })
    return [owner, new Map(macros)] as const
  })
  return {
    root,
    packages: new Map([...restored, [standardPackage, standardMacros]]),
    searchOrders,
    problems: [],
  }
}
