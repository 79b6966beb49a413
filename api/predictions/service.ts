/** What the routes of predictions work with: the given predictors made safe, and the stored scores behind them. */
import type { Clock } from '../../core/clock.ts'
import type { Predictor } from '../../core/contracts/predictor.ts'
import type { Log } from '../../core/log.ts'
import type { Settings } from '../../core/settings.ts'
import type { Standing } from '../http/health.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import { createBatchPredictor } from './batch-predictor.ts'
import { withCheckedAnswers } from './check-answer.ts'
import { withBreaker } from './circuit-breaker.ts'
import { type NamedPredictor, withFallback } from './fallback.ts'
import { withRetry } from './retry.ts'
import { withTimeLimit } from './time-limit.ts'
import { watchPredictors } from './watch-predictors.ts'

export type PredictionService = {
  readonly predictor: Predictor
  /** Something computes, so features can be given. */
  readonly computes: boolean
  /** Callers need one of them; none: every caller may. */
  readonly roles: readonly string[]
  readonly clock: Clock
  /** How those that compute stand; for /readyz. */
  readonly standing: () => Standing
}

export type PredictionServiceOptions = {
  readonly source: Pick<PostgresSource, 'rows'>
  /** Those that compute, the preferred one first. */
  readonly predictors: readonly NamedPredictor[]
  readonly settings: Settings['api']['predictions']
  readonly log: Log
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
}

const retryPauseMs = 50

/** Any predictor may be given: one that hangs, throws, resets or answers nonsense is passed over. */
export function openPredictionService(options: PredictionServiceOptions): PredictionService {
  const { source, predictors, settings, log, clock } = options
  const { table, model: modelName } = settings
  const stored = withCheckedAnswers(createBatchPredictor(source, { table, modelName }))
  const { watched, standing } = watchPredictors(clock)
  const safe = predictors.map((given) => {
    return { ...given, predictor: watched(makeSafe(given, options)) }
  })
  return {
    predictor: withFallback([...safe, { name: 'batch', predictor: stored }], log),
    computes: predictors.length > 0,
    roles: settings.roles,
    clock,
    standing,
  }
}

/** One time limit is around all tries, so a slow predictor is not asked twice. */
function makeSafe(
  { name, predictor }: NamedPredictor,
  { settings, log, clock, random }: PredictionServiceOptions,
): Predictor {
  const { attempts, timeout_ms: limitMs, breaker_failures: failures } = settings
  const retry = { attempts, pauseMs: retryPauseMs, clock, random }
  const tried = withTimeLimit(withRetry(withCheckedAnswers(predictor), retry), limitMs, clock)
  return withBreaker(tried, {
    failures,
    pauseMs: settings.breaker_pause_ms,
    clock,
    onChange: (state) => log.warn({ event: `predictor.${state}`, predictor: name }),
  })
}
