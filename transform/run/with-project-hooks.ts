/** A run with the hooks of its project around it. */
import type { Plan } from '../plan/plan-run.ts'
import { ensureHistory, recordNodes, recordRun } from './history.ts'
import { resultOf } from './node-result.ts'
import { runProjectHooks } from './project-hooks.ts'
import { isFailure, type NodeResult, type RunResult } from './result.ts'
import type { Run } from './run-dependencies.ts'

/**
 * As in dbt, a hook that fails before the run keeps all nodes from running, and the hooks after it run all the same.
 * @param work runs the nodes
 */
export async function withProjectHooks(
  run: Run,
  work: (run: Run) => Promise<RunResult>,
): Promise<RunResult> {
  if (run.plan.hooks.length === 0) return await work(run)
  const started = await runProjectHooks('on-run-start', run)
  const mayRun = !started.some(isFailure)
  // What the whole run came to is known when the last hook has ended.
  const inner: Run = {
    ...run,
    onEvent: (event) => {
      if (event.kind !== 'ended') run.onEvent?.(event)
    },
  }
  const middle = mayRun ? await work(inner) : await leaveOut(run)
  const isInterrupted = middle.outcome === 'interrupted'
  const done = mayRun ? middle.results : []
  const ended = isInterrupted ? [] : await runProjectHooks('on-run-end', run, done)
  const results = [...started, ...middle.results, ...ended]
  const last = run.plan.hooks.filter(({ when }) => when === 'on-run-end').length
  const isDone = ended.length === last && !ended.some(isFailure)
  const hasFailed = middle.outcome === 'committed' && !isDone
  // A hook that was stopped, or not begun, has failed too, but not by itself.
  const failure = run.signal?.aborted ? 'interrupted' : 'failed'
  const outcome = hasFailed || !mayRun ? failure : middle.outcome
  const { elapsedMs } = run.summary(outcome, results)
  const result = { ...middle, outcome, results, elapsedMs, ...(hasFailed && { built: [] }) }
  run.onEvent?.({ kind: 'ended', result })
  await record(run, mayRun ? undefined : result, [...started, ...ended])
  return result
}

/** @param left a run whose nodes were left out, and which nobody else writes down */
async function record(
  { adapter, plan, runId, origin }: Run,
  left: RunResult | undefined,
  hooks: readonly NodeResult[],
): Promise<void> {
  const isReachable = hooks.every(({ outage }) => outage === undefined)
  if (!adapter.keepsHistory || !isReachable || hooks.length === 0) return
  await adapter.transaction(
    async (session) => {
      await ensureHistory(session, adapter.catalog)
      if (left === undefined) await recordNodes(session, adapter.catalog, runId, hooks, undefined)
      else await recordRun(session, adapter.catalog, left, left.snapshot, origin)
    },
    { message: `${plan.command} ${runId}: hooks`, author: origin?.author },
  )
}

async function leaveOut(run: Run): Promise<RunResult> {
  const results = skippedStages(run.plan)
  for (const [at, result] of results.entries()) {
    run.onEvent?.({ kind: 'finished', result, index: at + 1, total: results.length })
  }
  const snapshot = await run.adapter.snapshot()
  return { ...run.summary('failed', results), snapshot, built: [] }
}

function skippedStages({ stages }: Plan): NodeResult[] {
  return stages.map(({ node }) => resultOf(node, { status: 'skipped', message: undefined }))
}
