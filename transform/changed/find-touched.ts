/** Two parses of one project → what the edits between them touch, and why: no database is asked. */
import type { Graph, GraphNode, SelectableNode } from '../compile/graph.ts'
import { changedLogic } from './decide.ts'
import type { Logic, NodeLogic } from './logic.ts'

/** What a project was at a parse. */
export type ParsedState = {
  readonly graph: Graph
  /** Of nodes, sources and unit tests, by id. */
  readonly logic: ReadonlyMap<string, Logic>
}

export type Touched = {
  /** Id → why, of all that would come out differently: ephemeral models and sources too, which nobody builds. */
  readonly reasons: ReadonlyMap<string, string>
  /** Nodes that the project no longer has, or has disabled. */
  readonly gone: readonly GraphNode[]
}

export function parsedState(graph: Graph, logicOf: (node: GraphNode) => NodeLogic): ParsedState {
  const logic = new Map<string, Logic>()
  for (const node of graph.nodes.values()) {
    if (isBuilt(node)) logic.set(node.id, logicOf(node).logic)
  }
  for (const { id, relation, properties } of graph.sources.values()) {
    logic.set(id, described([relation, properties['external_name'] ?? null]))
  }
  for (const { id, model, version, properties, config } of graph.unitTests.values()) {
    logic.set(id, described([model, version, properties, config]))
  }
  return { graph, logic }
}

/** @param isEdited of absolute paths: a seed too large to be read is known by its path alone */
export function findTouched(
  before: ParsedState,
  now: ParsedState,
  isEdited: (path: string) => boolean,
): Touched {
  const { nodes, unitTests } = now.graph
  const found = new Map<string, string | undefined>()
  const reasonOf = (id: string): string | undefined => {
    if (found.has(id)) return found.get(id)
    found.set(id, undefined)
    const node = nodes.get(id)
    const reads = node?.dependencies ?? unitTests.get(id)?.dependencies ?? []
    const reason = ownReason(id, node) ?? reads.map(reasonOfReader).find((one) => one)
    found.set(id, reason)
    return reason
  }
  const reasonOfReader = (id: string): string | undefined => {
    if (reasonOf(id) === undefined) return undefined
    const node = nodes.get(id)
    const isRelation = node !== undefined && !isEphemeral(node)
    return isRelation ? `${id} is built again` : `${id} has changed`
  }
  const ownReason = (id: string, node: GraphNode | undefined): string | undefined => {
    const logic = now.logic.get(id)
    if (logic === undefined) return undefined
    const known = before.logic.get(id)
    if (known === undefined) return 'it is new'
    const isUnread = node?.kind === 'seed' && node.checksumName === 'path'
    if (isUnread && isEdited(node.absolutePath)) return 'its file has changed'
    return changedLogic(known, logic)
  }
  const reasons = new Map<string, string>()
  for (const id of now.logic.keys()) {
    const reason = reasonOf(id)
    if (reason !== undefined) reasons.set(id, reason)
  }
  const gone = [...before.graph.nodes.values()].filter(
    (node) => isBuilt(node) && !nodes.has(node.id),
  )
  return { reasons, gone }
}

/** Whether a build has something to do for it. */
function isBuilt({ kind }: SelectableNode): boolean {
  return kind !== 'operation' && kind !== 'analysis'
}

function isEphemeral(node: GraphNode): boolean {
  return node.kind === 'model' && node.materialized === 'ephemeral'
}

function described(what: unknown): Logic {
  return { code: '', config: JSON.stringify(what), macros: '', values: '' }
}
