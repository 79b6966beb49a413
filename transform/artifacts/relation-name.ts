/** Names of relations as a manifest writes them. */
import type { Graph, GraphNode, Relation } from '../compile/graph.ts'
import type { Config } from '../project/project.ts'
import { fullConfig } from './config-defaults.ts'
import { isObject } from './json.ts'

/**
 * `"catalog"."schema"."name"`.
 * @param quoting which parts the project puts in quotes: `database`, `schema`, `identifier`; all without a word
 * @param own the same of the node alone
 */
export function relationName(
  { catalog, schema, name }: Relation,
  quoting: Config,
  own: unknown = {},
): string {
  const part = (key: string, text: string) => {
    const isQuoted = (isObject(own) ? own[key] : undefined) ?? quoting[key] ?? true
    return isQuoted === true ? `"${text}"` : text
  }
  const parts = [part('schema', schema), part('identifier', name)]
  return (catalog === '' ? parts : [part('database', catalog), ...parts]).join('.')
}

/** Null for what leaves nothing in the database when it is run. */
export function relationNameOf(node: GraphNode, graph: Graph): string | null {
  if (!leavesRelation(node)) return null
  // As in dbt, a model's own `quoting` is kept and not followed.
  return relationName(node.relation, graph.quoting)
}

function leavesRelation(node: GraphNode): boolean {
  switch (node.kind) {
    case 'model':
      return node.materialized !== 'ephemeral'
    case 'test':
      return fullConfig('test', node.config)['store_failures'] === true
    case 'analysis':
    case 'operation':
      return false
    case 'seed':
    case 'snapshot':
    case 'function':
      return true
    default:
      return node satisfies never
  }
}
