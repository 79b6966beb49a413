/** Scores and reasons beside those that XGBoost and scikit-learn gave, and beside their definitions. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainRow } from '../../../../ml/model/explain.ts'
import { type Model, readModel } from '../../../../ml/model/read-model.ts'
import { toRows } from '../../../../ml/model/rows.ts'
import { marginsOf, scoreRows } from '../../../../ml/model/score.ts'
import { memoOf } from '../../../../ml/model/share-memo.ts'
import { expected, modelJson, servingJson } from '../../../support/ml/golden-model.ts'
import { anyTrees, modelOf, shapleyByDefinition } from '../../../support/ml/random-model.ts'

const golden = readModel(modelJson, servingJson)
const named = expected.rows.map((row) =>
  Object.fromEntries(golden.features.map((name, index) => [name, row[index] ?? null])),
)
const rows = toRows(golden, named)

/** The greatest distance between numbers at the same place. */
function distance(found: ArrayLike<number>, wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length)
  return Math.max(...wanted.map((value, index) => Math.abs(value - (found[index] ?? Number.NaN))))
}

function contributionsOf(model: Model, row: Float32Array) {
  const { base, contributions } = explainRow(model, row)
  const byName = new Map(contributions.map((one) => [one.feature, one.contribution]))
  return { base, byFeature: model.features.map((name) => byName.get(name) ?? 0) }
}

describe('a model that Python trained', () => {
  it('has the margins of XGBoost, to the last bit', () => {
    expect(marginsOf(golden, rows)).toEqual(Float32Array.from(expected.margins))
  })

  it.each(expected.calibrated)('has its probabilities to 1e-6 ($calibration.kind)', (recorded) => {
    const serving = { ...JSON.parse(servingJson), calibration: recorded.calibration }
    const model = readModel(modelJson, JSON.stringify(serving))
    expect(distance(scoreRows(model, rows), recorded.scores)).toBeLessThan(1e-6)
  })

  it('has the contributions of XGBoost, to the last bit', () => {
    for (const [index, wanted] of expected.contributions.entries()) {
      const row = rows.subarray(
        index * golden.features.length,
        (index + 1) * golden.features.length,
      )
      const { base, byFeature } = contributionsOf(golden, row)
      expect([base, ...byFeature].map(Math.fround)).toEqual(
        [expected.base, ...wanted].map(Math.fround),
      )
    }
  })

  it('names the strongest reason first, and none that does not count', () => {
    const { contributions } = explainRow(golden, rows.subarray(0, golden.features.length))
    const strengths = contributions.map(({ contribution }) => Math.abs(contribution))
    expect(strengths).toEqual(strengths.toSorted((a, b) => b - a))
    expect(strengths).not.toContain(0)
    expect(contributions.length).toBeGreaterThan(2)
  })
})

describe('rows', () => {
  it('are in the order of the model, and what is not named is missing', () => {
    const [first, second] = golden.features
    const row = toRows(golden, [{ [String(second)]: 2, [String(first)]: null }])
    expect([...row]).toEqual([Number.NaN, 2, ...Array(golden.features.length - 2).fill(Number.NaN)])
  })

  it('are refused when they name another feature, or no number of 32 bits', () => {
    expect(() => toRows(golden, [{ sesions: 1 }])).toThrow(
      expect.objectContaining({
        code: 'ml/unknown-feature',
        hint: expect.stringContaining('sessions'),
      }),
    )
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1e39]) {
      expect(() => toRows(golden, [{ sessions: value }])).toThrow(
        expect.objectContaining({ code: 'ml/not-a-feature-value' }),
      )
    }
  })

  it('are refused when the last one is not whole', () => {
    const wrong = new Float32Array(golden.features.length + 1)
    const refusal = expect.objectContaining({ code: 'ml/row-width' })
    expect(() => scoreRows(golden, wrong)).toThrow(refusal)
    expect(() => explainRow(golden, wrong)).toThrow(refusal)
  })
})

describe('any model', () => {
  const value = fc.oneof(
    fc.constant(Number.NaN),
    fc.integer({ min: -3, max: 3 }),
    fc.float({ noNaN: true, min: -3, max: 3 }),
  )
  const row = fc.tuple(value, value, value, value).map((values) => Float32Array.from(values))

  it('explains all of the margin: base and contributions add up to it', () => {
    fc.assert(
      fc.property(anyTrees, row, (trees, given) => {
        const model = modelOf(trees)
        const { base, byFeature } = contributionsOf(model, given)
        const sum = byFeature.reduce((total, one) => total + one, base)
        expect(distance(marginsOf(model, given), [sum])).toBeLessThan(1e-5)
      }),
    )
  })

  it('gives the same reasons whatever was explained before, and where nothing is kept', () => {
    fc.assert(
      fc.property(anyTrees, fc.array(row, { minLength: 2, maxLength: 20 }), (trees, given) => {
        const [shared, forgetful] = [modelOf(trees), modelOf(trees)]
        memoOf(forgetful.trees, 0)
        for (const one of given) {
          const alone = explainRow(modelOf(trees), one)
          expect(explainRow(shared, one)).toEqual(alone)
          expect(explainRow(forgetful, one)).toEqual(alone)
        }
      }),
    )
  })

  it('gives each feature its Shapley value', () => {
    fc.assert(
      fc.property(anyTrees, row, (trees, given) => {
        const { byFeature } = contributionsOf(modelOf(trees), given)
        expect(distance(byFeature, shapleyByDefinition(trees, given))).toBeLessThan(1e-5)
      }),
    )
  })
})
