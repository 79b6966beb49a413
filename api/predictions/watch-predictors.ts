/** What became of the last questions to the predictors; nothing is asked of them to know it, for each answer costs. */
import type { Clock } from '../../core/clock.ts'
import type { Predictor } from '../../core/contracts/predictor.ts'
import type { Standing } from '../http/health.ts'
import { namesOf } from './check-answer.ts'
import { outcomeOf } from './circuit-breaker.ts'

export type PredictorWatch = {
  /** The predictor, whose answers are watched. */
  readonly watched: (predictor: Predictor) => Predictor
  /** Of the one that stands best. */
  readonly standing: () => Standing
}

const bestFirst = ['up', 'unknown', 'down', 'absent'] as const

/** A watch over as many predictors as it is given. */
export function watchPredictors(clock: Pick<Clock, 'now'>): PredictorWatch {
  const last: { state: Standing['state']; askedAt: number | undefined }[] = []

  function watched(predictor: Predictor): Predictor {
    const mine: (typeof last)[number] = { state: 'unknown', askedAt: undefined }
    last.push(mine)
    const note = (state: Standing['state']) => Object.assign(mine, { state, askedAt: clock.now() })
    return {
      ...namesOf(predictor),
      predict: async (questions, options) => {
        try {
          const answer = await predictor.predict(questions, options)
          note('up')
          return answer
        } catch (error) {
          const outcome = outcomeOf(error, options.signal)
          if (outcome !== 'left') note(outcome === 'answered' ? 'absent' : 'down')
          throw error
        }
      },
    }
  }

  function standing(): Standing {
    const state = bestFirst.find((one) => last.some((mine) => mine.state === one)) ?? 'unknown'
    const asked = last.flatMap((mine) => (mine.state === state ? (mine.askedAt ?? []) : []))
    if (asked.length === 0) return { state }
    return { state, ageSeconds: Math.max(0, clock.now() - Math.max(...asked)) / 1000 }
  }
  return { watched, standing }
}
