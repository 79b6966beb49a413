/** Writes an incremental model: in full where it must be, else only what is new. */
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { ModelNode } from '../compile/graph.ts'
import { isContracted } from '../materialize/contract.ts'
import {
  batchName,
  dropBatch,
  isPlainAppend,
  stageBatch,
  strategyOf,
  takeBatch,
} from '../materialize/incremental.ts'
import { adaptSchema, schemaModeOf } from '../materialize/schema-change.ts'
import type { TableColumn } from '../materialize/statement.ts'
import { mentions } from '../materialize/table.ts'
import { buildTable, keepComments } from './build-table.ts'
import { type Built, runStatements } from './built.ts'
import { requireConstraints, requireContract } from './check-contract.ts'
import { engineOf } from './engine-of.ts'
import { findNewRows, keyOf, loadSeen, type NewRows, stateRow } from './increments.ts'
import type { NodeContext } from './node-context.ts'
import { describe } from './run-state.ts'
import { forgetNewRowTests, newRowTests, testNewRows } from './test-new-rows.ts'

/** @throws DuckDB's error, or a problem of the model */
export async function buildIncremental(node: ModelNode, context: NodeContext): Promise<Built> {
  const { session, renderer } = context
  strategyOf(node)
  forgetNewRowTests(node, context)
  const increment = await planIncrement(node, context)
  const isWhole = node.newRowsOf.every((id) => renderer.readingOf(id) === 'whole')
  if (isWhole) rememberSeen(node, context, increment.upstreams)
  if (increment.fullReason !== undefined) {
    const { database } = session
    const sql = await renderer.render(node.id, { isIncremental: false, database })
    return {
      ...(await buildTable(node, context, sql)),
      message: increment.fullReason,
      isWhole: true,
    }
  }
  const sql = await renderer.render(node.id, {
    isIncremental: true,
    database: session.database,
    unseenOf: (id) => {
      const found = increment.upstreams.get(id)
      return found?.kind === 'from' ? found : undefined
    },
  })
  const added = await addRows(node, context, sql)
  // A part of the rows has come in: which, nobody can tell the next run.
  if (!isWhole && added.rows !== 0) forgetSeen(node, context)
  return { ...added, message: 'incremental', isWhole: false }
}

/**
 * Takes the rows of a query into the table that is there.
 * @param window of a microbatch model, as text that DuckDB reads
 */
export async function addRows(
  node: ModelNode,
  context: NodeContext,
  sql: string,
  window?: { readonly start: string; readonly end: string },
): Promise<Built> {
  const { session, state } = context
  await requireContract(node, session, sql)
  const isAppend = isPlainAppend(node)
  const isDirect = isAppend && goesDirectly(node, context, sql)
  const rows = isDirect
    ? await append(node, context, sql)
    : await takeStaged(node, context, sql, window)
  const batch = isDirect ? undefined : batchName(node)
  const warnings = await requireConstraints(node, context, batch)
  if (batch !== undefined) await session.execute(dropBatch(node).sql)
  state.wrote(node, 'table', isAppend ? 'appended' : 'changed')
  warnings.push(...(await keepComments(node, context, 'table')))
  return { rows, message: undefined, warnings }
}

/**
 * Whether nothing needs the new rows but the table: then they go there without a stop. A query that reads the table
 * itself may not: on plain DuckDB it would come upon the rows that it has just added.
 */
function goesDirectly(node: ModelNode, context: NodeContext, sql: string): boolean {
  const { relation } = node
  if (schemaModeOf(node) !== 'ignore' || newRowTests(node, context).length > 0) return false
  return !isContracted(node) && !mentions(sql, relation)
}

async function append(node: ModelNode, context: NodeContext, sql: string): Promise<number> {
  const { session, state } = context
  const columns = await state.columnsOf(session, node.relation)
  const rows = `(\n${sql}\n) as new_rows`
  try {
    return await runStatements(session, takeBatch(node, { rows, columns, isDucklake: false }))
  } catch (cause) {
    throw explainMissing(node, columns, cause)
  }
}

