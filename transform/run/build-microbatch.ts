/**
 * Writes a microbatch model: one stretch of time after the other, each reading only what happened in it. All of them
 * become visible together; where one fails, none does.
 */
import type { ModelNode } from '../compile/graph.ts'
import { batchesOf, batchId, batchSizeOf } from '../materialize/batches.ts'
import { invalidConfig } from '../materialize/config-lists.ts'
import { eventTimeColumn, limitRef, printInstant } from '../plan/limit-refs.ts'
import { parseInstant, type TimeWindow } from '../plan/time-window.ts'
import { addRows, asksFull, fullBuildReason } from './build-incremental.ts'
import { buildTable } from './build-table.ts'
import type { Built } from './built.ts'
import type { NodeContext } from './node-context.ts'

/** @throws DuckDB's error, or a problem of the model */
export async function buildMicrobatch(node: ModelNode, context: NodeContext): Promise<Built> {
  requireConfig(node)
  const isIncremental = fullBuildReason(node, context) === undefined
  const batches = plannedBatches(node, context, isIncremental)
  const warnings: NonNullable<Built['warnings']>[number][] = []
  let rows = 0
  for (const [index, batch] of batches.entries()) {
    const isFirst = index === 0 && !isIncremental
    const built = await buildBatch(node, context, batch, isFirst)
    rows += built.rows ?? 0
    if (index === 0) warnings.push(...(built.warnings ?? []))
  }
  return { rows, message: 'SUCCESS', warnings, batches }
}

function requireConfig(node: ModelNode): void {
  const { config } = node
  if (typeof config['event_time'] !== 'string') {
    throw invalidConfig(node, 'event_time', 'is needed by the strategy microbatch: a column')
  }
  if (config['unique_key'] === undefined || config['unique_key'] === null) return
  const reason =
    'does not go with the strategy microbatch, which replaces the rows of a time; use the strategy merge'
  throw invalidConfig(node, 'unique_key', reason)
}

/** Those that failed last time when a run is retried. */
function plannedBatches(
  node: ModelNode,
  { plan, run }: NodeContext,
  isIncremental: boolean,
): readonly TimeWindow[] {
  const again = plan?.batches?.get(node.id)
  if (again !== undefined) return again
  const said = node.config['begin']
  const begin = said === undefined || said === null ? undefined : parseInstant(said)
  if (said !== undefined && said !== null && begin === undefined) {
    throw invalidConfig(
      node,
      'begin',
      `is ${String(said)}, and must be a date or a date and a time`,
    )
  }
  const now = Date.parse(run.at)
  return batchesOf(node, { asked: plan?.eventTimes, begin, now, isIncremental })
}

async function buildBatch(
  node: ModelNode,
  context: NodeContext,
  window: TimeWindow,
  makesTable: boolean,
): Promise<Built> {
  const { session, renderer } = context
  const { start, end } = window
  const sql = await renderer.render(node.id, {
    // To the template every batch of a full refresh is a full build, as in dbt.
    isIncremental: !makesTable && !asksFull(node, context),
    database: session.database,
    batch: {
      id: batchId(start, batchSizeOf(node)),
      start,
      end,
      limit: (printed, target) =>
        limitRef(printed, { empty: false, window }, eventTimeColumn(target)),
    },
  })
  if (makesTable) return await buildTable(node, context, sql)
  const within = { start: printInstant(start), end: printInstant(end) }
  return await addRows(node, context, sql, within)
}
