/** Plan × what was built before → what has to run, and why. */
import type { LastChange } from '../../core/clients/lake/last-changes.ts'
import type { Graph, GraphNode } from '../compile/graph.ts'
import type { Plan } from '../plan/plan-run.ts'
import type { Session } from '../run/adapter.ts'
import { type Decision, decideChanged, type KnownNode } from './decide.ts'
import type { LogicOf, NodeLogic } from './logic.ts'
import { loadKnownNodes } from './node-state.ts'
import { sourceVersions } from './source-versions.ts'
import { withEphemerals } from './with-ephemerals.ts'

export type ChangedRequest = {
  readonly graph: Graph
  readonly catalog: string
  readonly logicOf: LogicOf
}

/** One decision a node, in the order of the plan. */
export async function findChanged(
  plan: Plan,
  session: Pick<Session, 'query' | 'columnsIn' | 'lastChanges'>,
  { graph, catalog, logicOf: ownLogicOf }: ChangedRequest,
): Promise<Decision[]> {
  const known = await loadKnownNodes(session, catalog)
  const changes = await session.lastChanges(undefined)
  const { logicOf, inputsOf } = withEphemerals(graph, ownLogicOf)
  const nodes = new Map(plan.stages.map(({ node }) => [node.id, node]))
  return decideChanged({
    ids: [...nodes.keys()],
    known,
    logicOf: (id) => {
      const node = nodes.get(id)
      return node === undefined ? noLogic : logicOf(node)
    },
    inputsOf: (id) => {
      const node = nodes.get(id) ?? graph.nodes.get(id)
      return node === undefined ? [] : inputsOf(node)
    },
    isSource: (id) => graph.sources.has(id),
    isView: (id) => {
      const node = graph.nodes.get(id)
      return node?.kind === 'model' && !keepsRows.has(node.materialized)
    },
    sourceVersion: sourceVersions(graph, catalog, changes),
    damageOf: (id) => damageOf(graph.nodes.get(id), catalog, known.get(id), changes),
  })
}

/** A materialization of the project's own may be anything. */
const keepsRows: ReadonlySet<string> = new Set(['table', 'incremental', 'external'])

const noLogic: NodeLogic = {
  logic: { code: '', config: '', macros: '', values: '' },
  volatile: undefined,
}

/** What a node wrote may have been dropped, or written by somebody else. */
function damageOf(
  node: GraphNode | undefined,
  catalog: string,
  known: KnownNode | undefined,
  changes: ReadonlyMap<string, LastChange> | undefined,
): string | undefined {
  if (node === undefined || known === undefined) return undefined
  if (node.kind !== 'model' && node.kind !== 'seed' && node.kind !== 'snapshot') return undefined
  if (node.relation.catalog.toLowerCase() !== catalog.toLowerCase()) {
    return `${node.relation.catalog} is another database, where nobody counts changes`
  }
  const name = `${node.relation.schema}.${node.relation.name}`
  const found = changes?.get(name.toLowerCase())
  if (found === undefined) return `${name} is not there`
  return found.snapshot > known.snapshot ? `${name} was changed since` : undefined
}
