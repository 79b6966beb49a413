/** One node as `ls` prints it. */
import type { SelectableNode } from './match-node.ts'

export type LabelStyle = 'selector' | 'name' | 'path' | 'json'

/** `selector` is text that `--select` would take: `project.folder.name`, `source:project.source.table`. */
export function nodeLabel(node: SelectableNode, style: LabelStyle): string {
  switch (style) {
    case 'selector':
      return node.kind === 'source'
        ? `source:${node.package}.${node.source}.${node.name}`
        : node.fqn.join('.')
    case 'name':
      return node.name
    case 'path':
      return node.file
    case 'json':
      return JSON.stringify(toJson(node))
    default:
      return style satisfies never
  }
}

function toJson(node: SelectableNode) {
  return {
    unique_id: node.id,
    name: node.name,
    resource_type: node.kind,
    package_name: node.package,
    original_file_path: node.file,
    tags: node.tags,
    config:
      node.kind === 'model' ? { materialized: node.materialized, ...node.config } : node.config,
    depends_on: { nodes: 'dependencies' in node ? node.dependencies : [] },
  }
}
