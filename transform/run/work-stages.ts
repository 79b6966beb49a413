/** Carries out the stages of a plan on one or more sessions, in the order that the schedule gives. */
import type { TestNode } from '../compile/graph.ts'
import type { RunnableNode, Stage } from '../plan/plan-run.ts'
import type { Session } from './adapter.ts'
import { answerTests } from './answer-tests.ts'
import { leftOutReason, resultOf } from './node-result.ts'
import { isFailure, type NodeResult } from './result.ts'
import type { Run } from './run-dependencies.ts'
import type { RunState } from './run-state.ts'
import { type LeftOut, Schedule, type Step } from './schedule.ts'
import { TestGroups } from './test-batch.ts'

export type Worker<Own extends Session = Session> = {
  /** dbt's name: `Thread-1`. */
  readonly thread: string
  readonly session: Own
}

/** What one node's work gives: its result, and why all that has not begun is left out, if it is. */
export type Worked = { readonly result: NodeResult; readonly stops?: string | undefined }

/** dbt's words. */
const failFastReason = 'Skipping due to fail_fast'

/**
 * Ends when every stage has ended or is left out, or when the signal says so; results are in `state`.
 * @throws what `work` throws, once every worker is done
 */
export async function workStages<Own extends Session>(
  run: Run,
  state: RunState,
  workers: readonly Worker<Own>[],
  work: (node: RunnableNode, worker: Worker<Own>) => Promise<Worked>,
): Promise<void> {
  const { plan, signal, onEvent, weightOf } = run
  const stages = new Map(plan.stages.map((stage) => [stage.node.id, stage]))
  const total = stages.size
  // One after another takes as long in any order; then tests come early, as the plan has them.
  const byCriticalPath = workers.length > 1
  const schedule = new Schedule(plan.stages.map(stepOf), {
    byCriticalPath,
    ...(weightOf && { weightOf }),
  })
  const groups = new TestGroups(plan.stages, run.renderer)
  let begun = 0
  let hasThrown = false
  let isFailingFast = false
  let waiting: (() => void)[] = []
  const wake = () => {
    const all = waiting
    waiting = []
    for (const go of all) go()
  }

  const finish = (result: NodeResult, index: number) => {
    state.results.set(result.id, result)
    onEvent?.({ kind: 'finished', result, index, total })
  }
  const leaveOut = (leftOut: readonly LeftOut[], why: string) => {
    for (const { id, dueTo } of leftOut) {
      const stage = stages.get(id)
      if (stage === undefined) continue
      const cause = dueTo === undefined ? undefined : state.results.get(dueTo)
      const message = leftOutReason(cause, why)
      finish(resultOf(stage.node, { status: 'skipped', message }), ++begun)
    }
  }
  const isOver = () => schedule.isDone || hasThrown || signal?.aborted === true

  function begin(node: RunnableNode, { thread, session }: Worker<Own>): number {
    const index = ++begun
    const progress = () => session.progress()
    onEvent?.({ kind: 'started', node, index, total, thread, progress })
    return index
  }

  function end(
    node: RunnableNode,
    { result, stops }: Worked,
    index: number,
    worker: Worker<Own>,
  ): void {
    const wasCut = isFailingFast && result.status === 'error'
    finish(wasCut ? resultOf(node, { status: 'skipped', message: failFastReason }) : result, index)
    leaveOut(schedule.end(node.id, !isFailure(result)), failFastReason)
    if (stops !== undefined) leaveOut(schedule.stop(), stops)
    if (run.failFast !== true || isFailingFast || !isFailure(result)) return
    isFailingFast = true
    leaveOut(schedule.stop(), failFastReason)
    for (const other of workers) if (other !== worker) other.session.interrupt()
  }

  async function workOn({ node }: Stage, worker: Worker<Own>): Promise<void> {
    const batch = groups.around(node).filter(({ id }) => id === node.id || schedule.begin(id))
    if (batch.length > 1) return await workOnBatch(batch, worker)
    const index = begin(node, worker)
    end(node, await work(node, worker), index, worker)
  }

  /** Tests that one query answers; what it does not answer is run by itself. */
  async function workOnBatch(tests: readonly TestNode[], worker: Worker<Own>): Promise<void> {
    const started = tests.map((node) => ({ node, index: begin(node, worker) }))
    const answered = await answerTests(tests, worker, run)
    let stopped = [...answered.values()].find(({ stops }) => stops !== undefined)?.stops
    for (const { node, index } of started) {
      const known = answered.get(node.id)
      const reason = stopped ?? (isFailingFast ? failFastReason : undefined)
      const isLeft = known === undefined && reason !== undefined
      const worked: Worked = isLeft
        ? { result: resultOf(node, { status: 'skipped', message: reason }) }
        : (known ?? (await work(node, worker)))
      stopped ??= worked.stops
      end(node, worked, index, worker)
    }
  }

  async function loop(worker: Worker<Own>): Promise<void> {
    while (!isOver()) {
      const stage = stages.get(schedule.next() ?? '')
      if (stage === undefined) {
        await new Promise<void>((resolve) => waiting.push(resolve))
        continue
      }
      // Whoever sleeps may find more to do, and what this one's end brings is found by the others too.
      try {
        await workOn(stage, worker)
      } catch (error) {
        hasThrown = true
        throw error
      } finally {
        wake()
      }
    }
    wake()
  }

  const ended = await Promise.allSettled(workers.map(loop))
  const failed = ended.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function stepOf({ node, waitsFor }: Stage): Step {
  const letsPass = node.kind === 'model' && node.config['on_error'] === 'continue'
  return { id: node.id, waitsFor, letsPass }
}
