/**
 * The deployed model, asked at its endpoint. It is given the features by their names in the very model that answers. The
 * reasons are computed here, to 1e-6 the same: for those alone the endpoint takes some eight times as long as for a score.
 * Where neither SageMaker nor the archive says which features those are, the endpoint itself does.
 */
import {
  InvokeEndpointCommand,
  type SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import {
  type FeatureRow,
  type PredictionQuestion,
  type PredictOptions,
  type Predictor,
  predictionSchema,
} from '../../core/contracts/predictor.ts'
import { isProblem } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { within } from '../../core/within.ts'
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
  /** Milliseconds that the first look at what is deployed is waited for; after that the endpoint is asked what it takes. */
  readonly lookMs: number
  readonly clock: Clock
}

const answerSchema = z.object({
  model: z.object({
    name: z.string(),
    version: z.string(),
    features: z.array(z.string()).optional(),
  }),
  predictions: z.array(z.object({ score: z.number(), reasons: predictionSchema.shape.reasons })),
})

type Answer = z.output<typeof answerSchema>

type ComputedAnswer = Pick<Answer, 'model'> & { readonly predictions: readonly Computed[] }

/** What has to be known of a model to ask it. */
type Described = Pick<Model, 'name' | 'version' | 'features'>

/** Asks the endpoint once; it is tried again, limited in time and left alone by whoever asks. */
export function createEndpointPredictor(options: EndpointPredictorOptions): Predictor {
  const { served, source, clock } = options
  /** What the endpoint last said of its model, for as long as nothing else does. */
  let told: Described | undefined

  async function predictBy(
    sent: Described,
    questions: readonly PredictionQuestion[],
    ask: (instances: readonly FeatureRow[]) => Promise<ComputedAnswer>,
  ) {
    const featured = await withFeatures(questions, sent, source)
    const known = featured.filter((one) => one !== undefined)
    if (known.length === 0) return featured.map(() => undefined)
    const { model, predictions } = await ask(known.map(({ features }) => features))
    return toPredictions(featured, predictions, {
      modelName: model.name,
      modelVersion: model.version,
      computedAt: new Date(clock.now()).toISOString(),
      source: 'endpoint',
    })
  }

  function predictByModel(
    sent: Model,
    questions: readonly PredictionQuestion[],
    asked: PredictOptions,
  ) {
    return predictBy(sent, questions, async (instances) => {
      const answer = await invoke(options, { instances, reasons: false }, asked)
      const answered = await modelOf(options, sent, answer)
      return withReasonsOf(answer, answered, instances, { ...asked, clock })
    })
  }

  async function predictAsTold(questions: readonly PredictionQuestion[], asked: PredictOptions) {
    try {
      const sent = told ?? (await describe(options, asked))
      told = sent
      return await predictBy(sent, questions, async (instances) => {
        const reasons = asked.withReasons && instances.length <= fewReasons
        const answer = await invoke(options, { instances, reasons, features: true }, asked)
        assertBelieved(options, sent, answer)
        return answer
      })
    } catch (error) {
      told = undefined // it may have another model now
      throw error
    }
  }

  return {
    featureNames: () => featureNamesOf(served) ?? told?.features,
    predict: async (questions, asked) => {
      // Who has been told once does not wait for a first look that fails or hangs.
      const isLookedFor = told === undefined || served.known() !== undefined
      const model = isLookedFor ? await archivedModel(options) : undefined
      if (model === undefined) return await predictAsTold(questions, asked)
      told = undefined
      return await predictByModel(model, questions, asked)
    },
  }
}

/** The model by its archive; undefined where that, or what is deployed, cannot be read. @throws `api/no-model` */
async function archivedModel({
  served,
  lookMs,
  clock,
}: EndpointPredictorOptions): Promise<Model | undefined> {
  try {
    const late = () => undefined
    return await within({ ms: lookMs, clock, late }, () => firstModel(served))
  } catch (error) {
    if (isProblem(error, 'api/no-model')) throw error
    return undefined // the log has the reason
  }
}

/** What the endpoint says of its model itself: a row of which nothing is known is the least that it answers. */
async function describe(
  options: EndpointPredictorOptions,
  asked: PredictOptions,
): Promise<Described> {
  const question = { instances: [{}], reasons: false, features: true }
  const { model } = await invoke(options, question, asked)
  return describedBy(options, model)
}

function describedBy(
  { endpointName }: EndpointPredictorOptions,
  { features, ...named }: Answer['model'],
): Described {
  if (features !== undefined) return { ...named, features }
  throw new Error(`${endpointName} does not say what it takes, and no archive of it can be used`)
}

/** As `modelOf`, by what the answer says itself. Where the registry says which version it is, no other is believed. */
function assertBelieved(
  options: EndpointPredictorOptions,
  sent: Described,
  { model }: Answer,
): void {
  const { name, version, features } = describedBy(options, model)
  const { endpointName, served } = options
  if (!sameNames(features, sent.features)) {
    throw new Error(`${endpointName} answers as ${name} ${version}, which takes other features`)
  }
  const state = served.known()
  if (state === undefined || state === 'none') return
  const registered = state.unusable.map(({ modelVersion }) => modelVersion ?? version)
  if (registered.length > 0 && !registered.includes(version)) {
    const expected = registered.join(', ')
    throw new Error(`${endpointName} answers as version ${version}, the registry says ${expected}`)
  }
}

type Question = {
  readonly instances: readonly FeatureRow[]
  readonly reasons: boolean
  /** The answer is to name the features of the model. */
  readonly features?: boolean
}

async function invoke(
  { runtime, endpointName, served }: EndpointPredictorOptions,
  question: Question,
  { signal }: PredictOptions,
): Promise<Answer> {
  const command = new InvokeEndpointCommand({
    EndpointName: endpointName,
    ContentType: 'application/json',
    Accept: 'application/json',
    Body: Buffer.from(JSON.stringify(question)),
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
  const expected = question.instances.length
  if (length === expected) return answer
  throw new Error(`${length} predictions for ${expected} instances`)
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
  answer: Answer,
  model: Model,
  instances: readonly FeatureRow[],
  how: PredictOptions & { readonly clock: Clock },
): Promise<ComputedAnswer> {
  if (!how.withReasons) return answer
  const reasons = await explainRows(model, toRows(model, instances), instances, how)
  const predictions = answer.predictions.map(({ score }, index) => ({
    score,
    reasons: reasons[index],
  }))
  return { ...answer, predictions }
}

/** SageMaker has no error of its own for it. */
function isNotFound(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^Validation(Error|Exception)$/.test(error.name) &&
    /^Endpoint .* not found/.test(error.message)
  )
}

/** Of so many rows the endpoint is asked for reasons where nobody else can give them: 4 ms each. */
const fewReasons = 10

/** So long a look at what is deployed counts as new. */
const soonMs = 250
