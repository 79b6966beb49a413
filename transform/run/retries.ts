/** How often something is tried again, and how long to wait before it. */
import type { Clock } from '../../core/clock.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { withoutPasswords } from '../../core/redact.ts'
import type { PlannedNode } from '../plan/plan-run.ts'
import type { Adapter } from './adapter.ts'
import type { Run } from './run-dependencies.ts'

/** Tries in all when others commit in between; as in the lake's own transactions. */
const maxConflictTries = 20

/** A race that was lost, something outside that did not answer, or what would fail each time. */
export type ErrorClass = 'conflict' | 'outage' | 'wrong'

type Explaining = Pick<Adapter, 'explain' | 'isConflict'>

/** What stands behind an error, a template's query included. */
export function classOf(error: unknown, adapter: Explaining): ErrorClass {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (adapter.isConflict(current)) return 'conflict'
    if (asOutage(current, adapter) !== undefined) return 'outage'
  }
  return 'wrong'
}

/** The problem that tells what did not answer, or who was in the way; undefined when the same would fail again. */
export function outageIn(
  error: unknown,
  adapter: Explaining,
  attempts: number,
): MillraceError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const outage = asOutage(current, adapter)
    if (outage !== undefined) return outage
    if (adapter.isConflict(current)) {
      const reason = messageOf(current)
      return problem('lake/conflict', { attempts, reason }, { cause: error })
    }
  }
  return undefined
}

function asOutage(error: Error, adapter: Explaining): MillraceError | undefined {
  const known = adapter.explain(error)
  return known instanceof MillraceError && known.retryable ? known : undefined
}

/** Why something is tried again, in one line. */
export function reasonOf(error: unknown, adapter: Explaining): string {
  const isOutage = classOf(error, adapter) === 'outage'
  const told = isOutage ? outageIn(error, adapter, 1) : error
  const line = messageOf(told).split('\n')[0] ?? ''
  return withoutPasswords(line)
}

const firstWaitMs = 1_000
const longestWaitMs = 30_000

/** Tries in all when something outside does not answer: one, and as many more as the node or the run says. */
export function maxTries({ retries = 0 }: Run, node: PlannedNode | undefined): number {
  const own = node?.config['retries']
  return 1 + (typeof own === 'number' ? own : retries)
}

/** Tries in all of a node, or of what a run does before its nodes. */
export function mostTries(kind: ErrorClass, run: Run, node?: PlannedNode): number {
  return { conflict: maxConflictTries, outage: maxTries(run, node), wrong: 1 }[kind]
}

/** Waits as what has happened asks for. */
export async function waitAfter(
  kind: ErrorClass,
  clock: Clock,
  tries: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await (kind === 'conflict' ? waitAfterConflict : waitAfterOutage)(clock, tries, signal)
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
async function waitAfterConflict(
  clock: Clock,
  tries: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await clock.sleep(Math.random() * 50 * tries, signal)
}
