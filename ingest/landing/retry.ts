/** Outside systems are asked again for as long as it takes; the log says so, and the caller can see it. */
import type { Clock } from '../../core/clock.ts'
import { isProblem, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'

export type RetryContext = {
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** Told of each failure, and when it is over. */
  readonly trouble: { troubled(error: unknown): void; overcame(): void }
}

const firstPauseMs = 100
const longestPauseMs = 5_000

/** The pause before a repetition: doubling, capped, a quarter of it random. */
function pauseMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt, 10))
  return full * (0.75 + 0.25 * random())
}

/** Runs `work` until it succeeds. Rejects when the signal aborts, or with an error that no waiting mends. */
export async function untilDone<T>(
  what: string,
  context: RetryContext,
  work: () => Promise<T>,
): Promise<T> {
  const { clock, log, signal, trouble } = context
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      const result = await work()
      if (attempt > 0) trouble.overcame()
      return result
    } catch (error) {
      if (signal.aborted || !(isProblem(error) && error.retryable)) throw error
      trouble.troubled(error)
      const reason = messageOf(error)
      log.warn(
        { event: 'landing.retry', what, attempt: attempt + 1, reason },
        `${what} failed; again`,
      )
      await clock.sleep(pauseMs(attempt), signal)
    }
  }
}
