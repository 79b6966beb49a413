/**
 * Plan × adapter → result. A run is one transaction: all models are written and all tests run in it, and it is
 * committed only when nothing failed, so readers see the state before or the state after and nothing between.
 */
import type { Clock } from '../../core/clock.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import type { Graph, GraphNode } from '../compile/graph.ts'
import type { Plan, Stage } from '../plan/plan-run.ts'
import type { Adapter, Session } from './adapter.ts'
import { executeNode, type Findings } from './execute-node.ts'
import { appendHistory, ensureHistory, recordFailures, recordRun, takeFence } from './history.ts'
import type { NodeRenderer } from './node-renderer.ts'
import {
  type BuiltRelation,
  isFailure,
  type NodeResult,
  type RunEvent,
  type RunOutcome,
  type RunResult,
} from './result.ts'
import { RunState } from './run-state.ts'

export type RunDependencies = {
  readonly graph: Graph
  readonly renderer: NodeRenderer
  readonly adapter: Adapter
  readonly clock: Clock
  /** Names the run in the history and in the commit. */
  readonly runId: string
  readonly signal?: AbortSignal
  readonly onEvent?: (event: RunEvent) => void
}

/** Ends the transaction on purpose; carries what was found out until then. */
class RollBack extends Error {
  readonly outcome: RunOutcome
  readonly results: readonly NodeResult[]
  readonly baseSnapshot: number | undefined
  constructor(outcome: RunOutcome, state: RunState) {
    super('the run ends without a commit')
    this.outcome = outcome
    this.results = [...state.results.values()]
    this.baseSnapshot = state.baseSnapshot
  }
}

/**
 * Runs a plan. A failed model or test is a result, not an exception.
 * @throws `lake/*` when the lake does not answer or keeps conflicting (retryable); nothing is published then
 */
export async function runPlan(plan: Plan, dependencies: RunDependencies): Promise<RunResult> {
  const { adapter, clock, runId, signal } = dependencies
  const started = clock.now()
  const startedAt = new Date(started).toISOString()
  let attempts = 0
  const summary = (outcome: RunOutcome, results: readonly NodeResult[]) => ({
    runId,
    command: plan.command,
    outcome,
    unit: adapter.unit,
    results,
    attempts,
    startedAt,
    elapsedMs: clock.now() - started,
  })
  try {
    const results = await adapter.transaction(
      async (session) => {
        attempts++
        dependencies.onEvent?.({ kind: 'attempt', attempt: attempts })
        const run = { runId, at: startedAt }
        const state = await runStages(plan, session, dependencies, run)
        const done = [...state.results.values()]
        if (adapter.keepsHistory) {
          await recordRun(session, adapter.catalog, summary('committed', done), state.baseSnapshot)
          await recordFailures(session, adapter.catalog, runId, done, startedAt)
        }
        return done
      },
      { message: `${plan.command} ${runId}`, ...(signal && { signal }) },
    )
    const snapshot = await adapter.snapshot()
    const built = builtRelations(plan, results, snapshot)
    return { ...summary('committed', results), snapshot, built }
  } catch (error) {
    const end = endOf(error, signal)
    if (end === undefined) throw error
    const run = summary(end.outcome, end.results)
    if (adapter.keepsHistory) await recordRolledBack(adapter, run, end.baseSnapshot)
    const snapshot = end.baseSnapshot ?? (await adapter.snapshot())
    return { ...run, snapshot, built: [] }
  }
}

type End = Pick<RollBack, 'outcome' | 'results' | 'baseSnapshot'>

/** How a run ended that was not committed; undefined when it could not be carried out at all. */
function endOf(error: unknown, signal: AbortSignal | undefined): End | undefined {
  if (error instanceof RollBack) return error
  // Whatever breaks between two nodes after Ctrl-C was broken by it.
  if (signal?.aborted) return { outcome: 'interrupted', results: [], baseSnapshot: undefined }
  return undefined
}

