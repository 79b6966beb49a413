/** Tries a predictor again that failed at once: a reset connection, a restarting server. */
import type { Clock } from '../../core/clock.ts'
import type { Predictor } from '../../core/contracts/predictor.ts'
import { MillraceError } from '../../core/errors.ts'
import { namesOf } from './check-answer.ts'

export type RetryOptions = {
  /** Of all tries, the first included. */
  readonly attempts: number
  /** Before the second try at most so long; doubled for each one after it. */
  readonly pauseMs: number
  readonly clock: Clock
  /** From 0 to below 1; the share of the pause that is waited, so that callers do not come back together. */
  readonly random: () => number
}

/** The predictor, tried again after failures; what has a code would be the same again. */
export function withRetry(predictor: Predictor, options: RetryOptions): Predictor {
  const { attempts, pauseMs, clock, random } = options
  return {
    ...namesOf(predictor),
    predict: async (questions, asked) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await predictor.predict(questions, asked)
        } catch (error) {
          const isLast = attempt >= attempts || asked.signal.aborted
          if (isLast || error instanceof MillraceError) throw error
          await clock.sleep(random() * pauseMs * 2 ** (attempt - 1), asked.signal)
        }
      }
    },
  }
}
