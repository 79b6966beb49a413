/** What a run has built, as a later run will compare it. */
import type { Session } from '../run/adapter.ts'
import type { SqlValue } from '../run/history.ts'
import type { Run } from '../run/run-dependencies.ts'
import type { RunState } from '../run/run-state.ts'
import { loadKnownNodes, nodeStateRow } from './node-state.ts'
import { sourceVersions } from './source-versions.ts'
import { withEphemerals } from './with-ephemerals.ts'

/** Rows of `ops.node_state` for every node that ended well, inside the transaction that publishes it. */
export async function nodeStateRows(
  { plan, graph, logicOf: ownLogicOf, runId, adapter }: Run,
  session: Session,
  state: RunState,
): Promise<SqlValue[][]> {
  if (ownLogicOf === undefined) return []
  const { logicOf, inputsOf } = withEphemerals(graph, ownLogicOf)
  const done = plan.stages
    .map(({ node }) => node)
    .filter(({ id }) => ['success', 'pass'].includes(state.results.get(id)?.status ?? ''))
  if (done.length === 0) return []
  const built = new Set(done.map(({ id }) => id))
  const known = await loadKnownNodes(session, adapter.catalog)
  const changes = await session.lastChanges(state.baseSnapshot)
  const sources = sourceVersions(graph, adapter.catalog, changes)
  const versionOf = (id: string) => {
    if (graph.sources.has(id)) return sources(id)
    return built.has(id) ? runId : known.get(id)?.version
  }
  return done.map((node) => {
    const inputs = inputsOf(node).flatMap((id) => {
      const version = versionOf(id)
      return version === undefined ? [] : [[id, version] as const]
    })
    return nodeStateRow(node.id, logicOf(node).logic, Object.fromEntries(inputs), runId)
  })
}
