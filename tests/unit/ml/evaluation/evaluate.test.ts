import { expect, it } from 'vitest'
import { evaluate } from '../../../../ml/evaluation/evaluate.ts'
import { figuresOf } from '../../../../ml/evaluation/figures.ts'
import { readLabelledRows, withColumns } from '../../../../ml/evaluation/labelled-rows.ts'
import { improvementOf } from '../../../../ml/evaluation/paired-bootstrap.ts'
import { readModel } from '../../../../ml/model/read-model.ts'
import { expected, modelJson, servingJson } from '../../../support/ml/golden-model.ts'

const model = readModel(modelJson, servingJson)
const header = model.features

/** The recorded rows, with a label that comes true by the model's own score: every third by chance. */
const rows = readLabelledRows('s3://b/test/', header, [
  expected.rows
    .map((row, index) => [index % 3 === 0 ? 1 : 0, ...row.map((one) => one ?? '')].join(','))
    .join('\n'),
])

it('reads rows of CSV: label first, an empty field is missing', () => {
  const read = readLabelledRows('s3://b/test/', ['a', 'b'], ['1,2.5,\n0,,3\n', '0,1,1\n'])
  expect([...read.labels]).toEqual([1, 0, 0])
  expect([...read.values]).toEqual([2.5, Number.NaN, Number.NaN, 3, 1, 1])
  expect([...withColumns(read, ['b', 'unknown'])]).toEqual([
    ...[Number.NaN, Number.NaN, 3, Number.NaN, 1, Number.NaN],
  ])
})

it.each([
  ['1,2\n', 'row 1 has 2 fields, not 3'],
  ['1,2,3\n2,2,3\n', 'row 2 has label 2'],
])('refuses rows that are none: %j', (text, reason) => {
  expect(() => readLabelledRows('s3://b/test/', ['a', 'b'], [text])).toThrow(reason)
})

it('counts figures as scikit-learn does, ties included', () => {
  const scores = Float64Array.of(0.9, 0.8, 0.8, 0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.01)
  const labels = Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 0, 0, 0)
  const figures = figuresOf(scores, labels)
  // roc_auc_score, average_precision_score, log_loss and brier_score_loss of scikit-learn 1.9.1.
  expect(figures.roc_auc).toBeCloseTo(0.8809523809523809, 12)
  expect(figures.pr_auc).toBeCloseTo(0.7555555555555555, 12)
  expect(figures.logloss).toBeCloseTo(0.42814800129935, 12)
  expect(figures.brier).toBeCloseTo(0.14526, 12)
  expect(figures.lift_at_10).toBeCloseTo(10 / 3, 12)
})

it('tells by the interval whether a difference on the same rows is more than chance', () => {
  const losses = Float64Array.from({ length: 400 }, (_, row) => 0.3 + (row % 7) / 10)
  const worse = losses.map((loss, row) => loss + (row % 2 === 0 ? 0.03 : -0.01))
  const clear = improvementOf(worse, losses)
  expect(clear.value).toBeCloseTo(0.01, 12)
  expect(clear.low).toBeGreaterThan(0)
  const noise = losses.map((loss, row) => loss + (row % 2 === 0 ? 0.03 : -0.0299))
  const unclear = improvementOf(noise, losses)
  expect(unclear.low).toBeLessThan(0)
  expect(unclear.high).toBeGreaterThan(0)
  expect(improvementOf(noise, losses)).toEqual(unclear)
})

it('draws users, not rows: the same user many times is no more evidence', () => {
  const losses = Float64Array.from({ length: 100 }, (_, row) => 0.3 + (row % 7) / 10)
  const worse = losses.map((loss, row) => loss + (row % 2 === 0 ? 0.05 : -0.03))
  const repeated = (values: Float64Array) => Float64Array.from([...values, ...values, ...values])
  const users = Uint32Array.from({ length: 300 }, (_, row) => row % 100)
  const once = improvementOf(worse, losses)
  const often = improvementOf(repeated(worse), repeated(losses), users)
  expect(often.low).toBeCloseTo(once.low, 12)
  expect(often.high).toBeCloseTo(once.high, 12)
  expect(often.value).toBeCloseTo(once.value, 12)
  expect(improvementOf(repeated(worse), repeated(losses)).low).toBeGreaterThan(once.low)
})

it('compares a model with its baselines and with the champion on the same rows', () => {
  const baselines = {
    prior: 1 / 3,
    recency_frequency: {
      features: ['recency_days', 'sessions'],
      transform: 'signed_log1p' as const,
      means: [0, 0],
      scales: [1, 1],
      coefficients: [0, 0],
      intercept: Math.log(0.5),
    },
  }
  const found = evaluate({ model, baselines }, rows, { model })
  expect(found.rows).toBe(expected.rows.length)
  // Without coefficients the logistic baseline says the prior, too.
  const [prior, logistic] = [found.baselines['prior'], found.baselines['recency_frequency']]
  expect(logistic?.figures.logloss).toBeCloseTo(prior?.figures.logloss ?? 0, 6)
  expect(prior?.improvement.value).toBeCloseTo(
    (prior?.figures.logloss ?? 0) - found.figures.logloss,
    12,
  )
  expect(found.champion).toMatchObject({
    version: model.version,
    improvement: { value: 0, low: 0, high: 0 },
  })
})

it('says why a champion cannot be asked about the rows of an export', () => {
  const narrow = readLabelledRows('s3://b/test/', header.slice(1), [
    [1, ...header.slice(1).map(() => '1')].join(','),
  ])
  const found = evaluate({ model, baselines: { prior: 0.5 } }, narrow, { model })
  expect(found.champion).toEqual({
    version: model.version,
    incomparable: `the export lacks ${header[0]}, which it takes`,
  })
  const damaged = { version: 'x', incomparable: 'model.json of the model is damaged' }
  expect(evaluate({ model, baselines: { prior: 0.5 } }, rows, damaged).champion).toEqual(damaged)
})
