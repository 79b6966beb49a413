/** Files and folders: `models/marts`, `models/*.sql`, `path:models/marts/orders.yml`. */
import type { Graph, SelectableNode } from '../compile/graph.ts'
import { fnmatch, matchesAnyPath } from './fnmatch.ts'

/**
 * A node is met by its own file, by the schema file that describes it, and by any folder above its file. dbt looks
 * for paths in the root project only, and so do patterns here: a package's `models/a.sql` is met by `models`, when
 * the project has such a folder, and by `models/a.sql` only when the project has such a file too.
 */
export function pathMatcher(graph: Graph, members: Iterable<SelectableNode>, value: string) {
  const paths = new Set(matchesAnyPath([...projectPaths(graph, members)], value))
  const isEverything = value.split('/').every((part) => part === '' || part === '.')
  return (node: SelectableNode): boolean =>
    isEverything ||
    ancestry(node.originalFile).some((path) => paths.has(path)) ||
    paths.has(patchFile(node) ?? '')
}

export function fileMatcher(value: string) {
  return ({ originalFile }: SelectableNode): boolean => {
    const name = originalFile.split('/').at(-1) ?? ''
    return fnmatch(name, value) || fnmatch(name.replace(/(?<=.)\.[^.]*$/, ''), value)
  }
}

function projectPaths(graph: Graph, members: Iterable<SelectableNode>): Set<string> {
  const found = new Set<string>()
  for (const node of members) {
    if (node.package !== graph.project) continue
    for (const file of [node.originalFile, patchFile(node)]) {
      if (file === undefined || found.has(file)) continue
      for (const path of ancestry(file)) found.add(path)
    }
  }
  return found
}

function patchFile(node: SelectableNode): string | undefined {
  return 'patch' in node ? node.patch?.file : undefined
}

/** `a/b/c.sql` → itself, `a/b`, `a`. */
function ancestry(file: string): string[] {
  const parts = file.split('/')
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'))
}
