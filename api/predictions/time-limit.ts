/** A predictor that hangs is left behind, whether it listens to its signal or not. */
import type { Clock } from '../../core/clock.ts'
import { type Predictor, reasonsMs } from '../../core/contracts/predictor.ts'
import { within } from '../../core/within.ts'
import { namesOf } from './check-answer.ts'

/**
 * The predictor, which rejects after its time, or with the signal's reason as soon as the caller is gone.
 * @param limitMs for the scores; reasons have their own time after it
 */
export function withTimeLimit(predictor: Predictor, limitMs: number, clock: Clock): Predictor {
  return {
    ...namesOf(predictor),
    predict: async (questions, { signal: caller, withReasons }) => {
      let areScored = false
      const onScores = () => {
        areScored = true
      }
      const late = async (signal: AbortSignal) => {
        if (areScored) await clock.sleep(reasonsMs(questions.length), signal)
        throw new Error(`no answer within ${limitMs} ms`)
      }
      return await within({ ms: limitMs, clock, late, caller }, (signal) =>
        predictor.predict(questions, { signal, withReasons, onScores }),
      )
    },
  }
}
