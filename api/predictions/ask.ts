/** Questions to a predictor, and its answers in the caller's order. */
import type { Prediction, PredictOptions, Predictor } from '../../core/contracts/predictor.ts'
import type { PredictionRequest } from './read-request.ts'

export type Answer = {
  /** Undefined when the features were given. */
  readonly userId: bigint | undefined
  /** Undefined when nobody knows the user. */
  readonly prediction: Prediction | undefined
}

/** One answer for each thing asked for; a user named twice is asked about once. @throws what the predictor throws */
export async function ask(
  predictor: Predictor,
  { of }: PredictionRequest,
  options: PredictOptions,
): Promise<Answer[]> {
  if (of.kind === 'features') {
    const questions = of.rows.map((features) => ({ kind: 'features', features }) as const)
    const predictions = await predictor.predict(questions, options)
    return predictions.map((prediction) => ({ userId: undefined, prediction }))
  }
  const users = [...new Set(of.userIds)].filter(isUserId)
  const questions = users.map((userId) => ({ kind: 'user', userId }) as const)
  const predictions = users.length === 0 ? [] : await predictor.predict(questions, options)
  const known = new Map(users.map((userId, index) => [userId, predictions[index]]))
  return of.userIds.map((userId) => ({ userId, prediction: known.get(userId) }))
}

/** What does not fit into 64 bits is nobody. */
function isUserId(id: bigint): boolean {
  return BigInt.asIntN(64, id) === id
}
