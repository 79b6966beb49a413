/** Who predicts, as the API sees it: how likely a user is to buy. `ml` supplies it; the API knows this interface only. */
import { z } from 'zod'

/** Models count in 32 bits: a feature beyond this has no value to them. */
export const greatestFloat32 = 3.4028234663852886e38

/** What a header can carry as it is: SageMaker's names, versions, ARNs. */
const label = z.string().regex(/^[\w.:/+@-]{1,200}$/)

const reasonSchema = z.object({
  feature: z.string().min(1).max(200),
  /** As the model saw it; null when it is not known. */
  value: z.number().nullable(),
  /** What it adds to the score; log-odds. */
  contribution: z.number(),
})

/** A prediction and everything needed to trust it. What does not fit is no answer. */
export const predictionSchema = z.object({
  /** Of whom; undefined when the features were given. */
  userId: z.bigint().optional(),
  /** Probability from 0 to 1. */
  score: z.number().min(0).max(1),
  modelName: label,
  modelVersion: label,
  /** The instant up to which events were known, ISO, UTC; undefined when the features were given. */
  asOf: z.iso.datetime().optional(),
  /** When the score was computed, ISO, UTC. */
  computedAt: z.iso.datetime(),
  /** `endpoint`: computed now by the deployed model; `local`: by the same model in this process; `batch`: stored before. */
  source: z.enum(['endpoint', 'local', 'batch']),
  /** The published table that a stored score was read from, when it is known. */
  table: z.object({ name: z.string(), version: z.string() }).optional(),
  /** What moved the score, the strongest first, when the model says so. */
  reasons: z.array(reasonSchema).max(1000).optional(),
})

export type Prediction = z.output<typeof predictionSchema>

/** Features given by the caller instead of those that are stored: name → value, null when unknown. */
export type FeatureRow = Readonly<Record<string, number | null>>

export type PredictionQuestion =
  | { readonly kind: 'user'; readonly userId: bigint }
  | { readonly kind: 'features'; readonly features: FeatureRow }

export type PredictOptions = {
  /** Aborts when nobody waits for the answer any more; then what runs should stop. */
  readonly signal: AbortSignal
  readonly withReasons: boolean
  /** Called when only reasons are to come, for which there is a time of their own. */
  readonly onScores?: () => void
}

/** Milliseconds that reasons may take once the scores are there; what has none by then is given without. */
export function reasonsMs(questions: number): number {
  return 1000 + 5 * questions
}

/**
 * One way to predictions. It need not limit its time, try again or stay away from what is down: whoever asks it does
 * (`api/predictions/service.ts`).
 */
export interface Predictor {
  /**
   * Answers in the order of the questions, undefined for a user nobody knows.
   * @param questions 1 to 500, no user twice
   * @throws `api/no-model` when no model is deployed; anything else means that it does not answer
   */
  predict(
    questions: readonly PredictionQuestion[],
    options: PredictOptions,
  ): Promise<readonly (Prediction | undefined)[]>
  /** The names that the model takes, as far as they are known now. */
  featureNames?(): readonly string[] | undefined
}
