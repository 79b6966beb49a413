/** Lets only sound answers of a predictor through: as many as were asked for, each of its user, each a probability. */
import { z } from 'zod'
import {
  type Prediction,
  type PredictionQuestion,
  type Predictor,
  predictionSchema,
} from '../../core/contracts/predictor.ts'

const answerSchema = z.array(predictionSchema.optional())

/** The predictor, which now rejects instead of answering nonsense. */
export function withCheckedAnswers(predictor: Predictor): Predictor {
  return {
    ...namesOf(predictor),
    predict: async (questions, options) =>
      checkAnswer(await predictor.predict(questions, options), questions),
  }
}

/** What a wrapped predictor says of its features, for the one around it. */
export function namesOf(predictor: Predictor): Pick<Predictor, 'featureNames'> {
  return { featureNames: () => predictor.featureNames?.() }
}

function checkAnswer(
  answer: unknown,
  questions: readonly PredictionQuestion[],
): (Prediction | undefined)[] {
  const { data, error } = answerSchema.safeParse(answer)
  if (error !== undefined) throw new Error(`not an answer: ${z.prettifyError(error)}`)
  if (data.length !== questions.length) {
    throw new Error(`${data.length} answers to ${questions.length} questions`)
  }
  for (const [index, question] of questions.entries()) {
    const prediction = data[index]
    const asked = question.kind === 'user' ? question.userId : undefined
    if (prediction === undefined ? asked === undefined : prediction.userId !== asked) {
      throw new Error(`the answer to question ${index} is not about what was asked`)
    }
  }
  return data
}
