/** How often something is tried again, and how long to wait before it. */
import type { Clock } from '../../core/clock.ts'
import { MillraceError } from '../../core/errors.ts'
import type { PlannedNode } from '../plan/plan-run.ts'
import type { Adapter } from './adapter.ts'
import type { Run } from './run-dependencies.ts'

/** Tries in all when others commit in between; as in the lake's own transactions. */
export const maxConflictTries = 20

/** A race that was lost, something outside that did not answer, or what would fail each time. */
export type ErrorClass = 'conflict' | 'outage' | 'wrong'

/** What stands behind an error, a template's query included. */
export function classOf(error: unknown, adapter: Adapter): ErrorClass {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (adapter.isConflict(current)) return 'conflict'
    // The adapter takes every error of ours for an outage: it asks what it could explain.
    const isOutage =
      current instanceof MillraceError ? current.retryable : adapter.isOutage(current)
    if (isOutage) return 'outage'
  }
  return 'wrong'
}

const firstWaitMs = 1_000
const longestWaitMs = 30_000

/** Tries in all when something outside does not answer: one, and as many more as the node or the run says. */
export function maxTries({ retries = 0 }: Run, node: PlannedNode | undefined): number {
  const own = node?.config['retries']
  return 1 + (typeof own === 'number' ? own : retries)
}

/** 1 s, 2 s, 4 s … 30 s, each shortened by up to a half so that not all come back at once. */
export async function waitAfterOutage(
  clock: Clock,
  tries: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (tries - 1))
  await clock.sleep(wait * (0.5 + Math.random() / 2), signal)
}

/** Up to 50 ms × tries: a commit takes 50–100 ms, and equal waits would meet again. */
export async function waitAfterConflict(
  clock: Clock,
  tries: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await clock.sleep(Math.random() * 50 * tries, signal)
}
