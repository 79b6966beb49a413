/**
 * Writes a microbatch model: one stretch of time after the other, each reading only what happened in it. All of them
 * become visible together; where one fails, none does.
 */
import type { ModelNode } from '../compile/graph.ts'
import { printInstant } from '../plan/limit-refs.ts'
import type { TimeWindow } from '../plan/time-window.ts'
import { addRows, asksFull, fullBuildReason } from './build-incremental.ts'
import { buildTable } from './build-table.ts'
import type { Built } from './built.ts'
import { plannedBatches, renderBatch } from './microbatches.ts'
import type { NodeContext } from './node-context.ts'
import { forgetNewRowTests } from './test-new-rows.ts'

/** @throws DuckDB's error, or a problem of the model */
export async function buildMicrobatch(node: ModelNode, context: NodeContext): Promise<Built> {
  const isIncremental = fullBuildReason(node, context) === undefined
  const batches = plannedBatches(node, context, isIncremental)
  const warnings: NonNullable<Built['warnings']>[number][] = []
  let rows = 0
  forgetNewRowTests(node, context)
  for (const [index, batch] of batches.entries()) {
    const isFirst = index === 0 && !isIncremental
    const built = await buildBatch(node, context, batch, isFirst)
    rows += built.rows ?? 0
    if (index === 0) warnings.push(...(built.warnings ?? []))
  }
  // The first batch made the table without them, so they see all of it.
  if (!isIncremental) forgetNewRowTests(node, context)
  return { rows, message: 'SUCCESS', warnings, batches, isWhole: !isIncremental }
}

async function buildBatch(
  node: ModelNode,
  context: NodeContext,
  window: TimeWindow,
  makesTable: boolean,
): Promise<Built> {
  const { session, renderer } = context
  const sql = await renderer.render(node.id, {
    // To the template every batch of a full refresh is a full build, as in dbt.
    isIncremental: !makesTable && !asksFull(node, context),
    database: session.database,
    batch: renderBatch(node, window),
  })
  if (makesTable) return await buildTable(node, context, sql)
  const within = { start: printInstant(window.start), end: printInstant(window.end) }
  return await addRows(node, context, sql, within)
}
