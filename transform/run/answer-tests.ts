/** A batch of data tests in a run: the results of those that one query finds to pass. */
import type { TestNode } from '../compile/graph.ts'
import type { Session } from './adapter.ts'
import { timing } from './attempt-node.ts'
import { explain, resultOf } from './node-result.ts'
import type { NodeResult } from './result.ts'
import { classOf } from './retries.ts'
import type { Run } from './run-dependencies.ts'
import { executeBatch, suspectOf } from './test-batch.ts'

type Answer = {
  readonly result: NodeResult
  /** Why whatever has not begun is left out. */
  readonly stops?: string
}

/**
 * @returns by id; tests that are missing are to be run by themselves. When the query ended a transaction, the result
 *   of the one test that must have done so
 * @throws an outage that ended the transaction
 */
export async function answerTests(
  tests: readonly TestNode[],
  { session, thread }: { readonly session: Session; readonly thread: string },
  { renderer, adapter, clock, signal }: Run,
): Promise<ReadonlyMap<string, Answer>> {
  const [first] = tests
  if (first === undefined) return new Map()
  const began = clock.now()
  const course = (share: number) => {
    const ended = clock.now()
    return { elapsedMs: (ended - began) / share, thread, timing: [timing('execute', began, ended)] }
  }
  try {
    const passed = await executeBatch(tests, { session: session.for(first.id), renderer })
    const shared = course(tests.length)
    return new Map(
      tests.flatMap((node) => {
        const found = passed.get(node.id)
        return found === undefined ? [] : [[node.id, { result: resultOf(node, found, shared) }]]
      }),
    )
  } catch (error) {
    // Outside a transaction, and after what only interrupts, each finds out for itself.
    if (signal?.aborted || !(await session.isLost())) return new Map()
    if (classOf(error, adapter) !== 'wrong') throw error
    const suspect = suspectOf(tests) ?? first
    const result = resultOf(suspect, { status: 'error', message: explain(error) }, course(1))
    return new Map([[suspect.id, { result, stops: `${suspect.name} ended the transaction` }]])
  }
}
