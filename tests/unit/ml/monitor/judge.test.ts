import { describe, expect, it } from 'vitest'
import { readModel } from '../../../../ml/model/read-model.ts'
import { type Check, judge, worstOf } from '../../../../ml/monitor/judge.ts'
import type { Measured } from '../../../../ml/monitor/measure.ts'
import { readReference, readTestAuc } from '../../../../ml/monitor/reference.ts'
import { countValue, newCounts, stabilityIndex } from '../../../../ml/monitor/spread.ts'
import { modelJson, servingJson } from '../../../support/ml/golden-model.ts'

const spread = { edges: [0.5, 1.5, 3], shares: [0.5, 0.3, 0.2, 0], null_share: 0.1 }

describe('the stability index', () => {
  // What ml/image/purchase_model/reference.py gives for the same values.
  it.each([
    [[0, 0, 0.5, 1, 1.5, 2, 2.9999, 3, 4, Number.NaN, Number.NaN, 7], 2.3435514621602533],
    [[Number.NaN, Number.NaN, 0], 4.590976659592072],
  ])('is that of Python for %j', (values, index) => {
    const counts = newCounts(spread)
    for (const value of values) countValue(counts, spread, value)
    expect(stabilityIndex(spread, counts)).toBeCloseTo(index, 12)
  })
})

const hour = 3_600_000
const options = {
  features: ['recency'],
  reference: { features: [spread], score: spread },
  testAuc: { value: 0.8, low: 0.75 },
  now: 100 * hour,
  maxAgeHours: 48,
}

/** 1,000 users who are spread as those of the training were. */
const usual = { bins: [450, 270, 180, 0], nulls: 100 }
const fine: Measured = {
  features: [usual],
  users: 1000,
  newestAsOf: 90 * hour,
  scores: usual,
  unscored: 0,
  volumes: [1000, 990, 1010],
  delayed: { auc: 0.79, positives: 200, negatives: 800 },
}

function judged(change: Partial<Measured>, more: Partial<typeof options> = {}) {
  return judge({ ...fine, ...change }, { ...options, ...more })
}

/** Those that are not fine. */
function worries(checks: readonly Check[]): readonly string[] {
  return checks
    .filter(({ severity }) => severity !== 'fine')
    .map(({ check, subject, severity }) => `${check} ${subject} ${severity}`)
}

describe('the monitor', () => {
  it('finds nothing where all is as it was, and names every check', () => {
    const checks = judged({})
    expect(worries(checks)).toEqual([])
    expect(checks.map(({ check, subject }) => `${check} ${subject}`)).toEqual([
      ...['freshness features', 'volume users', 'coverage users', 'auc score', 'psi score'],
      ...['psi recency', 'nulls recency'],
    ])
    expect(worstOf(checks)).toBe('fine')
  })

  it.each<[string, Partial<Measured>, readonly string[]]>([
    ['age', { newestAsOf: 40 * hour }, ['freshness features warn']],
    ['great age', { newestAsOf: 0 }, ['freshness features alarm']],
    ['fewer users', { users: 700 }, ['volume users warn']],
    ['half the users', { users: 500 }, ['volume users alarm']],
    ['users without a score', { unscored: 20 }, ['coverage users warn']],
    ['scores that are behind', { unscored: 1000 }, ['coverage users alarm']],
    [
      'more nulls',
      { features: [{ bins: [400, 240, 160, 0], nulls: 200 }] },
      ['nulls recency warn'],
    ],
    [
      'another spread',
      { features: [{ bins: [300, 320, 280, 0], nulls: 100 }] },
      ['psi recency warn'],
    ],
    ['other scores', { scores: { bins: [0, 0, 0, 1000], nulls: 0 } }, ['psi score alarm']],
    [
      'a worse order',
      { delayed: { auc: 0.7, positives: 200, negatives: 800 } },
      ['auc score warn'],
    ],
    ['no order', { delayed: { auc: 0.5, positives: 200, negatives: 800 } }, ['auc score alarm']],
    ['few labels', { delayed: { auc: 0.1, positives: 3, negatives: 800 } }, ['auc score unknown']],
    ['no labels', { delayed: undefined }, ['auc score unknown']],
    ['no runs before', { volumes: [] }, ['volume users unknown']],
  ])('sees %s', (_, change, expected) => {
    const found = worries(judged(change))
    expect(found).toEqual(expect.arrayContaining([...expected]))
    expect(found.filter((worry) => !expected.includes(worry))).toEqual([])
  })

  it('calls an empty table an alarm, and judges no spread of it', () => {
    const none = { bins: [0, 0, 0, 0], nulls: 0 }
    const change = { users: 0, newestAsOf: undefined, features: [none], scores: none }
    const checks = judged({ ...change, delayed: undefined })
    expect(worries(checks)).toEqual([
      ...['freshness features alarm', 'volume users alarm', 'coverage users alarm'],
      ...['auc score unknown', 'psi score unknown', 'psi recency unknown', 'nulls recency unknown'],
    ])
    expect(worstOf(checks)).toBe('alarm')
  })
})

describe('the reference of a model', () => {
  const read = (reference: unknown) => {
    const serving = { ...JSON.parse(servingJson), reference }
    const text = JSON.stringify(serving)
    const model = readModel(modelJson, text)
    const champion = {
      endpointName: 'e',
      variantName: 'v',
      modelName: 'm',
      artifactUri: 'a',
      createdAt: '',
    }
    return readReference({ champion, model, servingJson: text, metricsJson: undefined })
  }
  const features: Record<string, typeof spread> = Object.fromEntries(
    JSON.parse(servingJson).features.map((name: string) => [name, spread]),
  )

  it('has the order of its features', () => {
    expect(read({ features, score: spread }).features).toHaveLength(8)
  })

  it.each([
    [undefined, 'reference: '],
    [{ features: { hour: spread }, score: spread }, 'there is nothing of recency_days'],
    [{ features, score: { ...spread, shares: [1] } }, 'must have a share for each bin'],
  ])('is refused when it is not whole (%#)', (reference, message) => {
    const refused = expect.objectContaining({
      code: 'ml/no-reference',
      message: expect.stringContaining(message),
    })
    expect(() => read(reference)).toThrow(refused)
  })

  it('tells how good it was on its own test', () => {
    const metrics = { test: { model: { roc_auc: { value: 0.8, low: 0.7, high: 0.9 } } } }
    expect(readTestAuc(JSON.stringify(metrics))).toEqual({ value: 0.8, low: 0.7 })
    for (const text of [undefined, '{', '{}']) expect(readTestAuc(text)).toBeUndefined()
  })
})
