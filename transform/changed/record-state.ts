/** What a run has built, as a later run will compare it. */
import type { RunnableNode } from '../plan/plan-run.ts'
import type { Session } from '../run/adapter.ts'
import type { SqlValue } from '../run/history.ts'
import type { Run } from '../run/run-dependencies.ts'
import type { RunState } from '../run/run-state.ts'
import { loadKnownNodes, nodeStateRow } from './node-state.ts'
import { sourceVersions } from './source-versions.ts'

/** Rows of `ops.node_state` for every node that ended well, inside the transaction that publishes it. */
export async function nodeStateRows(
  { plan, graph, logicOf, runId, adapter }: Run,
  session: Session,
  state: RunState,
): Promise<SqlValue[][]> {
  if (logicOf === undefined) return []
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
  return done.flatMap((node: RunnableNode) => {
    if (node.kind === 'unit_test') return []
    const inputs = node.dependencies.flatMap((id) => {
      const version = versionOf(id)
      return version === undefined ? [] : [[id, version] as const]
    })
    return [nodeStateRow(node.id, logicOf(node).logic, Object.fromEntries(inputs), runId)]
  })
}
