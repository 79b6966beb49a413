/** Graph × request → plan: which nodes, in which order, and what each waits for. Nothing is run here. */
import type { MillraceError } from '../../core/errors.ts'
import type {
  Graph,
  GraphNode,
  OperationNode,
  SelectableNode,
  UnitTestNode,
} from '../compile/graph.ts'
import { findWaits } from './find-waits.ts'
import { Relatives } from './relatives.ts'
import { commandFilter, type ResourceTypes } from './resource-types.ts'
import { type Selection, selectNodes } from './select-nodes.ts'
import { sortStages } from './sort-stages.ts'

export type RunCommand = 'run' | 'test' | 'build' | 'seed' | 'snapshot'

export type RunRequest = Selection &
  ResourceTypes & {
    readonly command: RunCommand
    readonly fullRefresh: boolean
  }

/** What can stand in a plan. */
export type PlannedNode = Exclude<GraphNode, { readonly kind: 'analysis' }> | UnitTestNode

/** What the runner can carry out today. */
export type RunnableNode = Extract<PlannedNode, { readonly kind: 'model' | 'seed' | 'test' }>

/** One step of a plan. */
export type Stage<Node extends PlannedNode = RunnableNode> = {
  readonly node: Node
  /** Stages of this plan that must have succeeded, sorted: what it reads, and the tests of what it reads. */
  readonly waitsFor: readonly string[]
}

export type Plan = {
  readonly command: RunCommand
  readonly fullRefresh: boolean
  /** In an order in which they can be run one after another. */
  readonly stages: readonly Stage[]
  /** What the selection holds and the runner cannot carry out yet, in the order it would have. */
  readonly notRunYet: readonly { readonly id: string; readonly kind: string }[]
  /** What was asked for and matches nothing. */
  readonly warnings: readonly MillraceError[]
}

/** @throws `model/bad-selector` and what else `selectNodes` throws */
export function planRun(graph: Graph, request: RunRequest): Plan {
  const { command, fullRefresh } = request
  const { nodes, warnings } = selectNodes(graph, request, commandFilter(command, request))
  const planned = nodes.filter(isPlanned)
  const runnable = planned.filter(isRunnable)
  const all = [...planned, ...(planned.length > 0 ? hooksOf(graph) : [])]
  // Ordered apart, so that a node waits for what stands above a snapshot that is not taken.
  const stages = orderStages(graph, runnable, command)
  const others = all.length === runnable.length ? [] : orderStages(graph, all, command)
  const notRunYet = others.filter(({ node }) => !isRunnable(node)).map(({ node }) => describe(node))
  return { command, fullRefresh, stages, notRunYet, warnings }
}

/**
 * Puts nodes in the order of a build: each after what it reads and after the tests of what it reads, a model after
 * its unit tests, `on-run-start` first and `on-run-end` last.
 */
export function orderStages<Node extends PlannedNode>(
  graph: Graph,
  nodes: readonly Node[],
  command: RunCommand,
): Stage<Node>[] {
  const hooks = nodes.filter(isHook)
  const chosen = new Map(nodes.filter((node) => !isHook(node)).map((node) => [node.id, node]))
  const waits = findWaits(new Relatives(graph), chosen, command === 'build')
  const ids = [...chosen.keys()].sort()
  const stages = sortStages(ids, waits).flatMap((id) => {
    const node = chosen.get(id)
    return node === undefined ? [] : [{ node, waitsFor: [...(waits.get(id) ?? [])].sort() }]
  })
  return [...hookStages(hooks, 'on-run-start'), ...stages, ...hookStages(hooks, 'on-run-end')]
}

function hookStages<Node extends PlannedNode & OperationNode>(
  hooks: readonly Node[],
  when: OperationNode['when'],
): Stage<Node>[] {
  return hooks
    .filter((hook) => hook.when === when)
    .sort((left, right) => left.index - right.index)
    .map((node) => ({ node, waitsFor: [] }))
}

function hooksOf({ nodes }: Graph): OperationNode[] {
  return [...nodes.values()].filter(isHook)
}

function isHook<Node extends SelectableNode>(node: Node): node is Node & OperationNode {
  return node.kind === 'operation'
}

/** An ephemeral model has no relation; exposures and saved queries are nothing that a run makes. */
function isPlanned(node: SelectableNode): node is PlannedNode {
  if (node.kind === 'analysis' || (node.kind === 'model' && node.materialized === 'ephemeral')) {
    return false
  }
  return 'rawCode' in node || node.kind === 'unit_test'
}

function isRunnable(node: PlannedNode): node is RunnableNode {
  if (node.kind === 'model') return node.language === 'sql'
  return node.kind === 'seed' || node.kind === 'test'
}

function describe(node: PlannedNode): Plan['notRunYet'][number] {
  const isPython = node.kind === 'model' && node.language === 'python'
  return { id: node.id, kind: isPython ? 'python model' : node.kind }
}
