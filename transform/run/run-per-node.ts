/**
 * A run whose nodes are published one by one, each in a transaction of its own, on several connections at once. What
 * fails takes along only what stands below it.
 */
import type { ModelNode } from '../compile/graph.ts'
import { failuresKeptAs } from '../compile/test-failures.ts'
import type { RunnableNode } from '../plan/plan-run.ts'
import type { OpenSession, TransactionOptions } from './adapter.ts'
import { attemptNode, interruptOn, type OnTimed } from './attempt-node.ts'
import { commitOfNode } from './commit-note.ts'
import { appendHistory, ensureHistory, takeFence } from './history.ts'
import { isAlone } from './is-alone.ts'
import { makeSchemas } from './make-schemas.ts'
import type { Findings } from './node-context.ts'
import { explain, resultOf, writtenRelation } from './node-result.ts'
import { isFailure, type Timing } from './result.ts'
import { classOf, mostTries, outageIn, reasonOf, waitAfter } from './retries.ts'
import { type Run, RunEnd } from './run-dependencies.ts'
import { RunState } from './run-state.ts'
import { type Worked, type Worker, workStages } from './work-stages.ts'

/** @returns the state once every node has ended well. @throws RunEnd when one failed or the run was interrupted */
export async function runPerNode(run: Run): Promise<RunState> {
  const { adapter, plan, signal, onEvent } = run
  const count = Math.max(1, Math.min(run.threads ?? 1, plan.stages.length))
  const sessions: OpenSession[] = []
  try {
    for (let index = 0; index < count; index++) sessions.push(await adapter.connect())
    using _ = interruptOn(signal, [...sessions, run.scratch])
    onEvent?.({ kind: 'attempt', attempt: 1 })
    const state = await prepare(run, sessions)
    const workers = sessions.map((session, index) => ({ thread: `Thread-${index + 1}`, session }))
    const fence = new Turns()
    await workStages(run, state, workers, (node, worker) =>
      workOn(node, worker, run, state, fence),
    ).catch((error: unknown) => {
      throw signal?.aborted ? new RunEnd('interrupted', state) : error
    })
    if (signal?.aborted) throw new RunEnd('interrupted', state)
    if ([...state.results.values()].some(isFailure)) throw new RunEnd('failed', state)
    return state
  } finally {
    for (const session of sessions) session.close()
  }
}

/**
 * What stands in the database, and what every node needs: made at once, before nodes get in each other's way.
 * @throws the outage that is left when the tries are used up
 */
async function prepare(run: Run, [first]: readonly OpenSession[]): Promise<RunState> {
  const { adapter, clock, signal } = run
  if (first === undefined) throw new Error('a run has a session')
  for (let tries = 1; ; tries++) {
    try {
      return await prepareOnce(run, first)
    } catch (error) {
      const kind = classOf(error, adapter)
      if (signal?.aborted || tries >= mostTries(kind, run)) {
        throw outageIn(error, adapter, tries) ?? error
      }
      await waitAfter(kind, clock, tries, signal)
    }
  }
}

async function prepareOnce(run: Run, first: OpenSession): Promise<RunState> {
  const { adapter, graph, plan, runId } = run
  const begins = { message: `${plan.command} ${runId}: begins`, author: run.origin?.author }
  return await inTransaction(first, begins, async () => {
    if (adapter.keepsHistory) await ensureHistory(first, adapter.catalog)
    const state = await RunState.load(first, adapter, graph)
    await makeSchemas(run, first, state)
    return state
  })
}

