/** Which nodes call, directly or through others, a macro whose text is not what it was. */
import type { Graph, SelectableNode } from '../compile/graph.ts'
import { asObject, field } from './json.ts'

/** dbt's own macros, whose text is ours here: a manifest written by dbt would make every test look modified. */
const ownPackages = new Set(['dbt', 'dbt_duckdb'])

/** @returns what tells whether a node depends on a macro that was changed, added or removed */
export function macroComparison(
  graph: Graph,
  manifest: unknown,
): (node: SelectableNode) => boolean {
  const modified = findModified(graph, manifest)
  if (modified.size === 0) return () => false
  const tainted = spread(graph, modified)
  return (node) => 'macros' in node && node.macros.some((id) => tainted.has(id))
}

function findModified(graph: Graph, manifest: unknown): Set<string> {
  const then = asObject(field(manifest, 'macros'))
  const modified = new Set<string>()
  for (const { id, package: owner, code } of graph.macros.values()) {
    if (!ownPackages.has(owner) && field(then[id], 'macro_sql') !== code) modified.add(id)
  }
  for (const [id, macro] of Object.entries(then)) {
    const owner = String(field(macro, 'package_name'))
    if (!graph.macros.has(id) && !ownPackages.has(owner)) modified.add(id)
  }
  return modified
}

/** The macros themselves and all that call them. */
function spread(graph: Graph, modified: ReadonlySet<string>): Set<string> {
  const callers = new Map<string, string[]>()
  for (const { id, macros } of graph.macros.values()) {
    for (const called of macros) callers.set(called, [...(callers.get(called) ?? []), id])
  }
  const tainted = new Set(modified)
  for (const id of tainted) for (const caller of callers.get(id) ?? []) tainted.add(caller)
  return tainted
}
