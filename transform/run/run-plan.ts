/** Plan × adapter → result. */
import type { Plan } from '../plan/plan-run.ts'
import { Scratch } from '../unit-tests/scratch.ts'
import type { PublishMode } from './adapter.ts'
import { FileSwaps } from './file-swaps.ts'
import { ensureHistory, recordFailures, recordRun } from './history.ts'
import { noOpResults } from './no-op-results.ts'
import { writtenRelation } from './node-result.ts'
import type { BuiltRelation, NodeResult, RunOutcome, RunResult, RunSummary } from './result.ts'
import { runAtomic } from './run-atomic.ts'
import { type Run, type RunDependencies, RunEnd } from './run-dependencies.ts'
import { runPerNode } from './run-per-node.ts'
import { settleFiles } from './settle-files.ts'
import { restoreKept } from './test-failures.ts'
import { withProjectHooks } from './with-project-hooks.ts'

/**
 * Runs a plan. A failed model or test is a result, not an exception.
 * @throws `lake/*` when the database does not answer or keeps conflicting (retryable); of an atomic run nothing is
 * published then
 */
export async function runPlan(plan: Plan, dependencies: RunDependencies): Promise<RunResult> {
  const publish = dependencies.publish ?? dependencies.adapter.publish
  const run = beginRun(plan, dependencies, publish)
  using _scratch = run.scratch
  await using _resting = await run.adapter.restThreads()
  await settleFiles(run)
  return await withProjectHooks(run, publish === 'atomic' ? atomically : nodeByNode)
}

function beginRun(plan: Plan, dependencies: RunDependencies, publish: PublishMode): Run {
  const { clock, runId } = dependencies
  const started = clock.now()
  const startedAt = new Date(started).toISOString()
  let attempts = 0
  return {
    ...dependencies,
    plan,
    files: new FileSwaps(dependencies.graph.root, runId),
    scratch: new Scratch(),
    startedAt,
    summary: (outcome, results) => ({
      runId,
      command: plan.command,
      outcome,
      publish,
      results,
      noOps: noOpResults(plan.noOps, results),
      attempts,
      startedAt,
      elapsedMs: clock.now() - started,
    }),
    onEvent: (event) => {
      if (event.kind === 'attempt') attempts = event.attempt
      dependencies.onEvent?.(event)
    },
  }
}

async function atomically(run: Run): Promise<RunResult> {
  const { adapter, plan } = run
  try {
    const state = await runAtomic(run)
    await run.files.finish()
    const results = [...state.results.values()]
    const snapshot = await adapter.snapshot()
    const built = builtRelations(plan, results, snapshot)
    return ended(run, { ...run.summary('committed', results), snapshot, built })
  } catch (error) {
    await run.files.undo()
    const end = endOf(error, run)
    if (end === undefined) throw error
    const results = end.results.map((result) => rolledBack(plan, result))
    const summary = run.summary(end.outcome, results)
    const snapshot = end.baseSnapshot ?? (await adapter.snapshot())
    // Told first: what is written down of it takes a transaction of its own.
    const result = ended(run, { ...summary, snapshot, built: [] })
    if (adapter.keepsHistory) await recordApart(run, summary, end.baseSnapshot)
    await restoreKept(adapter, results)
    return result
  }
}

async function nodeByNode(run: Run): Promise<RunResult> {
  const { adapter, plan } = run
  const end = await endOfNodes(run)
  const summary = run.summary(end.outcome, end.results)
  const snapshot = await adapter.snapshot()
  const isWhole = end.outcome === 'committed'
  const built = isWhole ? builtRelations(plan, end.results, snapshot) : []
  const result = ended(run, { ...summary, snapshot, built })
  if (adapter.keepsHistory) await recordApart(run, summary, end.baseSnapshot)
  return result
}

async function endOfNodes(run: Run): Promise<End> {
  try {
    const { results, baseSnapshot } = await runPerNode(run)
    return { outcome: 'committed', results: [...results.values()], baseSnapshot }
  } catch (error) {
    const end = endOf(error, run)
    if (end === undefined) throw error
    return end
  }
}

function ended({ onEvent }: Run, result: RunResult): RunResult {
  onEvent?.({ kind: 'ended', result })
  return result
}

type End = Pick<RunEnd, 'outcome' | 'results' | 'baseSnapshot'>

/** How a run ended that was not committed; undefined when it could not be carried out at all. */
function endOf(error: unknown, { signal }: Run): End | undefined {
  if (error instanceof RunEnd) return error
  // Whatever breaks between two nodes after Ctrl-C was broken by it.
  const outcome: RunOutcome = 'interrupted'
  return signal?.aborted ? { outcome, results: [], baseSnapshot: undefined } : undefined
}

/** What ended well in a run that came to nothing; a run of tests alone wrote nothing that could go. */
function rolledBack({ stages }: Plan, result: NodeResult): NodeResult {
  // A unit test reads nothing that a run writes: what it found holds whatever becomes of the run.
  if (result.kind === 'unit_test') return result
  const endedWell = ['success', 'pass', 'warn'].includes(result.status)
  const wrote = stages.some(({ node }) => writtenRelation(node) !== undefined)
  return endedWell && wrote ? { ...result, isRolledBack: true } : result
}

/** History in a transaction of its own. */
async function recordApart(
  { adapter, plan, runId, startedAt, origin }: Run,
  summary: RunSummary,
  baseSnapshot: number | undefined,
): Promise<void> {
  await adapter.transaction(
    async (session) => {
      await ensureHistory(session, adapter.catalog)
      await recordRun(session, adapter.catalog, summary, baseSnapshot, origin)
      await recordFailures(session, adapter.catalog, runId, summary.results, startedAt)
    },
    { message: `${plan.command} ${runId}: ${summary.outcome}`, author: origin?.author },
  )
}

function builtRelations(
  plan: Plan,
  results: readonly NodeResult[],
  snapshot: number | undefined,
): BuiltRelation[] {
  const done = new Set(results.filter(({ status }) => status === 'success').map(({ id }) => id))
  return plan.stages.flatMap(({ node }) => {
    if ((node.kind !== 'model' && node.kind !== 'seed') || !done.has(node.id)) return []
    const { id, name, relation, config } = node
    return [{ id, name, relation, snapshot, config }]
  })
}