async function workOn(
  node: RunnableNode,
  { session, thread }: Worker<OpenSession>,
  run: Run,
  state: RunState,
  fence: Turns,
): Promise<Worked> {
  const { clock, adapter, signal, onEvent } = run
  const started = clock.now()
  let timing: readonly Timing[] = []
  const onTimed: OnTimed = (timed) => {
    timing = timed
  }
  const course = () => ({ elapsedMs: clock.now() - started, thread, timing })
  for (let tries = 1; ; tries++) {
    try {
      if (tries > 1 && adapter.kind === 'duckdb') await lookAgain(node, session, state)
      const found = await tryOnce(node, session, run, { state, fence, onTimed })
      return { result: resultOf(node, found, course()) }
    } catch (error) {
      await session.rollback()
      if (signal?.aborted) throw error
      const kind = classOf(error, adapter)
      if (tries >= mostTries(kind, run, node)) {
        const outage = outageIn(error, adapter, tries)
        const findings = { status: 'error', message: explain(outage ?? error) } as const
        const result = resultOf(node, findings, course())
        return { result: outage === undefined ? result : { ...result, outage } }
      }
      onEvent?.({ kind: 'retried', node, attempt: tries + 1, reason: reasonOf(error, adapter) })
      await waitAfter(kind, clock, tries, signal)
    }
  }
}

async function lookAgain(node: RunnableNode, session: OpenSession, state: RunState): Promise<void> {
  const relation = writtenRelation(node)
  if (relation !== undefined) await state.refreshFirst(session, relation)
}

type Around = {
  readonly state: RunState
  readonly fence: Turns
  readonly onTimed: OnTimed
}

/** One try, and the files that it wrote. */
async function tryOnce(
  node: RunnableNode,
  session: OpenSession,
  run: Run,
  around: Around,
): Promise<Findings> {
  try {
    const attempt = await tryInTransaction(node, session, run, around)
    await run.files.finish(node.id)
    return attempt
  } catch (error) {
    await run.files.undo(node.id)
    throw error
  }
}

async function tryInTransaction(
  node: RunnableNode,
  session: OpenSession,
  run: Run,
  { state, fence, onTimed }: Around,
): Promise<Findings> {
  const { adapter, runId } = run
  const needsNone = adapter.kind === 'duckdb' && isAlone(node, state, run.renderer)
  if (needsNone || !writes(node, run)) {
    return await attemptNode(node, { session, state }, run, onTimed)
  }
  const note = commitOfNode(run, node)
  if (!adapter.keepsHistory || !isExact(node)) {
    const transaction = {
      begin: () => session.begin(),
      commit: async () => {
        await run.files.publish(session, node.id)
        await session.commit(note)
        await run.files.finish(node.id)
      },
    }
    return await inTransaction(session, note, async () => {
      // Other builds write to a lake too; to a file only we do.
      if (adapter.kind === 'ducklake') await lookAgain(node, session, state)
      const attempt = await attemptNode(node, { session, state, transaction }, run, onTimed)
      await run.files.publish(session, node.id)
      return attempt
    })
  }
  // What it has seen is committed with its output, and two that do so at once would not notice each other.
  return await fence.take(() =>
    inTransaction(session, note, async () => {
      await lookAgain(node, session, state)
      const own = await state.inTransaction(session)
      await takeFence(session, adapter.catalog, runId)
      const attempt = await attemptNode(node, { session, state: own }, run, onTimed)
      await appendHistory(session, adapter.catalog, 'model_state', own.seen)
      return attempt
    }),
  )
}

async function inTransaction<T>(
  session: OpenSession,
  note: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  await session.begin()
  try {
    const result = await work()
    await session.commit(note)
    return result
  } catch (error) {
    await session.rollback()
    throw error
  }
}

/** Whether a node needs a transaction: a query alone is one. */
function writes({ kind, config }: RunnableNode, { renderer }: Run): boolean {
  if (kind === 'unit_test') return false
  const flag = renderer.flag('STORE_FAILURES') === true
  return kind !== 'test' || failuresKeptAs(config, flag) !== undefined
}

/** Whether a node keeps how far it has read what stands above it. */
function isExact(node: RunnableNode): node is ModelNode {
  return node.kind === 'model' && node.newRowsOf.length > 0
}

/** Lets one work at a time. */
class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    this.#last = turn
    return turn
  }
}
