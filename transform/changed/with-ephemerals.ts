/** Ephemeral models are part of whoever reads them: what they do is what the reader does, what they read it reads. */
import type { Graph, GraphNode, UnitTestNode } from '../compile/graph.ts'
import type { Logic, LogicOf, NodeLogic } from './logic.ts'

export type WholeLogic = {
  readonly logicOf: LogicOf
  /** Ids of nodes and sources that a node reads, through ephemeral models too. */
  readonly inputsOf: (node: GraphNode | UnitTestNode) => readonly string[]
}

export function withEphemerals(graph: Graph, ownLogicOf: LogicOf): WholeLogic {
  return {
    inputsOf: (node) => {
      // It runs on rows of its own.
      if (node.kind === 'unit_test') return []
      const { inputs } = follow(graph, node)
      return [...inputs]
    },
    logicOf: (node) => {
      const own = ownLogicOf(node)
      if (node.kind === 'unit_test') return own
      const { ephemerals } = follow(graph, node)
      return [...ephemerals.values()].map(ownLogicOf).reduce(combine, own)
    },
  }
}

function follow({ nodes }: Graph, start: GraphNode) {
  const inputs = new Set<string>()
  const ephemerals = new Map<string, GraphNode>()
  const pending = [...start.dependencies]
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const node = nodes.get(id)
    if (node?.kind !== 'model' || node.materialized !== 'ephemeral') inputs.add(id)
    else if (!ephemerals.has(id)) {
      ephemerals.set(id, node)
      pending.push(...node.dependencies)
    }
  }
  return { inputs, ephemerals }
}

function combine(left: NodeLogic, right: NodeLogic): NodeLogic {
  const both = (part: keyof Logic) => `${left.logic[part]}+${right.logic[part]}`
  return {
    logic: {
      code: both('code'),
      config: both('config'),
      macros: both('macros'),
      values: both('values'),
    },
    volatile: left.volatile ?? right.volatile,
  }
}
