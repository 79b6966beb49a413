/** What is not a model that can be evaluated rightly is refused, each time by its own code. */
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../../ml/model/read-model.ts'
import { marginsOf } from '../../../../ml/model/score.ts'
import { modelJson, servingJson } from '../../../support/ml/golden-model.ts'

/** A copy of the JSON with the value at a path replaced. */
function changed(json: string, path: string, value: unknown): string {
  const root = JSON.parse(json)
  const keys = path.split('.')
  const last = String(keys.pop())
  const parent = keys.reduce((node, key) => node[key], root)
  expect(parent).toHaveProperty(last)
  parent[last] = value
  return JSON.stringify(root)
}

const tree = 'learner.gradient_booster.model.trees.2'
const parameters = 'learner.learner_model_param'

describe('readModel', () => {
  it('tells the name, the version and the features', () => {
    const model = readModel(modelJson, servingJson)
    const { model_name: name, model_version: version, features } = JSON.parse(servingJson)
    expect(model).toMatchObject({ name, version, features })
  })

  it('reads the base score in brackets too, as XGBoost writes it since 3.1', () => {
    const { base_score: score } = JSON.parse(modelJson).learner.learner_model_param
    const newer = changed(modelJson, `${parameters}.base_score`, `[${score}]`)
    const row = new Float32Array(8).fill(Number.NaN)
    expect(marginsOf(readModel(newer, servingJson), row)).toEqual(
      marginsOf(readModel(modelJson, servingJson), row),
    )
  })

  it.each([
    ['text that was cut off', modelJson.slice(0, -100), 'not JSON'],
    ['no trees', changed(modelJson, 'learner.gradient_booster.model.trees', []), '0 trees'],
    ['a base score beyond 1', changed(modelJson, `${parameters}.base_score`, '1.5'), 'base_score'],
    ['two base scores', changed(modelJson, `${parameters}.base_score`, '[0.5,0.5]'), 'base_score'],
    ['arrays of two lengths', changed(modelJson, `${tree}.sum_hessian`, [1]), 'tree 2'],
    ['a number that is none', changed(modelJson, `${tree}.split_conditions.0`, null), 'trees.2'],
    ['a child that is not there', changed(modelJson, `${tree}.left_children.0`, 999), 'node 999'],
    ['one child', changed(modelJson, `${tree}.left_children.0`, -1), 'node -1'],
    ['a circle', changed(modelJson, `${tree}.left_children.1`, 1), 'circle'],
    ['an unknown feature', changed(modelJson, `${tree}.split_indices.0`, 8), 'feature 8 of 8'],
    ['a split of no rows', changed(modelJson, `${tree}.sum_hessian.0`, 0), 'node 0'],
  ])('refuses a model.json with %s', (_, text, reason) => {
    expect(() => readModel(text, servingJson)).toThrow(
      expect.objectContaining({
        code: 'ml/model-damaged',
        message: expect.stringMatching(new RegExp(`model\\.json.*${reason}`)),
      }),
    )
  })

  const isotonic = { kind: 'isotonic', x: [0, 1], y: [0.1, 0.2] }
  it.each([
    ['another kind of calibration', 'calibration', { kind: 'beta' }],
    ['a calibration of scores', 'calibration', { kind: 'none', input: 'score' }],
    ['a falling curve', 'calibration', { ...isotonic, x: [1, 0] }],
    ['a curve beyond 1', 'calibration', { ...isotonic, y: [0.1, 1.2] }],
    ['more x than y', 'calibration', { ...isotonic, x: [0, 1, 2] }],
    ['a feature twice', 'features', ['a', 'a']],
  ])('refuses a serving.json with %s', (_, path, value) => {
    expect(() => readModel(modelJson, changed(servingJson, path, value))).toThrow(
      expect.objectContaining({
        code: 'ml/model-damaged',
        message: expect.stringMatching(`serving.json.*${path}`),
      }),
    )
  })

  it.each([
    ['objective', 'learner.objective.name', 'reg:squarederror', 'reg:squarederror'],
    ['booster', 'learner.gradient_booster.name', 'dart', 'dart'],
    ['number of classes', `${parameters}.num_class`, '3', 'outputs: 3'],
    ['number of targets', `${parameters}.num_target`, '2', 'outputs: 2'],
    ['kind of split', `${tree}.split_type.0`, 1, 'tree 2 a split by category'],
    ['size of leaf', `${tree}.tree_param.size_leaf_vector`, '2', 'leaves of size 2'],
  ])('refuses a model of another %s', (_, path, value, found) => {
    expect(() => readModel(changed(modelJson, path, value), servingJson)).toThrow(
      expect.objectContaining({
        code: 'ml/model-unsupported',
        message: expect.stringContaining(found),
      }),
    )
  })

  it('refuses versions that it does not know', () => {
    const refusal = expect.objectContaining({ code: 'ml/model-version-unsupported' })
    expect(() => readModel(changed(modelJson, 'version', [4, 0, 0]), servingJson)).toThrow(refusal)
    expect(() => readModel(modelJson, changed(servingJson, 'format', 2))).toThrow(refusal)
  })

  it('refuses two files of two models', () => {
    const fewer = changed(servingJson, 'features', ['recency_days'])
    expect(() => readModel(modelJson, fewer)).toThrow(
      expect.objectContaining({ code: 'ml/model-feature-count' }),
    )
  })
})
