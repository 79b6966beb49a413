/** Several ways to one prediction: each is asked when the one before does not answer. */
import type { Predictor } from '../../core/contracts/predictor.ts'
import { isProblem } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { problem } from '../../core/problems.ts'
import { isForCallers } from '../http/problem-response.ts'
import { PausedError } from './circuit-breaker.ts'

export type NamedPredictor = {
  /** For the log: `endpoint`. */
  readonly name: string
  readonly predictor: Predictor
}

/**
 * Asks from the first to the last. One question is answered by one of them as a whole, so models are not mixed.
 * @throws `api/no-model` when none has a model, `api/model-unavailable`, or what the only one with a model said
 */
export function withFallback(predictors: readonly NamedPredictor[], log: Log): Predictor {
  return {
    featureNames: () => {
      for (const { predictor } of predictors) {
        const names = predictor.featureNames?.()
        if (names !== undefined) return names
      }
      return undefined
    },
    predict: async (questions, options) => {
      const failures: unknown[] = []
      for (const { name, predictor } of predictors) {
        try {
          return await predictor.predict(questions, options)
        } catch (error) {
          options.signal.throwIfAborted()
          failures.push(error)
          logFailure(log, name, error)
        }
      }
      throw toProblem(failures)
    },
  }
}

function logFailure(log: Log, predictor: string, error: unknown): void {
  // Who pauses has said so once.
  if (error instanceof PausedError || isProblem(error, 'api/no-model')) return
  log.warn({ event: 'predictor.failed', predictor, err: error })
}

function toProblem(failures: readonly unknown[]): unknown {
  const real = failures.filter((failure) => !isProblem(failure, 'api/no-model'))
  const [only] = real
  if (only === undefined) return failures.at(-1) ?? problem('api/no-model', {})
  if (real.length === 1 && isForCallers(only)) return only
  return problem('api/model-unavailable', {}, { cause: only })
}
