/** Groups, macros and docs blocks → nodes without edges. */
import type { Project } from '../project/project.ts'
import { pathInPackage } from './draft-sources.ts'
import { type Compilation, configWithoutHeader } from './drafts.ts'
import type { DocNode, GroupNode, MacroNode } from './graph.ts'
import { macroNodes } from './macro-nodes.ts'

export function makeGroups({ project }: Compilation): ReadonlyMap<string, GroupNode> {
  const nodes = project.groups.map((entry): GroupNode => {
    const { name, package: owner, file, description, config } = entry
    const id = `group.${owner}.${name}`
    const path = [...entry.folders, file.slice(file.lastIndexOf('/') + 1)].join('/')
    // As in dbt, which gives groups what project files say of models.
    const fqn = [owner, ...entry.folders, name]
    const all = configWithoutHeader(project, 'models', fqn, config)
    const said = description === '' ? undefined : description
    return {
      kind: 'group',
      id,
      name,
      package: owner,
      file: inPackage(project, owner, file),
      path,
      description: said,
      owner: entry.owner,
      config: all,
    }
  })
  return sorted(nodes)
}

export function makeDocs({ project }: Compilation): ReadonlyMap<string, DocNode> {
  const nodes = project.docs.map(({ name, package: owner, file, path, text }): DocNode => {
    const id = `doc.${owner}.${name}`
    return {
      kind: 'doc',
      id,
      name,
      package: owner,
      file: inPackage(project, owner, file),
      path,
      text,
    }
  })
  return sorted(nodes)
}

/** Few commands ask for macros, and reading what each one calls takes its time: they are made when they are asked for. */
export function lazyMacros(compilation: Compilation): () => ReadonlyMap<string, MacroNode> {
  let made: ReadonlyMap<string, MacroNode> | undefined
  return () => {
    made ??= sorted(macroNodes(compilation))
    return made
  }
}

function inPackage(project: Project, owner: string, file: string): string {
  const settings = project.packages.find(({ name }) => name === owner) ?? project.settings
  return pathInPackage(settings, file)
}

function sorted<T extends { readonly id: string }>(nodes: readonly T[]): ReadonlyMap<string, T> {
  const entries = nodes.map((node) => [node.id, node] as const)
  return new Map(entries.sort(([left], [right]) => (left < right ? -1 : 1)))
}
