/** Questions of the API with the features that a model needs to answer them. */
import type { FeatureRow, Prediction, PredictionQuestion } from '../../core/contracts/predictor.ts'
import { problem } from '../../core/problems.ts'
import type { Model } from '../model/read-model.ts'
import { toFeatureRow } from './feature-values.ts'
import { type FeatureSource, readStoredFeatures } from './stored-features.ts'

export type FeaturedQuestion = {
  readonly userId?: bigint
  readonly asOf?: string
  readonly features: FeatureRow
}

/**
 * The questions in their order, undefined for users without features.
 * @throws `ml/no-features`, `ml/features-differ`, `api/invalid-parameter` when others are given than the model takes
 */
export async function withFeatures(
  questions: readonly PredictionQuestion[],
  model: Pick<Model, 'name' | 'version' | 'features'>,
  source: FeatureSource,
): Promise<readonly (FeaturedQuestion | undefined)[]> {
  refuseUnknown(questions, model)
  const users = questions.flatMap((one) => (one.kind === 'user' ? [one.userId] : []))
  const stored = await readStoredFeatures(source, users)
  return questions.map((question) => {
    if (question.kind === 'features') return { features: question.features }
    const found = stored.get(question.userId)
    if (found === undefined) return undefined
    const { asOf, columns } = found
    return { userId: question.userId, asOf, features: toFeatureRow(model, columns) }
  })
}

/** Names are checked where a request is read, but against what was known then. */
function refuseUnknown(
  questions: readonly PredictionQuestion[],
  { features }: Pick<Model, 'features'>,
): void {
  for (const [index, question] of questions.entries()) {
    if (question.kind === 'user') continue
    const unknown = Object.keys(question.features).find((name) => !features.includes(name))
    if (unknown === undefined) continue
    const name = `features.${index}.${unknown}`
    throw problem('api/invalid-parameter', { name, reason: 'is not a feature of the model' })
  }
}

/** What was computed of one question. */
export type Computed = Pick<Prediction, 'score' | 'reasons'>

/** Predictions in the order of the questions; `computed` are those of the users that have features. */
export function toPredictions(
  questions: readonly (FeaturedQuestion | undefined)[],
  computed: readonly (Computed | undefined)[],
  origin: Pick<Prediction, 'modelName' | 'modelVersion' | 'computedAt' | 'source'>,
): readonly (Prediction | undefined)[] {
  let next = 0
  return questions.map((question) => {
    if (question === undefined) return undefined
    const { features: _, ...about } = question
    const { score = Number.NaN, reasons } = computed[next++] ?? {}
    return { ...about, ...origin, score, ...(reasons === undefined ? {} : { reasons }) }
  })
}
