/** How features and scores were spread where the model was made, from its serving.json. */
import { z } from 'zod'
import { problem } from '../../core/problems.ts'
import type { LoadedModel } from '../predict/load-model.ts'

const spreadSchema = z
  .object({
    /** A value falls into the bin after as many edges as are not above it. */
    edges: z.array(z.number()),
    /** Of the values that are there, one a bin. */
    shares: z.array(z.number().min(0).max(1)),
    /** Of all rows. */
    null_share: z.number().min(0).max(1),
  })
  .refine(
    ({ edges, shares }) => shares.length === edges.length + 1,
    'must have a share for each bin',
  )

const referenceSchema = z.object({
  reference: z.object({
    features: z.record(z.string(), spreadSchema),
    score: spreadSchema,
  }),
})

const metricsSchema = z.object({
  test: z.object({
    model: z.object({ roc_auc: z.object({ value: z.number(), low: z.number() }) }),
  }),
})

export type Spread = Readonly<z.output<typeof spreadSchema>>

export type Reference = {
  /** In the order of the model's features. */
  readonly features: readonly Spread[]
  readonly score: Spread
}

/** @throws `ml/no-reference` */
export function readReference({ model, servingJson }: LoadedModel): Reference {
  const refuse = (reason: string) =>
    problem('ml/no-reference', { model: `${model.name} ${model.version}`, reason })
  const parsed = referenceSchema.safeParse(JSON.parse(servingJson))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refuse(`${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { features, score } = parsed.data.reference
  const spreads = model.features.map((feature) => {
    const spread = features[feature]
    if (spread === undefined) throw refuse(`there is nothing of ${feature}`)
    return spread
  })
  return { features: spreads, score }
}

/** ROC-AUC on the model's own test rows, with the lower end of its interval; undefined when metrics.json lacks it. */
export function readTestAuc(
  metricsJson: string | undefined,
): { readonly value: number; readonly low: number } | undefined {
  if (metricsJson === undefined) return undefined
  return metricsSchema.safeParse(parsedOrNothing(metricsJson)).data?.test.model.roc_auc
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
