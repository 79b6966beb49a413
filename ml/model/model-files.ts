/** What model.json (XGBoost's own JSON) and serving.json hold, as far as scores and reasons need it. */
import { z } from 'zod'

const numbers = z.array(z.number())
/** XGBoost writes its parameters as text. */
const count = z.string().regex(/^\d+$/).transform(Number)

/** By node. A schema for each of a million numbers takes longer than reading them, and nobody else is answered then. */
const byNode = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every(Number.isFinite),
  'must be a list of numbers',
)
const flagsByNode = z.custom<readonly (number | boolean)[]>(
  (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'boolean' || Number.isFinite(one)),
  'must be a list of flags',
)

const treeSchema = z.object({
  /** −1 for a leaf. */
  left_children: byNode,
  right_children: byNode,
  split_indices: byNode,
  /** A row goes left when its value is below; at a leaf, what the leaf adds to the margin. */
  split_conditions: byNode,
  /** Where a row goes whose value is missing. Before XGBoost 1.6 these were booleans. */
  default_left: flagsByNode,
  /** The weight of the training rows that came by. */
  sum_hessian: byNode,
  /** 1 for a split by category. */
  split_type: byNode.default([]),
  tree_param: z.object({ size_leaf_vector: count.default(1) }),
})

/** One tree as XGBoost writes it: the arrays are by node, the root is node 0. */
export type TreeJson = z.output<typeof treeSchema>

/** Asked first: what is of another kind may look different further down. */
export const modelKindSchema = z.object({
  version: z.array(z.number().int().nonnegative()).length(3),
  learner: z.object({
    objective: z.object({ name: z.string() }),
    gradient_booster: z.object({ name: z.string() }),
    learner_model_param: z.object({ num_class: count.default(0), num_target: count.default(1) }),
  }),
})

export const modelSchema = z.object({
  learner: z.object({
    gradient_booster: z.object({
      model: z.object({
        gbtree_model_param: z.object({ num_trees: count }),
        trees: z.array(treeSchema),
      }),
    }),
    learner_model_param: z.object({
      /** A probability, such as `3.2E-1`; since XGBoost 3.1 in brackets. */
      base_score: z
        .string()
        .transform((text) => Number(text.replace(/^\[(.*)\]$/, '$1')))
        .pipe(z.number().gt(0).lt(1)),
      num_feature: count,
    }),
  }),
})

const isSorted = (values: readonly number[]) =>
  values.every((value, index) => index === 0 || value >= (values[index - 1] ?? value))

const calibrationSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('none'), input: z.literal('margin').default('margin') }),
    z.object({
      kind: z.literal('platt'),
      input: z.literal('margin').default('margin'),
      a: z.number(),
      b: z.number(),
    }),
    z.object({
      kind: z.literal('isotonic'),
      input: z.literal('margin').default('margin'),
      x: numbers.min(1).refine(isSorted, 'must not fall'),
      y: z.array(z.number().min(0).max(1)).refine(isSorted, 'must not fall'),
    }),
  ])
  .refine(
    (calibration) =>
      calibration.kind !== 'isotonic' || calibration.x.length === calibration.y.length,
    'must have as many x as y',
  )

/** From the margin (log-odds) to a probability; the curve of `isotonic` runs straight from point to point. */
export type Calibration = z.output<typeof calibrationSchema>

export const servingKindSchema = z.object({ format: z.number() })

export const servingSchema = z.object({
  model_name: z.string().min(1),
  model_version: z.string().min(1),
  features: z
    .array(z.string().min(1))
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'must not name a feature twice'),
  calibration: calibrationSchema,
})
