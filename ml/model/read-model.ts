/** Reads a model as ml/image writes it, model.json and serving.json, and refuses what would be evaluated wrongly. */
import type { z } from 'zod'
import { problem } from '../../core/problems.ts'
import { flattenTrees, type Trees } from './flatten-trees.ts'
import { meanMarginOf } from './mean-margin.ts'
import {
  type Calibration,
  modelKindSchema,
  modelSchema,
  servingKindSchema,
  servingSchema,
  type TreeJson,
} from './model-files.ts'

/** A trained model in this process. */
export type Model = {
  readonly name: string
  readonly version: string
  /** In the order of a row. */
  readonly features: readonly string[]
  /** The margin (log-odds) that the trees are added to. */
  readonly baseMargin: number
  /** The margin of a user about whom nothing is known. */
  readonly meanMargin: number
  readonly trees: Trees
  readonly calibration: Calibration
}

const newestMajor = 3
const servingFormat = 1

/**
 * The model of the texts of model.json and serving.json.
 * @throws `ml/model-damaged`, `ml/model-version-unsupported`, `ml/model-unsupported` or `ml/model-feature-count`
 */
export function readModel(modelJson: string, servingJson: string): Model {
  const serving = readServing(servingJson)
  const { learner } = readTrained(modelJson)
  const { base_score: baseScore, num_feature: trained } = learner.learner_model_param
  const named = serving.features.length
  if (trained !== named) throw problem('ml/model-feature-count', { trained, named })
  const baseMargin = toBaseMargin(baseScore)
  const trees = flattenTrees(learner.gradient_booster.model.trees, trained)
  return {
    name: serving.model_name,
    version: serving.model_version,
    features: serving.features,
    baseMargin,
    meanMargin: meanMarginOf(trees, baseMargin),
    trees,
    calibration: serving.calibration,
  }
}

function readServing(text: string): z.output<typeof servingSchema> {
  const file = 'serving.json'
  const value = parseJson(file, text)
  const { format } = checked(file, servingKindSchema, value)
  if (format !== servingFormat) {
    const supported = `format ${servingFormat}`
    throw problem('ml/model-version-unsupported', { file, version: String(format), supported })
  }
  return checked(file, servingSchema, value)
}

function readTrained(text: string): z.output<typeof modelSchema> {
  const file = 'model.json'
  const value = parseJson(file, text)
  assertKind(checked(file, modelKindSchema, value))
  const trained = checked(file, modelSchema, value)
  const { gbtree_model_param: parameters, trees } = trained.learner.gradient_booster.model
  if (parameters.num_trees !== trees.length) {
    const reason = `it has ${trees.length} trees and says ${parameters.num_trees}`
    throw problem('ml/model-damaged', { file, reason })
  }
  trees.forEach(assertNumericTree)
  return trained
}

function assertKind({ version, learner }: z.output<typeof modelKindSchema>): void {
  const major = version[0] ?? 0
  if (major < 1 || major > newestMajor) {
    const supported = `XGBoost 1 to ${newestMajor}`
    const found = { file: 'model.json', version: version.join('.'), supported }
    throw problem('ml/model-version-unsupported', found)
  }
  const { num_class: classes, num_target: targets } = learner.learner_model_param
  assertIs('the objective', learner.objective.name, 'binary:logistic')
  assertIs('the booster', learner.gradient_booster.name, 'gbtree')
  assertIs('outputs:', String(Math.max(classes, targets)), '1')
}

function assertNumericTree(tree: TreeJson, index: number): void {
  if (tree.split_type.some((type) => type !== 0)) {
    assertIs(`in tree ${index} a split`, 'by category', 'by number')
  }
  // 0 stood for 1 before XGBoost 2.
  assertIs(
    `in tree ${index} leaves of size`,
    String(Math.max(1, tree.tree_param.size_leaf_vector)),
    '1',
  )
}

function assertIs(what: string, found: string, supported: string): void {
  if (found !== supported) throw problem('ml/model-unsupported', { what, found, supported })
}

/** In the steps of 32 bits that XGBoost takes. */
function toBaseMargin(probability: number): number {
  const odds = Math.fround(Math.fround(1 / Math.fround(probability)) - 1)
  return Math.fround(-Math.log(odds))
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw problem('ml/model-damaged', { file, reason: 'it is not JSON' }, { cause })
  }
}

function checked<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const reason = `${issue?.path.join('.') || 'its content'}: ${issue?.message}`
  throw problem('ml/model-damaged', { file, reason }, { cause: parsed.error })
}
