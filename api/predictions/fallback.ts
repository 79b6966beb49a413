/** Several ways to one prediction: each is asked when the one before does not answer. */
import type { Predictor } from '../../core/contracts/predictor.ts'
import { isProblem, messageOf } from '../../core/errors.ts'
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
 * @throws `api/no-model` when none has a model, `api/model-unavailable`, or what all with a model said
 */
export function withFallback(predictors: readonly NamedPredictor[], log: Log): Predictor {
  const said = new Map<string, string>()
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
          const answer = await predictor.predict(questions, options)
          said.delete(name)
          return answer
        } catch (error) {
          options.signal.throwIfAborted()
          if (isFinal(error)) throw error
          failures.push(error)
          if (isNews(error, name, said)) {
            log.warn({ event: 'predictor.failed', predictor: name, err: error })
          }
        }
      }
      throw toProblem(failures)
    },
  }
}

/** What the next would say too: the caller's own mistake, or that there is too much to do. */
function isFinal(error: unknown): boolean {
  return isForCallers(error) && (error.httpStatus < 500 || isProblem(error, 'api/overloaded'))
}

/** A failure that lasts is said once. @param said by predictor, since it last answered */
function isNews(error: unknown, name: string, said: Map<string, string>): boolean {
  // Who pauses has said so, and what callers are told is logged with their request.
  if (error instanceof PausedError || isForCallers(error)) return false
  const text = messageOf(error)
  if (said.get(name) === text) return false
  said.set(name, text)
  return true
}

function toProblem(failures: readonly unknown[]): unknown {
  const real = failures.filter((failure) => !isProblem(failure, 'api/no-model'))
  const [first] = real
  if (first === undefined) return failures.at(-1) ?? problem('api/no-model', {})
  if (isForCallers(first) && real.every((one) => isProblem(one, first.code))) return first
  return problem('api/model-unavailable', {}, { cause: first })
}
