/**
 * The deployed model, asked at its endpoint. It is given the features by their names in the very model that answers. The
 * reasons are computed here, to 1e-6 the same: for those alone the endpoint takes some eight times as long as for a score.
 */
import {
  InvokeEndpointCommand,
  type SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { FeatureRow, PredictOptions, Predictor } from '../../core/contracts/predictor.ts'
import { problem } from '../../core/problems.ts'
import type { Model } from '../model/read-model.ts'
import { toRows } from '../model/rows.ts'
import { explainRows } from './explain-rows.ts'
import { featureNamesOf, firstModel } from './local-predictor.ts'
import { type Computed, toPredictions, withFeatures } from './questions.ts'
import type { ServedModels } from './served-models.ts'
import type { FeatureSource } from './stored-features.ts'

export type EndpointPredictorOptions = {
  readonly runtime: SageMakerRuntimeClient
  readonly endpointName: string
  readonly served: Pick<ServedModels, 'now' | 'known' | 'refresh'>
  readonly source: FeatureSource
  readonly clock: Clock
}

const answerSchema = z.object({
  model: z.object({ name: z.string(), version: z.string() }),
  predictions: z.array(z.object({ score: z.number() })),
})

type Answer = z.output<typeof answerSchema>

/** Asks the endpoint once; it is tried again, limited in time and left alone by whoever asks. */
export function createEndpointPredictor(options: EndpointPredictorOptions): Predictor {
  const { served, source, clock } = options
  return {
    featureNames: () => featureNamesOf(served),
    predict: async (questions, asked) => {
      const model = await firstModel(served)
      const featured = await withFeatures(questions, model, source)
      const known = featured.filter((one) => one !== undefined)
      if (known.length === 0) return featured.map(() => undefined)
      const instances = known.map(({ features }) => features)
      const answer = await invoke(options, instances, asked)
      const answered = await modelOf(options, model, answer)
      const how = { ...asked, clock }
      return toPredictions(featured, await withReasonsOf(answer, answered, instances, how), {
        modelName: answer.model.name,
        modelVersion: answer.model.version,
        computedAt: new Date(clock.now()).toISOString(),
        source: 'endpoint',
      })
    },
  }
}

async function invoke(
  { runtime, endpointName, served }: EndpointPredictorOptions,
  instances: readonly FeatureRow[],
  { signal }: PredictOptions,
): Promise<Answer> {
  const command = new InvokeEndpointCommand({
    EndpointName: endpointName,
    ContentType: 'application/json',
    Accept: 'application/json',
    Body: Buffer.from(JSON.stringify({ instances, reasons: false })),
  })
  const { Body } = await runtime
    .send(command, { abortSignal: signal })
    .catch(async (error: unknown) => {
      if (!isNotFound(error)) throw error
      await served.refresh(soonMs)
      throw problem('api/no-model', {}, { cause: error })
    })
  const answer = answerSchema.parse(JSON.parse(Buffer.from(Body ?? []).toString('utf8')))
  const { length } = answer.predictions
  if (length === instances.length) return answer
  throw new Error(`${length} predictions for ${instances.length} instances`)
}

/**
 * The model that has answered. One that was deployed a moment ago may take other features than those that were sent; it would count what it
 * misses as not known, and its score would be wrong.
 */
async function modelOf(
  { served, endpointName }: EndpointPredictorOptions,
  sent: Model,
  { model: answered }: Answer,
): Promise<Model> {
  if (isOf(sent, answered)) return sent
  for (const maxAgeMs of [Number.POSITIVE_INFINITY, soonMs]) {
    await served.refresh(maxAgeMs)
    const state = served.known()
    if (state === undefined || state === 'none') continue
    const now = state.models.find(({ model }) => isOf(model, answered))?.model
    if (now !== undefined && sameNames(now.features, sent.features)) return now
  }
  const { name, version } = answered
  throw new Error(`${endpointName} answers as ${name} ${version}, whose features are not known yet`)
}

function isOf({ name, version }: Model, answered: Answer['model']): boolean {
  return name === answered.name && version === answered.version
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name))
}

async function withReasonsOf(
  { predictions }: Answer,
  model: Model,
  instances: readonly FeatureRow[],
  how: PredictOptions & { readonly clock: Clock },
): Promise<readonly Computed[]> {
  if (!how.withReasons) return predictions
  const reasons = await explainRows(model, toRows(model, instances), instances, how)
  return predictions.map(({ score }, index) => ({ score, reasons: reasons[index] }))
}

/** SageMaker has no error of its own for it. */
function isNotFound(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^Validation(Error|Exception)$/.test(error.name) &&
    /^Endpoint .* not found/.test(error.message)
  )
}

/** So long a look at what is deployed counts as new. */
const soonMs = 250
