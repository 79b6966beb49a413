/** The batches that a run builds of a microbatch model, and what each of them reads. */
import type { ModelNode } from '../compile/graph.ts'
import type { RenderBatch } from '../compile/render.ts'
import { batchesOf, batchId, batchSizeOf } from '../materialize/batches.ts'
import { invalidConfig } from '../materialize/config-lists.ts'
import { eventTimeColumn, limitRef } from '../plan/limit-refs.ts'
import { parseInstant, type TimeWindow } from '../plan/time-window.ts'
import type { NodeContext } from './node-context.ts'

/**
 * Those that failed last time when a run is retried.
 * @throws `model/invalid-config`
 */
export function plannedBatches(
  node: ModelNode,
  { plan, run }: NodeContext,
  isIncremental: boolean,
): readonly TimeWindow[] {
  requireConfig(node)
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

/** What the template of a batch is given: its stretch of time, and relations cut to it. */
export function renderBatch(node: ModelNode, window: TimeWindow): RenderBatch {
  const { start, end } = window
  return {
    id: batchId(start, batchSizeOf(node)),
    start,
    end,
    limit: (printed, target) =>
      limitRef(printed, { empty: false, window }, eventTimeColumn(target)),
  }
}
