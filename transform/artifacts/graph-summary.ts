/** graph_summary.json: names, kinds and edges alone, each node under a number; small enough for any graph. */
import type { Graph } from '../compile/graph.ts'
import { edgeMaps, selectableNodes } from './edges.ts'
import type { JsonObject } from './json.ts'

export function graphSummaryOf(graph: Graph, invocationId: string): JsonObject {
  const nodes = selectableNodes(graph)
  const numbers = new Map(nodes.map(({ id }, index) => [id, index]))
  const { children } = edgeMaps(graph)
  const linked = nodes.map(({ id, kind }, index) => {
    const succ = (children[id] ?? []).flatMap((child) => numbers.get(child) ?? [])
    return [index, { name: id, type: kind, ...(succ.length > 0 && { succ }) }] as const
  })
  return { _invocation_id: invocationId, linked: Object.fromEntries(linked) }
}
