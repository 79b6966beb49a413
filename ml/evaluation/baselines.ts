/** What the baselines of a model say of rows; they stand in serving.json. */
import { z } from 'zod'
import { type LabelledRows, withColumns } from './labelled-rows.ts'

const numbers = z.array(z.number())

export const baselinesSchema = z.object({
  prior: z.number().min(0).max(1),
  recency_frequency: z
    .object({
      features: z.array(z.string()),
      transform: z.literal('signed_log1p'),
      means: numbers,
      scales: numbers,
      coefficients: numbers,
      intercept: z.number(),
    })
    .optional(),
})

export type Baselines = z.output<typeof baselinesSchema>

/** Probabilities by the name of the baseline. */
export function baselineScores(
  { prior, recency_frequency: logistic }: Baselines,
  rows: LabelledRows,
): ReadonlyMap<string, Float64Array> {
  const count = rows.labels.length
  const scores = new Map([['prior', new Float64Array(count).fill(prior)]])
  if (logistic === undefined) return scores
  const { features, means, scales, coefficients, intercept } = logistic
  const values = withColumns(rows, features)
  const probabilities = Float64Array.from({ length: count }, (_, row) => {
    const margin = features.reduce((total, _name, index) => {
      const value = values[row * features.length + index] ?? Number.NaN
      if (Number.isNaN(value)) return total // missing is the mean
      const spread = Math.sign(value) * Math.log1p(Math.abs(value))
      const standard = (spread - (means[index] ?? 0)) / (scales[index] ?? 1)
      return total + (coefficients[index] ?? 0) * standard
    }, intercept)
    return 1 / (1 + Math.exp(-margin))
  })
  return scores.set('recency_frequency', probabilities)
}
