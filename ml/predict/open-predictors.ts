/** The predictors of a deployed model, the preferred one first: its endpoint, and the same model in this process. */
import type { Clock } from '../../core/clock.ts'
import type { Predictor } from '../../core/contracts/predictor.ts'
import type { Log } from '../../core/log.ts'
import type { SageMakerClients } from '../sagemaker/clients.ts'
import { createEndpointPredictor } from './endpoint-predictor.ts'
import type { FetchObject } from './load-model.ts'
import { createLocalPredictor } from './local-predictor.ts'
import { openServedModels } from './served-models.ts'
import { type FeatureSource, withReadLimit } from './stored-features.ts'

export type PredictorsOptions = {
  readonly clients: SageMakerClients
  readonly endpointName: string
  readonly fetch: FetchObject
  readonly source: FeatureSource
  /** Milliseconds for reading features; less than a predictor is given for its scores. */
  readonly featuresMs: number
  readonly log: Log
  readonly clock: Clock
  /** Between two looks at what is deployed. */
  readonly refreshMs?: number
}

export type OpenedPredictors = {
  readonly predictors: readonly { readonly name: string; readonly predictor: Predictor }[]
  readonly close: () => void
}

/** Begins to look for the deployed model at once; nothing is waited for. */
export function openPredictors(options: PredictorsOptions): OpenedPredictors {
  const { clients, ...rest } = options
  const served = openServedModels({ ...rest, control: clients.control })
  const source = withReadLimit(rest.source, rest.featuresMs, rest.clock)
  const { runtime } = clients
  const lookMs = rest.featuresMs
  const endpoint = createEndpointPredictor({ ...rest, served, source, runtime, lookMs })
  const local = createLocalPredictor({ ...rest, served, source })
  return {
    predictors: [
      { name: 'endpoint', predictor: endpoint },
      { name: 'local', predictor: local },
    ],
    close: served.close,
  }
}