/** A column of the table that the query does not give, in the words of `on_schema_change`. */
function explainMissing(node: ModelNode, columns: readonly TableColumn[], cause: unknown): unknown {
  const [, name] = /Referenced column "(.+)" not found in FROM clause/.exec(messageOf(cause)) ?? []
  if (name === undefined || !columns.some((column) => column.name === name)) return cause
  const parameters = { node: node.name, reason: `the query no longer gives ${name}` }
  return problem('model/schema-changed', parameters, { cause, at: { file: node.file } })
}

async function takeStaged(
  node: ModelNode,
  context: NodeContext,
  sql: string,
  window: { readonly start: string; readonly end: string } | undefined,
): Promise<number> {
  const { session, state } = context
  const { isDucklake } = await engineOf(session, state, node.relation)
  await session.execute(stageBatch(node, sql).sql)
  await testNewRows(node, context)
  const rows = batchName(node)
  const table = await state.columnsOf(session, node.relation)
  const change = adaptSchema(node, table, await describe(session, rows), isDucklake)
  const taken = takeBatch(node, { rows, columns: change.columns, isDucklake, window })
  return await runStatements(session, [...change.statements, ...taken])
}

type Increment = {
  /** Why the whole table is made anew; undefined when it is not. */
  readonly fullReason: string | undefined
  /** What is new in each upstream that is read through `new_rows()`. */
  readonly upstreams: ReadonlyMap<string, NewRows>
}

async function planIncrement(node: ModelNode, context: NodeContext): Promise<Increment> {
  const { session, state } = context
  const seen =
    state.uuids === undefined || node.newRowsOf.length === 0
      ? new Map()
      : await loadSeen(session, state.catalog, node, (id) => state.relationOf(id))
  const upstreams = new Map<string, NewRows>()
  for (const id of node.newRowsOf) {
    const relation = state.relationOf(id)
    if (relation === undefined) continue
    if (context.renderer.readingOf(id) === 'elsewhere') {
      const reason = `${relation.name} is read from an earlier state`
      upstreams.set(id, { kind: 'all', reason, next: undefined })
      continue
    }
    const isTable = state.existing(relation) === 'table'
    const upstream = { id, relation, isTable, change: state.changeOf(id) }
    upstreams.set(id, await findNewRows(session, upstream, seen.get(id), state))
  }
  return { fullReason: fullReason(), upstreams }

  function fullReason(): string | undefined {
    const reason = fullBuildReason(node, context)
    if (reason !== undefined || node.newRowsOf.length === 0) return reason
    const unknown = [...upstreams.values()].find(({ kind }) => kind === 'all')
    if (unknown?.kind === 'all') return `full refresh: ${unknown.reason}`
    const uuid = state.uuids?.get(keyOf(node.relation))
    const isOwn = [...seen.values()].every((known) => known.modelUuid === uuid)
    return isOwn ? undefined : `full refresh: ${node.name} was replaced by somebody else`
  }
}

export function fullBuildReason(node: ModelNode, context: NodeContext): string | undefined {
  if (context.state.existing(node.relation) !== 'table') return 'first build'
  return asksFull(node, context) ? 'full refresh' : undefined
}

/** The config `full_refresh` wins over the flag, as in dbt. */
export function asksFull({ config }: ModelNode, { fullRefresh }: NodeContext): boolean {
  const own = config['full_refresh']
  return typeof own === 'boolean' ? own : fullRefresh
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

/** State that fits no upstream, so that the next run builds the model in full. */
function forgetSeen(node: ModelNode, { state, run }: NodeContext): void {
  const nothing = { uuid: '', watermark: 0n, rows: 0n }
  for (const id of node.newRowsOf) {
    state.seen.push(stateRow(node.id, id, nothing, { ...run, baseSnapshot: state.baseSnapshot }))
  }
}
