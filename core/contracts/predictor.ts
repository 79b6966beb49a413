/**
 * Who predicts, as the API sees it: how likely a user is to buy. `ml` supplies it; the API knows this interface only.
 */

/** A prediction and everything needed to trust it. */
export type Prediction = {
  readonly userId: bigint
  /** Probability from 0 to 1. */
  readonly score: number
  readonly modelName: string
  readonly modelVersion: string
  /** The instant up to which events were known, ISO. */
  readonly asOf: string
  /** When the score was computed, ISO. */
  readonly computedAt: string
  /** `endpoint`: computed now by the deployed model; `local`: by the same model in this process; `batch`: stored before. */
  readonly source: 'endpoint' | 'local' | 'batch'
  /** What moved the score most, when the model says so; log-odds. */
  readonly reasons?: readonly PredictionReason[]
}

export type PredictionReason = {
  readonly feature: string
  readonly value: number | null
  readonly contribution: number
}

/** Features given by the caller instead of those that are stored: name → value, null when unknown. */
export type FeatureRow = Readonly<Record<string, number | null>>

export type PredictionQuestion =
  | { readonly userId: bigint }
  | { readonly features: FeatureRow; readonly userId?: bigint }

export interface Predictor {
  /**
   * Answers in the order of the questions; undefined for a user nobody knows.
   * @throws `api/no-model` when no model is deployed, `api/bad-features`; whatever else it throws means it does not answer
   */
  predict(
    questions: readonly PredictionQuestion[],
    options: { readonly signal: AbortSignal; readonly withReasons: boolean },
  ): Promise<(Prediction | undefined)[]>
  /** Rejects when nothing could be predicted at the moment. */
  check(): Promise<void>
}
