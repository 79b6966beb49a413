/** One node as `ls` prints it. */
import type { SelectableNode } from '../compile/graph.ts'

export type LabelStyle = 'selector' | 'name' | 'path'

/** `selector` is text that `--select` would take: `project.folder.name`, `source:project.source.table`. */
export function nodeLabel(node: SelectableNode, style: LabelStyle): string {
  switch (style) {
    case 'selector':
      return selectorOf(node)
    case 'name':
      return node.kind === 'source' ? `${node.source}.${node.name}` : node.name
    case 'path':
      return node.originalFile
    default:
      return style satisfies never
  }
}

function selectorOf(node: SelectableNode): string {
  switch (node.kind) {
    case 'source':
      return `source:${node.package}.${node.source}.${node.name}`
    case 'unit_test': {
      const version = node.version === undefined ? '' : `_v${node.version}`
      return `unit_test:${node.package}.${node.name}${version}`
    }
    case 'exposure':
    case 'metric':
    case 'saved_query':
    case 'semantic_model':
      return `${node.kind}:${node.package}.${node.name}`
    default:
      return node.fqn.join('.')
  }
}
