/** Outside systems are asked again for as long as it takes; the log says so, and the caller can see it. */
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'

export type RetryContext = {
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** Told of each failure, and with undefined when it is over. */
  readonly onTrouble: (error: unknown) => void
  /** True for errors that no waiting mends; they are thrown. */
  readonly isFatal: (error: unknown) => boolean
}

const firstPauseMs = 100
const longestPauseMs = 5_000

/** The pause before a repetition: doubling, capped, a quarter of it random. */
function pauseMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt, 10))
  return full * (0.75 + 0.25 * random())
}

/** Runs `work` until it succeeds. Rejects when the signal aborts or the error is fatal. */
export async function untilDone<T>(
  what: string,
  context: RetryContext,
  work: () => Promise<T>,
): Promise<T> {
  const { clock, log, signal } = context
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      const result = await work()
      if (attempt > 0) context.onTrouble(undefined)
      return result
    } catch (error) {
      if (signal.aborted || context.isFatal(error)) throw error
      context.onTrouble(error)
      const reason = messageOf(error)
      log.warn(
        { event: 'landing.retry', what, attempt: attempt + 1, reason },
        `${what} failed; again`,
      )
      await clock.sleep(pauseMs(attempt), signal)
    }
  }
}
