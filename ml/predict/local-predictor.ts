/** The deployed model, evaluated in this process: when its endpoint does not answer. */

import type { Clock } from '../../core/clock.ts'
import type { Predictor } from '../../core/contracts/predictor.ts'
import { problem } from '../../core/problems.ts'
import type { Model } from '../model/read-model.ts'
import { toRows } from '../model/rows.ts'
import { scoreRows } from '../model/score.ts'
import { explainRows } from './explain-rows.ts'
import { toPredictions, withFeatures } from './questions.ts'
import type { ServedModels } from './served-models.ts'
import type { FeatureSource } from './stored-features.ts'

export type LocalPredictorOptions = {
  readonly served: Pick<ServedModels, 'now' | 'known'>
  readonly source: FeatureSource
  readonly clock: Clock
}

/** Scores, and reasons where they are asked for, by the heaviest variant of the endpoint. */
export function createLocalPredictor({ served, source, clock }: LocalPredictorOptions): Predictor {
  return {
    featureNames: () => featureNamesOf(served),
    predict: async (questions, options) => {
      const model = await firstModel(served)
      const asked = await withFeatures(questions, model, source)
      const known = asked.filter((one) => one !== undefined)
      const features = known.map((one) => one.features)
      const rows = toRows(model, features)
      const scores = scoreRows(model, rows)
      const how = { ...options, clock }
      const reasons = how.withReasons ? await explainRows(model, rows, features, how) : []
      const computed = Array.from(scores, (score, index) => ({ score, reasons: reasons[index] }))
      return toPredictions(asked, computed, {
        modelName: model.name,
        modelVersion: model.version,
        computedAt: new Date(clock.now()).toISOString(),
        source: 'local',
      })
    },
  }
}

/** The features of the heaviest variant; undefined while they are not known. */
export function featureNamesOf(served: Pick<ServedModels, 'known'>): readonly string[] | undefined {
  const state = served.known()
  return state === undefined || state === 'none' ? undefined : state.models[0]?.model.features
}

/** @throws `api/no-model` when nothing is deployed; an Error when what is deployed cannot be used here */
export async function firstModel(served: Pick<ServedModels, 'now'>): Promise<Model> {
  const state = await served.now()
  if (state === 'none') throw problem('api/no-model', {})
  const [first] = state.models
  if (first === undefined) throw new Error(`no archive of ${state.endpointName} can be used`)
  return first.model
}
