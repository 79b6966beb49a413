/** `--defer`: what is not built here is read where an earlier state of the project has built it. */
import type { Graph, GraphNode, Relation } from '../compile/graph.ts'
import { field, text } from './json.ts'

export type DeferInputs = {
  /** manifest.json of `--defer-state`, or else of `--state`, as JSON.parse gave it. */
  readonly manifest: unknown
  /** Ids that the command works on. */
  readonly selected: ReadonlySet<string>
  /** Whether the command builds them, so that they are there once something reads them: not for `compile`. */
  readonly builds: boolean
  /** `--favor-state`: what is not selected is read there even when it is here too. */
  readonly favorState: boolean
  /** Whether a relation is in the database. */
  readonly exists: (relation: Relation) => boolean
}

/**
 * Relations that stand in for a node's own, by id. Only models, seeds, snapshots and functions that both states
 * have can be deferred, and no ephemeral ones.
 */
export function deferRelations(graph: Graph, inputs: DeferInputs): Map<string, Relation> {
  const deferred = new Map<string, Relation>()
  for (const node of graph.nodes.values()) {
    if (!isReadable(node)) continue
    const then = previousRelation(inputs.manifest, node)
    if (then !== undefined && isElsewhere(node, inputs)) deferred.set(node.id, then)
  }
  return deferred
}

function isElsewhere(
  node: GraphNode,
  { selected, builds, favorState, exists }: DeferInputs,
): boolean {
  const isSelected = selected.has(node.id)
  if (isSelected && builds) return false
  return (favorState && !isSelected) || !exists(node.relation)
}

function isReadable(node: GraphNode): boolean {
  if (node.kind === 'model') return node.materialized !== 'ephemeral'
  return node.kind === 'seed' || node.kind === 'snapshot' || node.kind === 'function'
}

function previousRelation(manifest: unknown, { id, kind }: GraphNode): Relation | undefined {
  const section = kind === 'function' ? 'functions' : 'nodes'
  const then = field(manifest, section, id)
  if (then === undefined || field(then, 'config', 'materialized') === 'ephemeral') return undefined
  return {
    catalog: text(field(then, 'database')),
    schema: text(field(then, 'schema')),
    name: text(field(then, 'alias')) || text(field(then, 'name')),
  }
}
