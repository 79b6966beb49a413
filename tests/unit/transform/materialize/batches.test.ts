import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BatchRequest,
  type BatchSize,
  batchesOf,
  batchId,
  batchLabel,
  offset,
  truncate,
} from '../../../../transform/materialize/batches.ts'
import { makeModel } from '../plan/random-graph.ts'

const at = (text: string) => Date.parse(`${text}Z`)
const model = (config: Readonly<Record<string, unknown>>) =>
  makeModel('events', { materialized: 'incremental', config })

function batches(
  config: Readonly<Record<string, unknown>>,
  given: Partial<BatchRequest>,
): string[] {
  const request = {
    asked: undefined,
    begin: undefined,
    now: at('2024-03-02T10:30:00'),
    isIncremental: true,
    ...given,
  }
  return batchesOf(model(config), request).map(({ start, end }) =>
    [start, end].map((instant) => new Date(instant).toISOString().slice(0, 16)).join(' '),
  )
}

describe('the batches of a microbatch model', () => {
  it('begin where the model says, and end with the batch of now', () => {
    const given = { begin: at('2024-02-28T15:00:00'), isIncremental: false }
    expect(batches({ batch_size: 'day' }, given)).toEqual([
      '2024-02-28T00:00 2024-02-29T00:00',
      '2024-02-29T00:00 2024-03-01T00:00',
      '2024-03-01T00:00 2024-03-02T00:00',
      '2024-03-02T00:00 2024-03-03T00:00',
    ])
  })

  it.each<[BatchSize, number | undefined, string[]]>([
    ['day', undefined, ['2024-03-01T00:00 2024-03-02T00:00', '2024-03-02T00:00 2024-03-03T00:00']],
    ['day', 0, ['2024-03-02T00:00 2024-03-03T00:00']],
    ['hour', 1, ['2024-03-02T09:00 2024-03-02T10:00', '2024-03-02T10:00 2024-03-02T11:00']],
    ['month', 1, ['2024-02-01T00:00 2024-03-01T00:00', '2024-03-01T00:00 2024-04-01T00:00']],
    ['year', 1, ['2023-01-01T00:00 2024-01-01T00:00', '2024-01-01T00:00 2025-01-01T00:00']],
  ])('go back from now by %s, lookback %s', (batch_size, lookback, expected) => {
    expect(batches({ batch_size, lookback }, {})).toEqual(expected)
  })

  it('cover what is asked for, whatever is there', () => {
    const asked = { start: at('2024-01-31T05:00:00'), end: at('2024-02-01T00:00:00') }
    expect(batches({ batch_size: 'day' }, { asked })).toEqual(['2024-01-31T00:00 2024-02-01T00:00'])
    expect(batches({ batch_size: 'month' }, { asked, isIncremental: false })).toEqual([
      '2024-01-01T00:00 2024-02-01T00:00',
    ])
  })

  it.each([
    [{ batch_size: 'week' }, {}, 'batch_size is week; there are hour, day, month, year'],
    [{}, {}, 'batch_size is missing'],
    [{ batch_size: 'day' }, { isIncremental: false }, 'begin is needed'],
    [{ batch_size: 'day', lookback: 'x' }, {}, 'lookback must be a whole number'],
  ])('need %j %j', (config, given, message) => {
    expect(() => batches(config, given)).toThrowError(message)
  })

  it('leave no gap and do not overlap', () => {
    const size = fc.constantFrom<BatchSize[]>('hour', 'day', 'month', 'year')
    const start = fc.integer({ min: at('2020-01-01T00:00:00'), max: at('2030-01-01T00:00:00') })
    const length = fc.integer({ min: 1, max: 40 * 86_400_000 })
    fc.assert(
      fc.property(size, start, length, (batch_size, from, long) => {
        const asked = { start: from, end: from + long }
        const request = { asked, begin: undefined, now: 0, isIncremental: true }
        const found = batchesOf(model({ batch_size }), request)
        expect(found[0]?.start).toBe(truncate(from, batch_size))
        expect(found.at(-1)?.end).toBeGreaterThanOrEqual(asked.end)
        for (const [index, { start: begin, end }] of found.entries()) {
          expect(end).toBe(offset(begin, batch_size, 1))
          expect(found[index + 1]?.start ?? end).toBe(end)
        }
      }),
    )
  })

  it('are named by where they begin', () => {
    const start = at('2024-03-02T10:00:00')
    expect(batchLabel(start, 'hour')).toBe('2024-03-02T10')
    expect(batchId(start, 'hour')).toBe('20240302T10')
    expect(batchId(start, 'month')).toBe('202403')
  })
})
