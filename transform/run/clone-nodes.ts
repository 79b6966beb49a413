/** Nodes as another state of the project has built them: DuckDB cannot copy a table without its rows, so as views. */
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { quoteRelation } from '../../core/sql.ts'
import type { Graph, GraphNode, Relation } from '../compile/graph.ts'
import { type Existing, relationSql } from '../materialize/statement.ts'
import { materializeView } from '../materialize/view.ts'
import { deferRelations } from '../plan/defer.ts'
import type { Adapter, Session } from './adapter.ts'
import { classOf } from './retries.ts'
import { RunState } from './run-state.ts'

export type Cloned = {
  readonly id: string
  readonly status: 'success' | 'error'
  /** Why nothing was done, or what failed. */
  readonly message: string | undefined
  readonly isDone: boolean
  readonly elapsedMs: number
}

export type CloneRequest = {
  readonly nodes: readonly GraphNode[]
  /** manifest.json of the other state, as JSON.parse gave it. */
  readonly manifest: unknown
  /** Whether what is there is replaced. */
  readonly fullRefresh: boolean
}

export type CloneDependencies = {
  readonly graph: Graph
  readonly adapter: Adapter
  readonly clock: Clock
  readonly runId: string
  readonly signal?: AbortSignal
}

/**
 * Makes a view on the other state's relation for each node, all in one transaction.
 * @returns how each went, in the order of the nodes
 * @throws `lake/*` when the database does not answer
 */
export async function cloneNodes(
  request: CloneRequest,
  { graph, adapter, clock, runId, signal }: CloneDependencies,
): Promise<Cloned[]> {
  const others = othersOf(graph, request)
  const options = { message: `clone ${runId}`, ...(signal && { signal }) }
  return await adapter.transaction(async (session) => {
    const state = await RunState.load(session, adapter, graph)
    const cloned: Cloned[] = []
    for (const node of request.nodes) {
      const started = clock.now()
      const found = await cloneNode(node, others.get(node.id), request, { session, state, adapter })
      cloned.push({ id: node.id, ...found, elapsedMs: clock.now() - started })
    }
    return cloned
  }, options)
}

/** Where the other state has what both have, by id. */
function othersOf(graph: Graph, { manifest }: CloneRequest): Map<string, Relation> {
  const nowhere = { selected: new Set<string>(), builds: false, exists: () => false }
  return deferRelations(graph, { manifest, favorState: true, ...nowhere })
}

type Found = Pick<Cloned, 'status' | 'message' | 'isDone'>

async function cloneNode(
  node: GraphNode,
  other: Relation | undefined,
  { fullRefresh }: CloneRequest,
  { session, state, adapter }: Deps,
): Promise<Found> {
  const left = (message: string): Found => ({ status: 'success', message, isDone: false })
  if (other === undefined) return left(`No relation found in state manifest for ${node.id}`)
  const { relation } = node
  const existing = state.existing(relation)
  if (existing !== undefined && !fullRefresh) {
    return left(`Relation ${relationSql(relation)} already exists`)
  }
  if (relationSql(relation) === relationSql(other)) {
    return left(`Relation ${relationSql(relation)} is that of the state itself`)
  }
  try {
    await makeView(relation, other, existing, { session, state, adapter })
    state.wrote(node, 'view', 'replaced')
    return { status: 'success', message: undefined, isDone: true }
  } catch (error) {
    if (classOf(error, adapter) !== 'wrong') throw error
    if (await session.isLost()) throw error
    return { status: 'error', message: messageOf(error).trim(), isDone: false }
  }
}

type Deps = {
  readonly session: Session
  readonly state: RunState
  readonly adapter: Adapter
}

async function makeView(
  relation: Relation,
  other: Relation,
  existing: Existing,
  { session, state }: Deps,
): Promise<void> {
  if (!state.hasSchema(relation)) {
    const { catalog, schema } = relation
    await session.execute(`create schema if not exists ${quoteRelation(catalog, schema)}`)
    state.madeSchema(relation)
  }
  const sql = `select * from ${relationSql(other)}`
  // Asked first: a table that cannot be read must not cost the one that is there.
  await session.query(`describe ${sql}`)
  for (const statement of materializeView(relation, sql, existing)) {
    await session.execute(statement.sql)
  }
}
