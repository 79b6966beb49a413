/** Graph × request → plan: which nodes, in which order, and what each waits for. Nothing is run here. */
import type { MillraceError } from '../../core/errors.ts'
import type {
  DescribedNode,
  Graph,
  GraphNode,
  OperationNode,
  SelectableNode,
  UnitTestNode,
} from '../compile/graph.ts'
import { findWaits } from './find-waits.ts'
import { relativesOf } from './relatives.ts'
import { commandFilter, type ResourceTypes } from './resource-types.ts'
import { type Selection, selectNodes } from './select-nodes.ts'
import { sortStages } from './sort-stages.ts'
import type { TimeWindow } from './time-window.ts'

export type RunCommand = 'run' | 'test' | 'build' | 'seed' | 'snapshot'

export type RunRequest = Selection &
  ResourceTypes & {
    readonly command: RunCommand
    readonly fullRefresh: boolean
    /** Ids to run of what is selected; all of it by default. */
    readonly only?: ReadonlySet<string> | undefined
    /** `--event-time-start` and `--event-time-end`, or `--sample`: what microbatch models build. */
    readonly eventTimes?: TimeWindow | undefined
    /** Batches that a retry builds, by model. */
    readonly batches?: ReadonlyMap<string, readonly TimeWindow[]> | undefined
  }

/** What a build selects and nothing is made of. */
type NodeWithoutWork = DescribedNode & { readonly kind: 'exposure' | 'saved_query' }

/** What can stand in a plan. */
export type PlannedNode = Exclude<GraphNode, { readonly kind: 'analysis' }> | UnitTestNode

/** What the runner can carry out today. */
export type RunnableNode = Extract<
  PlannedNode,
  { readonly kind: 'model' | 'seed' | 'snapshot' | 'function' | 'test' | 'unit_test' }
>

/** One step of a plan. */
export type Stage<Node extends SelectableNode = RunnableNode> = {
  readonly node: Node
  /** Stages of this plan that must have succeeded, sorted: what it reads, and the tests of what it reads. */
  readonly waitsFor: readonly string[]
}

export type Plan = Pick<RunRequest, 'eventTimes' | 'batches'> & {
  readonly command: RunCommand
  readonly fullRefresh: boolean
  /** In an order in which they can be run one after another. */
  readonly stages: readonly Stage[]
  /** Lines of `on-run-start` and `on-run-end`, in the order in which they run; none where there is nothing to do. */
  readonly hooks: readonly OperationNode[]
  /** Exposures and saved queries, in the order of a build: they only have a result. */
  readonly noOps: readonly NoOp[]
  /** What the selection holds and the runner cannot carry out yet, in the order it would have. */
  readonly notRunYet: readonly { readonly id: string; readonly kind: string }[]
  /** What was asked for and matches nothing. */
  readonly warnings: readonly MillraceError[]
}

export type NoOp = { readonly id: string; readonly waitsFor: readonly string[] }

/** @throws `model/bad-selector` and what else `selectNodes` throws */
export function planRun(graph: Graph, request: RunRequest): Plan {
  const { command, fullRefresh, only, eventTimes, batches } = request
  const { nodes, warnings } = selectNodes(graph, request, commandFilter(command, request))
  const wanted = nodes.filter(({ id }) => only === undefined || only.has(id))
  const planned = wanted.filter(isPlanned)
  const without = wanted.filter(isWithoutWork)
  const runnable = planned.filter(isRunnable)
  // Ordered apart, so that a node waits for what stands above a snapshot that is not taken.
  const stages = orderStages(graph, runnable, command)
  const isAll = planned.length === runnable.length && without.length === 0
  const others = isAll ? [] : orderStages(graph, [...planned, ...without], command)
  const notRunYet = others.flatMap(({ node }) =>
    isWithoutWork(node) || isRunnable(node) ? [] : [describe(node)],
  )
  const noOps = others
    .filter(({ node }) => isWithoutWork(node))
    .map(({ node: { id }, waitsFor }) => ({ id, waitsFor }))
  const hooks = planned.length > 0 ? hooksOf(graph) : []
  const when = { eventTimes, batches }
  return { command, fullRefresh, ...when, stages, hooks, noOps, notRunYet, warnings }
}

/**
 * Puts nodes in the order of a build: each after what it reads and after the tests of what it reads, a model after
 * its unit tests.
 */
export function orderStages<Node extends SelectableNode>(
  graph: Graph,
  nodes: readonly Node[],
  command: RunCommand,
): Stage<Node>[] {
  const chosen = new Map(nodes.map((node) => [node.id, node]))
  const waits = findWaits(relativesOf(graph), chosen, command === 'build')
  const ids = [...chosen.keys()].sort()
  return sortStages(ids, waits).flatMap((id) => {
    const node = chosen.get(id)
    return node === undefined ? [] : [{ node, waitsFor: [...(waits.get(id) ?? [])].sort() }]
  })
}

/** Those of the project first, then those of packages by name, as in dbt. */
function hooksOf({ nodes, project }: Graph): OperationNode[] {
  const isOwn = (hook: OperationNode) => (hook.package === project ? 1 : 0)
  return [...nodes.values()]
    .filter((node) => node.kind === 'operation')
    .sort((left, right) => {
      const byName = left.package < right.package ? -1 : Number(left.package > right.package)
      return isOwn(right) - isOwn(left) || byName || left.index - right.index
    })
}

function isWithoutWork(node: SelectableNode): node is NodeWithoutWork {
  return node.kind === 'exposure' || node.kind === 'saved_query'
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
  return ['seed', 'snapshot', 'function', 'test', 'unit_test'].includes(node.kind)
}

function describe(node: PlannedNode): Plan['notRunYet'][number] {
  const isPython = node.kind === 'model' && node.language === 'python'
  return { id: node.id, kind: isPython ? 'python model' : node.kind }
}
