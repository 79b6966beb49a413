/**
 * A run as one transaction: all nodes are written and all tests run in it, and it is committed only when nothing
 * failed, so readers see the state before or the state after and nothing between.
 */
import { findCause, messageOf } from '../../core/errors.ts'
import { nodeStateRows } from '../changed/record-state.ts'
import type { RunnableNode } from '../plan/plan-run.ts'
import type { Session } from './adapter.ts'
import { attemptNode, interruptOn } from './attempt-node.ts'
import { commitOf } from './commit-note.ts'
import { appendHistory, ensureHistory, recordFailures, recordRun, takeFence } from './history.ts'
import { makeSchemas } from './make-schemas.ts'
import { explain, resultOf, writtenRelation } from './node-result.ts'
import { isFailure, type Timing } from './result.ts'
import { classOf, maxTries, outageIn, reasonOf, waitAfterOutage } from './retries.ts'
import { type Run, RunEnd } from './run-dependencies.ts'
import { RunState } from './run-state.ts'
import { type Worked, workStages } from './work-stages.ts'

/** An outage in the middle of a node: the transaction is over, and may be begun again. */
class Outage extends Error {
  readonly node: RunnableNode
  constructor(node: RunnableNode, cause: unknown) {
    super(messageOf(cause), { cause })
    this.node = node
  }
}

/** @returns the state that was committed. @throws RunEnd when it was not; an outage when the tries are used up */
export async function runAtomic(run: Run): Promise<RunState> {
  const { adapter, clock, signal, onEvent } = run
  let attempts = 0
  let reason: string | undefined
  let written: RunState | undefined
  for (let outages = 1; ; outages++) {
    try {
      return await adapter.transaction(
        async (session) => {
          attempts++
          // What an earlier try has written is gone with its transaction.
          await run.files.undo()
          onEvent?.({ kind: 'attempt', attempt: attempts, ...(reason && { reason }) })
          reason = 'another writer committed in between'
          const state = await runStages(run, session)
          written = state
          await record(run, session, state)
          await run.files.publish(session)
          return state
        },
        {
          ...commitOf(run, () => [...(written?.results.values() ?? [])]),
          ...(signal && { signal }),
        },
      )
    } catch (error) {
      const outage = findCause(error, (cause) => cause instanceof Outage)
      const node = outage instanceof Outage ? outage.node : undefined
      // After Ctrl-C whatever breaks was broken by it.
      const isOver = error instanceof RunEnd || signal?.aborted === true
      if (isOver || classOf(error, adapter) === 'wrong' || outages >= maxTries(run, node)) {
        throw signal?.aborted ? error : (outageIn(error, adapter, attempts) ?? error)
      }
      reason = reasonOf(error, adapter)
      await waitAfterOutage(clock, outages, signal)
    }
  }
}

/** All stages in one transaction. @throws RunEnd when one failed or the run was interrupted */
async function runStages(run: Run, session: Session): Promise<RunState> {
  const { adapter, graph, plan, runId, signal } = run
  using _ = interruptOn(signal, [session, run.scratch])
  if (adapter.keepsHistory) await ensureHistory(session, adapter.catalog)
  const state = await RunState.load(session, adapter, graph)
  if (adapter.keepsHistory && plan.stages.some(({ node }) => writtenRelation(node) !== undefined)) {
    await takeFence(session, adapter.catalog, runId)
  }
  await makeSchemas(run, session, state)
  await workStages(run, state, [{ thread: 'Thread-1', session }], (node) =>
    workOn(node, session, state, run),
  )
  if (signal?.aborted) throw new RunEnd('interrupted', state)
  if ([...state.results.values()].some(isFailure)) throw new RunEnd('rolled-back', state)
  if (adapter.keepsHistory) {
    await appendHistory(session, adapter.catalog, 'model_state', state.seen)
    const rows = await nodeStateRows(run, session, state)
    await appendHistory(session, adapter.catalog, 'node_state', rows)
  }
  return state
}

async function workOn(
  node: RunnableNode,
  session: Session,
  state: RunState,
  run: Run,
): Promise<Worked> {
  const { clock, adapter, signal } = run
  const started = clock.now()
  let timing: readonly Timing[] = []
  const course = () => ({ elapsedMs: clock.now() - started, thread: 'Thread-1', timing })
  try {
    const found = await attemptNode(node, { session, state }, run, (timed) => {
      timing = timed
    })
    return { result: resultOf(node, found, course()) }
  } catch (error) {
    if (signal?.aborted) throw new RunEnd('interrupted', state)
    if (classOf(error, adapter) !== 'wrong') throw new Outage(node, error)
    const result = resultOf(node, { status: 'error', message: explain(error) }, course())
    // An error at run time ends DuckDB's transaction, and with it everything that was written so far.
    const isLost = await session.isLost()
    return { result, stops: isLost ? `${node.name} ended the transaction` : undefined }
  }
}

async function record(
  { adapter, runId, startedAt, summary, origin }: Run,
  session: Session,
  state: RunState,
): Promise<void> {
  if (!adapter.keepsHistory) return
  const results = [...state.results.values()]
  const run = summary('committed', results)
  await recordRun(session, adapter.catalog, run, state.baseSnapshot, origin)
  await recordFailures(session, adapter.catalog, runId, results, startedAt)
}
