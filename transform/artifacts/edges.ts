/** Who reads whom, both ways, and who is in which group. */
import type { Graph, SelectableNode } from '../compile/graph.ts'

/** Ids by id, both sorted. */
export type EdgeMap = Readonly<Record<string, readonly string[]>>

/** Everything with edges, in the order of dbt's edge maps. */
export function selectableNodes(graph: Graph): SelectableNode[] {
  return [
    ...graph.nodes.values(),
    ...graph.sources.values(),
    ...graph.described.values(),
    ...graph.unitTests.values(),
  ]
}

function parentsOf(node: SelectableNode): readonly string[] {
  return node.kind === 'source' ? [] : node.dependencies
}

/** What each node reads, and what reads it. */
export function edgeMaps(graph: Graph): { readonly parents: EdgeMap; readonly children: EdgeMap } {
  const nodes = selectableNodes(graph)
  const parents: Record<string, readonly string[]> = {}
  const children: Record<string, string[]> = {}
  for (const { id } of nodes) children[id] = []
  for (const node of nodes) {
    parents[node.id] = [...parentsOf(node)].sort()
    for (const id of parentsOf(node)) children[id]?.push(node.id)
  }
  for (const ids of Object.values(children)) ids.sort()
  return { parents, children }
}

/** @param groupOf name of the group that the JSON of a node says */
export function groupMap(
  graph: Graph,
  grouped: Iterable<{ readonly id: string; readonly group: unknown }>,
): EdgeMap {
  const members = new Map([...graph.groups.values()].map(({ name }) => [name, [] as string[]]))
  for (const { id, group } of grouped) members.get(String(group))?.push(id)
  return Object.fromEntries(members)
}
