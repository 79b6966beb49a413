import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Instant, type SplitOptions, splitInstants } from '../../../../ml/features/splits.ts'

const dayMs = 86_400_000
const instants = (days: readonly number[]): Instant[] =>
  days.map((day) => ({ asOf: day * dayMs, rows: 1, positives: 0 }))
const daysOf = (list: readonly Instant[]) => list.map(({ asOf }) => asOf / dayMs)
const options = { horizonDays: 7, everyDays: 7, warmUpDays: 14 }
const shares = { validationShare: 0.2, testShare: 0.2 }

it('counts back from the newest instant, and leaves out those of which too little was known', () => {
  const daily = instants(Array.from({ length: 60 }, (_, day) => day))
  const { train, validation, test } = splitInstants(daily, { ...options, ...shares })
  expect([train, validation, test].map(daysOf)).toEqual([[17, 24, 31, 38, 45], [52], [59]])
})

it('begins after the last hole of a hundred days: an event of a broken clock is no history', () => {
  const dated = [...Array(180).keys(), 20_000, 20_030]
  const history = Array.from({ length: 60 }, (_, day) => 20_200 + day)
  const both = splitInstants(instants([...dated, ...history]), { ...options, ...shares })
  expect(both).toEqual(splitInstants(instants(history), { ...options, ...shares }))
})

it('never lets the label of one split reach into the features of the next', () => {
  const request = fc.record({
    days: fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 3, maxLength: 80 }),
    horizonDays: fc.integer({ min: 1, max: 30 }),
    everyDays: fc.integer({ min: 1, max: 20 }),
    warmUpDays: fc.integer({ min: 0, max: 30 }),
    validationShare: fc.double({ min: 0.05, max: 0.4, noNaN: true }),
    testShare: fc.double({ min: 0.05, max: 0.4, noNaN: true }),
  })
  fc.assert(
    fc.property(request, ({ days, ...wanted }) => {
      const sorted = days.toSorted((one, other) => one - other)
      const splits = trySplit(instants(sorted), wanted)
      if (splits === undefined) return
      const [train, validation, test] = [splits.train, splits.validation, splits.test].map(daysOf)
      expect(test?.at(-1)).toBe(sorted.at(-1))
      const gaps = [
        (validation?.[0] ?? 0) - (train?.at(-1) ?? 0),
        (test?.[0] ?? 0) - (validation?.at(-1) ?? 0),
      ]
      for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(wanted.horizonDays)
      expect(train?.[0]).toBeGreaterThanOrEqual((sorted[0] ?? 0) + wanted.warmUpDays)
    }),
  )
})

function trySplit(list: readonly Instant[], wanted: SplitOptions) {
  try {
    return splitInstants(list, wanted)
  } catch {
    return undefined
  }
}

it('says what it found when there are too few instants', () => {
  expect(() => splitInstants(instants([0, 14, 21]), { ...options, ...shares })).toThrow(
    /There are 2 as-of instants with labels, 7 days apart and 14 days after the first one/,
  )
  expect(() => splitInstants([], { ...options, ...shares })).toThrow(/There are 0 as-of instants/)
})
