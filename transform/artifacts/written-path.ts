/** Where dbt lays the SQL of a node under the target folder. */
import type { GraphNode, UnitTestNode } from '../compile/graph.ts'

/**
 * Relative to the project, with `/`. What shares a file with others, as data tests of a schema file and snapshots do,
 * gets a file of its own in a folder that is named after the shared one.
 */
export function writtenPath(
  node: GraphNode | UnitTestNode,
  targetPath: string,
  folder: 'compiled' | 'run',
): string {
  return [targetPath, folder, node.package, inside(fileOf(node))].join('/')
}

/** A folder of models above the project has a folder here too: the SQL must not land on anybody's files. */
function inside(file: string): string {
  return file.replaceAll(/(?<=^|\/)\.\.(?=\/)/g, '__')
}

function fileOf(node: GraphNode | UnitTestNode): string {
  const { originalFile, path, name } = node
  if (node.kind === 'unit_test') {
    const version = node.version === undefined ? '' : `_v${node.version}`
    const folder = originalFile.slice(0, originalFile.lastIndexOf('/') + 1)
    return `${originalFile}/${folder}${name}${version}.sql`
  }
  if (node.kind === 'snapshot') return `${originalFile}/${name}.sql`
  return baseName(originalFile) === baseName(path) ? originalFile : `${originalFile}/${path}`
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
