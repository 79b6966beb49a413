/** Writes one model or seed inside the run's transaction. */
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import type { ModelNode, SeedNode } from '../compile/graph.ts'
import {
  batchName,
  stageBatch,
  strategyOf,
  type TableColumn,
  takeBatch,
} from '../materialize/incremental.ts'
import { adaptSchema } from '../materialize/schema-change.ts'
import { materializeSeed } from '../materialize/seed.ts'
import { relationSql, type Statement } from '../materialize/statement.ts'
import { materializeTable } from '../materialize/table.ts'
import { materializeView } from '../materialize/view.ts'
import type { Session } from './adapter.ts'
import type { NodeContext } from './execute-node.ts'
import { findNewRows, keyOf, loadSeen, type NewRows, stateRow } from './increments.ts'

export type Built = {
  /** Rows written; undefined for a view. */
  readonly rows: number | undefined
  readonly message: string | undefined
}

/** @throws DuckDB's error, or a problem of the model */
export async function buildNode(node: ModelNode | SeedNode, context: NodeContext): Promise<Built> {
  const { session, state } = context
  const { schema, catalog } = node.relation
  if (!state.hasSchema(node.relation)) {
    await session.execute(
      `create schema if not exists ${quoteIdent(catalog)}.${quoteIdent(schema)}`,
    )
  }
  if (node.kind === 'seed') {
    const statements = materializeSeed(node, state.existing(node.relation))
    return await replace(node, context, statements, 'table')
  }
  switch (node.materialized) {
    case 'view':
      return await replace(
        node,
        context,
        materializeView(node.relation, await fullSql(node, context), state.existing(node.relation)),
        'view',
      )
    case 'table':
      return await replace(
        node,
        context,
        materializeTable(
          node.relation,
          await fullSql(node, context),
          state.existing(node.relation),
        ),
        'table',
      )
    case 'incremental':
      return await buildIncremental(node, context)
    default: {
      const parameters = { node: node.name, materialized: node.materialized, nearest: undefined }
      throw problem('model/unknown-materialization', parameters, { at: { file: node.file } })
    }
  }
}

/** The query of a full build; its template sees what this run has written before. */
function fullSql({ id }: ModelNode, { session, renderer }: NodeContext): Promise<string> {
  return renderer.render(id, { isIncremental: false, database: session.database })
}

async function replace(
  node: ModelNode | SeedNode,
  { session, state }: NodeContext,
  statements: readonly Statement[],
  kind: 'table' | 'view',
): Promise<Built> {
  const rows = await runStatements(session, statements)
  state.wrote(node, kind, 'replaced')
  return { rows: kind === 'view' ? undefined : rows, message: undefined }
}

async function runStatements(session: Session, statements: readonly Statement[]): Promise<number> {
  let rows = 0
  for (const { sql, countsRows } of statements) {
    const written = await session.execute(sql)
    if (countsRows) rows += written
  }
  return rows
}

async function buildIncremental(node: ModelNode, context: NodeContext): Promise<Built> {
  const { session, state, renderer } = context
  const strategy = strategyOf(node)
  const increment = await planIncrement(node, context)
  rememberSeen(node, context, increment.upstreams)
  if (increment.fullReason !== undefined) {
    const sql = await fullSql(node, context)
    const statements = materializeTable(node.relation, sql, state.existing(node.relation))
    const built = await replace(node, context, statements, 'table')
    return { ...built, message: increment.fullReason }
  }
  const sql = await renderer.render(node.id, {
    isIncremental: true,
    database: session.database,
    watermarkOf: (id) => {
      const found = increment.upstreams.get(id)
      return found?.kind === 'from' ? found.watermark : undefined
    },
  })
  await session.execute(stageBatch(node, sql).sql)
  const table = await columnsOf(session, relationSql(node.relation))
  const batch = await columnsOf(session, batchName(node))
  const change = adaptSchema(node, table, batch)
  const rows = await runStatements(session, [
    ...change.statements,
    ...takeBatch(node, change.columns),
  ])
  state.wrote(node, 'table', strategy === 'append' ? 'appended' : 'changed')
  return { rows, message: 'incremental' }
}

type Increment = {
  /** Why the whole table is made anew; undefined when it is not. */
  readonly fullReason: string | undefined
  /** What is new in each upstream that is read through `new_rows()`. */
  readonly upstreams: ReadonlyMap<string, NewRows>
}

async function planIncrement(node: ModelNode, context: NodeContext): Promise<Increment> {
  const { session, state, fullRefresh } = context
  const seen =
    state.uuids === undefined
      ? new Map()
      : await loadSeen(session, state.catalog, node, (id) => state.relationOf(id))
  const upstreams = new Map<string, NewRows>()
  for (const id of node.newRowsOf) {
    const relation = state.relationOf(id)
    if (relation === undefined) continue
    const isTable = state.existing(relation) === 'table'
    const upstream = { id, relation, isTable, change: state.changeOf(id) }
    upstreams.set(id, await findNewRows(session, upstream, seen.get(id), state.uuids ?? new Map()))
  }
  return { fullReason: fullReason(), upstreams }

  function fullReason(): string | undefined {
    if (state.existing(node.relation) !== 'table') return 'first build'
    if (isFullRefresh(node, fullRefresh)) return 'full refresh'
    if (node.newRowsOf.length === 0) return undefined
    const unknown = [...upstreams.values()].find(({ kind }) => kind === 'all')
    if (unknown?.kind === 'all') return `full refresh: ${unknown.reason}`
    const uuid = state.uuids?.get(keyOf(node.relation))
    const isOwn = [...seen.values()].every((known) => known.modelUuid === uuid)
    return isOwn ? undefined : `full refresh: ${node.name} was replaced by somebody else`
  }
}

/** The config `full_refresh` wins over the flag, as in dbt. */
function isFullRefresh({ config }: ModelNode, flag: boolean): boolean {
  const own = config['full_refresh']
  return typeof own === 'boolean' ? own : flag
}

function rememberSeen(
  node: ModelNode,
  { state, run }: NodeContext,
  upstreams: ReadonlyMap<string, NewRows>,
): void {
  for (const [id, { next }] of upstreams) {
    state.seen.push(stateRow(node.id, id, next, { ...run, baseSnapshot: state.baseSnapshot }))
  }
}

async function columnsOf(session: Session, relation: string): Promise<TableColumn[]> {
  const rows = await session.query(`describe ${relation}`)
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }))
}
