/** A predictor that hangs is left behind, whether it listens to its signal or not. */
import type { Clock } from '../../core/clock.ts'
import type { Predictor } from '../../core/contracts/predictor.ts'
import { namesOf } from './check-answer.ts'

/** The predictor, which rejects after `limitMs`, or with the signal's reason as soon as the caller is gone. */
export function withTimeLimit(predictor: Predictor, limitMs: number, clock: Clock): Predictor {
  return {
    ...namesOf(predictor),
    predict: async (questions, { signal: caller, withReasons }) => {
      const over = new AbortController()
      const signal = AbortSignal.any([caller, over.signal])
      const expired = clock.sleep(limitMs, signal).then(() => {
        throw new Error(`no answer within ${limitMs} ms`)
      })
      // Async, so that one that throws at once does not leave `expired` without a listener.
      const ask = async () => await predictor.predict(questions, { signal, withReasons })
      try {
        return await Promise.race([expired, ask()])
      } finally {
        over.abort()
      }
    },
  }
}