/** The history of a run that was rolled back goes into a transaction of its own. */
async function recordRolledBack(
  adapter: Adapter,
  run: Omit<RunResult, 'built' | 'snapshot'>,
  baseSnapshot: number | undefined,
): Promise<void> {
  const { runId, command, results, startedAt } = run
  await adapter.transaction(
    async (session) => {
      await ensureHistory(session, adapter.catalog)
      await recordRun(session, adapter.catalog, run, baseSnapshot)
      await recordFailures(session, adapter.catalog, runId, results, startedAt)
    },
    { message: `${command} ${runId}: ${run.outcome}` },
  )
}

/** All stages in one transaction. @throws RollBack when one failed or the run was interrupted */
async function runStages(
  plan: Plan,
  session: Session,
  dependencies: RunDependencies,
  run: { readonly runId: string; readonly at: string },
): Promise<RunState> {
  const { adapter, graph, signal } = dependencies
  const interrupt = () => session.interrupt()
  signal?.addEventListener('abort', interrupt)
  try {
    if (adapter.keepsHistory) await ensureHistory(session, adapter.catalog)
    const state = await RunState.load(session, adapter, graph)
    if (adapter.keepsHistory && plan.stages.some(({ node }) => node.kind !== 'test')) {
      await takeFence(session, adapter.catalog, run.runId)
    }
    for (const [index, stage] of plan.stages.entries()) {
      const place = { index: index + 1, total: plan.stages.length }
      if (signal?.aborted) throw new RollBack('interrupted', state)
      dependencies.onEvent?.({ kind: 'started', node: stage.node, ...place })
      const result = await runStage(stage, plan, { session, state }, dependencies, run)
      state.results.set(stage.node.id, result)
      dependencies.onEvent?.({ kind: 'finished', result, ...place })
    }
    if (signal?.aborted) throw new RollBack('interrupted', state)
    if ([...state.results.values()].some(isFailure)) throw new RollBack('rolled-back', state)
    if (adapter.keepsHistory) {
      await appendHistory(session, adapter.catalog, 'model_state', state.seen)
    }
    return state
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}

async function runStage(
  stage: Stage,
  plan: Plan,
  { session, state }: { readonly session: Session; readonly state: RunState },
  dependencies: RunDependencies,
  run: { readonly runId: string; readonly at: string },
): Promise<NodeResult> {
  const { node } = stage
  const { clock, renderer, adapter, signal } = dependencies
  const reason = skipReason(stage, state)
  if (reason !== undefined) return describeResult(node, { status: 'skipped', message: reason }, 0)
  const started = clock.now()
  const elapsed = () => clock.now() - started
  try {
    const { fullRefresh } = plan
    const found = await executeNode(node, { session, state, renderer, fullRefresh, run })
    if (node.kind !== 'test') await session.settle(true)
    return describeResult(node, found, elapsed())
  } catch (error) {
    if (signal?.aborted) throw new RollBack('interrupted', state)
    if (!(error instanceof MillraceError) && adapter.isOutage(error)) throw error
    await session.settle(false)
    const isLost = await session.isLost()
    const result = describeResult(node, { status: 'error', message: explain(error) }, elapsed())
    if (isLost) state.lostTo = node.name
    return result
  }
}

/** Why a stage cannot be run, if it cannot. */
function skipReason(stage: Stage, state: RunState): string | undefined {
  for (const id of stage.waitsFor) {
    const result = state.results.get(id)
    if (result === undefined || !isFailure(result)) continue
    return result.status === 'skipped' ? `${result.name} was skipped` : `${result.name} failed`
  }
  // An error at run time ends DuckDB's transaction, and with it everything that was written so far.
  return state.lostTo === undefined ? undefined : `${state.lostTo} ended the transaction`
}

function explain(error: unknown): string {
  if (!(error instanceof MillraceError)) return messageOf(error).trim()
  const { at, hint } = error
  const place = at?.line === undefined ? '' : `${at.file}:${at.line}:${at.column ?? 1} `
  return `${place}${error.message}${hint === undefined ? '' : ` (${hint})`}`
}

function describeResult(node: GraphNode, found: Findings, elapsedMs: number): NodeResult {
  return {
    id: node.id,
    name: node.name,
    kind: node.kind,
    file: node.file,
    relation: node.kind === 'test' ? undefined : node.relation,
    materialized: node.kind === 'model' ? node.materialized : undefined,
    rows: undefined,
    failures: undefined,
    failingRows: [],
    ...found,
    elapsedMs,
  }
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
