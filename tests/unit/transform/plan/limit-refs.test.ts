import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { eventTimeColumn, isSampled, limitRef } from '../../../../transform/plan/limit-refs.ts'
import {
  intersectWindows,
  parseEventTimes,
  parseSample,
} from '../../../../transform/plan/time-window.ts'
import { makeModel, makeSeed, makeSource } from './random-graph.ts'

const at = (text: string) => Date.parse(text)
const window = { start: at('2024-01-01T00:00:00Z'), end: at('2024-01-31T12:30:00.250Z') }

describe('a limited ref', () => {
  it('is a subquery without rows under --empty', () => {
    const text = limitRef('"db"."main"."a"', { empty: true }, undefined)
    expect(text).toBe('(select * from "db"."main"."a" where false limit 0)')
  })

  it('is a subquery of its window under --sample, if it has an event time', () => {
    const filter =
      "where day >= '2024-01-01 00:00:00+00:00' and day < '2024-01-31 12:30:00.250000+00:00')"
    expect(limitRef('a', { empty: false, window }, 'day')).toBe(`(select * from a ${filter}`)
    expect(limitRef('a', { empty: true, window }, 'day')).toBe(
      `(select * from (select * from a where false limit 0) ${filter}`,
    )
    expect(limitRef('a', { empty: false, window }, undefined)).toBe('a')
  })

  it('takes the event time of the config, quoted when the column or the source says so', () => {
    const config = { event_time: 'at' }
    expect(eventTimeColumn(makeModel('a', { config }))).toBe('at')
    expect(eventTimeColumn(makeModel('a'))).toBeUndefined()
    const properties = { quoting: { column: true } }
    expect(eventTimeColumn({ ...makeSource('raw', 'a'), config, properties })).toBe('"at"')
    expect([makeModel('a'), makeSeed('b')].map(isSampled)).toEqual([true, false])
  })
})

describe('a window of time', () => {
  const now = at('2024-03-31T16:06:00Z')

  it.each([
    ['3 hours', '2024-03-31T13:06:00Z'],
    ['1 day', '2024-03-30T16:06:00Z'],
    ['1 month', '2024-02-29T16:06:00Z'],
    ['13 MONTHS', '2023-02-28T16:06:00Z'],
    ['2 years', '2022-03-31T16:06:00Z'],
  ])('of %s ends now', (text, start) => {
    expect(parseSample(text, now)).toEqual({ start: at(start), end: now })
  })

  it('may be given by its bounds, in UTC', () => {
    const text = "{'start': '2024-01-01', 'end': '2024-01-31T12:30:00.250+05:00'}"
    expect(parseSample(text, now)).toEqual(window)
  })

  it.each([
    ...['3', '3 weeks', 'x days', '3 days ago', '{start: 2024-01-01}', '{start: [', '{}'],
    ...['99999999999999999 years', '9000 years', '-90000 years', '999999999999 hours'],
    '{start: 2024-02-30, end: 2024-03-05}',
    '{start: 2024-01-01 or so, end: 2024-03-05}',
    '{start: 2024-03-06, end: 2024-03-05}',
  ])('is not %s', (text) => {
    expect(codeOf(() => parseSample(text, now))).toBe('model/bad-sample')
  })

  it('of event times has both ends, in order', () => {
    expect(parseEventTimes(undefined, undefined)).toBeUndefined()
    const both = parseEventTimes('2024-01-01', '2024-01-02 10:00:00')
    expect(both).toEqual({ start: at('2024-01-01T00:00:00Z'), end: at('2024-01-02T10:00:00Z') })
    for (const [start, end] of [
      ['2024-01-01', undefined],
      ['2024-02-30', '2024-03-05'],
      [undefined, '2024-01-01'],
      ['2024-01-01', '2024-01-01'],
      ['2024-01-01', 'tomorrow'],
    ] as const) {
      expect(codeOf(() => parseEventTimes(start, end))).toBe('model/bad-event-time')
    }
  })

  it('is cut by another', () => {
    const batch = { start: at('2024-01-30T00:00:00Z'), end: at('2024-02-01T00:00:00Z') }
    expect(intersectWindows(batch, window)).toEqual({ start: batch.start, end: window.end })
  })
})

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return isProblem(error) ? error.code : String(error)
  }
}
