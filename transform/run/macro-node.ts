/** Carries out a node by a macro: a materialization of the project's own, or dbt's where the project replaced a part of it. */

import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { Materialization } from '../compile/find-materialization.ts'
import type { FunctionNode, ModelNode, SeedNode, SnapshotNode } from '../compile/graph.ts'
import { textConfig } from '../compile/graph.ts'
import type { RenderBatch } from '../compile/render.ts'
import type { Materialized } from '../compile/run-macro.ts'
import type { TimeWindow } from '../plan/time-window.ts'
import type { Config } from '../project/project.ts'
import type { TemplateDatabase } from '../stdlib/database.ts'
import { makeTable } from '../stdlib/query-table.ts'
import { plannedBatches, renderBatch } from './microbatches.ts'
import type { NodeContext } from './node-context.ts'
import { hasOutsideHooks } from './node-hooks.ts'

export type WrittenNode = ModelNode | SeedNode | SnapshotNode | FunctionNode

export type Made = {
  /** Rows that its statement `main` wrote; undefined for a view. */
  readonly rows: number | undefined
  /** What that statement answered, when it is more than OK. */
  readonly message: string | undefined
  readonly warnings: readonly MillraceError[]
  /** Of an incremental model or a snapshot. */
  readonly isWhole?: boolean
  /** Of a microbatch model. */
  readonly batches?: readonly TimeWindow[]
}

/** @throws DuckDB's error, or a problem of the node or of the macro */
export async function runByMacro(
  node: WrittenNode,
  by: Materialization,
  context: NodeContext,
): Promise<Made> {
  const { session, state } = context
  refuseNewRows(node)
  const isWhole = makesAll(node, context)
  const { database, end } = await openMacro(node, context)
  const macro: Macro = { by, database, warnings: [] }
  const batches = batchesOf(node, context)
  const made =
    batches === undefined
      ? await carryOut(node, macro, context)
      : await carryOutBatches(node, macro, context, batches)
  await end()
  await state.refresh(session, node.relation)
  const kind = state.existing(node.relation)
  if (kind !== undefined) state.wrote(node, kind, 'replaced')
  state.lookups.clear()
  return {
    rows: kind === 'table' ? made.rows : undefined,
    message: made.message === 'OK' ? undefined : made.message,
    warnings: macro.warnings,
    ...(isWhole !== undefined && { isWhole }),
    ...(batches !== undefined && { batches: batches.map(({ start, end }) => ({ start, end })) }),
  }
}

type Macro = {
  readonly by: Materialization
  readonly database: TemplateDatabase
  readonly warnings: MillraceError[]
}

/** One batch of a microbatch model. */
type Part = {
  readonly batch: RenderBatch
  /** Another batch of this run has made or replaced the table. */
  readonly isLater: boolean
  readonly config: Config
}

/** Calls the macro once. */
async function carryOut(
  node: WrittenNode,
  { by, database, warnings }: Macro,
  context: NodeContext,
  part?: Part,
): Promise<Materialized> {
  const { session, state, renderer } = context
  const rendering = { isIncremental: isIncremental(node, context), database, batch: part?.batch }
  const code = node.kind === 'seed' ? '' : await renderer.render(node.id, rendering)
  const seedTable = node.kind === 'seed' ? await readSeed(node, context) : undefined
  const work = { code, seedTable, ...(part !== undefined && { config: part.config }) }
  const grows = rendering.isIncremental || part?.isLater === true
  const made = await renderer.materialize(
    node.id,
    by,
    { ...rendering, isIncremental: grows, warnings },
    work,
  )
  for (const relation of made.relations) {
    await state.refresh(session, { ...relation, catalog: relation.catalog || state.catalog })
  }
  return made
}

/** Of a microbatch model, unless the project's own strategy of that name is said to know nothing of batches. */
function batchesOf(node: WrittenNode, context: NodeContext): readonly RenderBatch[] | undefined {
  if (node.kind !== 'model' || node.materialized !== 'incremental') return undefined
  if (textConfig(node.config, 'incremental_strategy') !== 'microbatch') return undefined
  const { renderer } = context
  const isOwn = renderer.replaces(node.id, ['get_incremental_microbatch_sql'])
  const needsBatches = renderer.flag('REQUIRE_BATCHED_EXECUTION_FOR_CUSTOM_MICROBATCH_STRATEGY')
  if (isOwn && needsBatches === false) return undefined
  const windows = plannedBatches(node, context, isIncremental(node, context))
  return windows.map((window) => renderBatch(node, window))
}

/** The first batch of a full build makes the table, the others are added to it; hooks run before and behind all. */
async function carryOutBatches(
  node: WrittenNode,
  macro: Macro,
  context: NodeContext,
  batches: readonly RenderBatch[],
): Promise<Pick<Materialized, 'rows' | 'message'>> {
  let rows = 0
  for (const [index, batch] of batches.entries()) {
    const isLater = index > 0
    const config = {
      ...(isLater && { full_refresh: false, pre_hook: [] }),
      ...(index < batches.length - 1 && { post_hook: [] }),
    }
    rows += (await carryOut(node, macro, context, { batch, isLater, config })).rows ?? 0
  }
  return { rows, message: 'SUCCESS' }
}

/**
 * What the macro works on. Where hooks ask to be outside of the node's transaction, the macro says where it begins and
 * ends, as in dbt: statements before and behind it are committed one by one.
 */
async function openMacro(
  node: WrittenNode,
  { session, transaction }: NodeContext,
): Promise<{ readonly database: TemplateDatabase; readonly end: () => Promise<void> }> {
  const { database } = session
  if (transaction === undefined || !hasOutsideHooks(node)) return { database, end: async () => {} }
  let isOpen = false
  await transaction.commit()
  const begin = async () => {
    if (isOpen) return
    isOpen = true
    await transaction.begin()
  }
  const commit = async () => {
    if (!isOpen) return
    isOpen = false
    await transaction.commit()
  }
  return { database: { ...database, begin, commit }, end: begin }
}

/** What was read exactly is kept with the rows, and a macro does not keep it. */
function refuseNewRows(node: WrittenNode): void {
  if (node.kind !== 'model' || node.newRowsOf.length === 0) return
  const reason = 'is not known to a materialization that is a macro'
  throw problem('model/new-rows-misused', { node: node.name, reason }, { at: { file: node.file } })
}

function isIncremental(node: WrittenNode, { state, fullRefresh }: NodeContext): boolean {
  if (node.kind !== 'model' || node.materialized !== 'incremental') return false
  const own = node.config['full_refresh']
  const isFull = typeof own === 'boolean' ? own : fullRefresh
  return !isFull && state.existing(node.relation) === 'table'
}

/** Whether the macro keeps no row that is there; undefined of a node that never keeps any. */
function makesAll(node: WrittenNode, context: NodeContext): boolean | undefined {
  if (node.kind === 'snapshot') return context.state.existing(node.relation) === undefined
  const adds = node.kind === 'model' && node.materialized === 'incremental'
  return adds ? !isIncremental(node, context) : undefined
}

async function readSeed(node: SeedNode, { session }: NodeContext): Promise<unknown> {
  const delimiter = textConfig(node.config, 'delimiter') ?? ','
  const rows = await session.database.query(
    `select * from read_csv(${quoteLiteral(node.absolutePath)}, header = true, nullstr = '', delim = ${quoteLiteral(delimiter)})`,
  )
  return makeTable(rows)
}
