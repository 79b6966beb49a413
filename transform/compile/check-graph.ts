/** What can be wrong between nodes: circles, and two that write one relation. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { GraphNode } from './graph.ts'

/** One problem for each circle, its nodes in order and the first one repeated at the end. */
export function findCycles(nodes: ReadonlyMap<string, GraphNode>): MillraceError[] {
  const state = new Map<string, 'open' | 'done'>()
  const problems: MillraceError[] = []
  const path: string[] = []
  const visit = (id: string): void => {
    const node = nodes.get(id)
    if (node === undefined || state.get(id) === 'done') return
    if (state.get(id) === 'open') {
      const circle = [...path.slice(path.indexOf(id)), id]
      const names = circle.map((member) => nodes.get(member)?.name ?? member)
      problems.push(problem('model/cycle', { nodes: names }, { at: { file: node.file } }))
      return
    }
    state.set(id, 'open')
    path.push(id)
    for (const dependency of node.dependencies) visit(dependency)
    path.pop()
    state.set(id, 'done')
  }
  for (const id of nodes.keys()) visit(id)
  return problems
}

const writes: ReadonlySet<GraphNode['kind']> = new Set(['model', 'seed', 'snapshot'])

/** Models, seeds and snapshots that would overwrite each other. */
export function findSharedRelations(nodes: ReadonlyMap<string, GraphNode>): MillraceError[] {
  const writers = new Map<string, GraphNode[]>()
  for (const node of nodes.values()) {
    if (!writes.has(node.kind)) continue
    if (node.kind === 'model' && node.materialized === 'ephemeral') continue
    const { catalog, schema, name } = node.relation
    const key = `${catalog}.${schema}.${name}`.toLowerCase()
    writers.set(key, [...(writers.get(key) ?? []), node])
  }
  return [...writers].flatMap(([relation, found]) => {
    if (found.length < 2) return []
    const parameters = { relation, nodes: found.map(({ name }) => name) }
    const file = found[1]?.file ?? ''
    return [problem('model/duplicate-relation', parameters, { at: { file } })]
  })
}

const materializations = ['view', 'table', 'incremental', 'ephemeral', 'external']

/** Models with a materialization that does not exist, and `new_rows()` of what keeps no rows. */
export function findMisuse(
  nodes: ReadonlyMap<string, GraphNode>,
  custom: ReadonlySet<string>,
): MillraceError[] {
  return [...nodes.values()].flatMap((node) => {
    if (node.kind !== 'model') return []
    const at = { file: node.file }
    const { name, materialized } = node
    if (!materializations.includes(materialized) && !custom.has(materialized)) {
      const near = nearest(materialized, [...materializations, ...custom])
      // Another engine's may stand in a project that is only read here; running it says so.
      if (near === undefined) return []
      const parameters = { node: name, materialized, nearest: near }
      return [problem('model/unknown-materialization', parameters, { at })]
    }
    if (materialized !== 'incremental') return []
    return node.newRowsOf.flatMap((id) => {
      const upstream = nodes.get(id)
      if (upstream?.kind !== 'model' || !/^(view|ephemeral)$/.test(upstream.materialized)) return []
      const kind = upstream.materialized === 'view' ? 'a view' : 'ephemeral'
      const reason = `reads ${upstream.name}, which is ${kind}: only tables know which rows are new`
      return [problem('model/new-rows-misused', { node: name, reason }, { at })]
    })
  })
}
