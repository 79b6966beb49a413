import { describe, expect, it } from 'vitest'
import { timeLeft, timeLeftText } from '../../../../cli/runner/time-left.ts'

const durations = new Map([
  ['a', 1_000],
  ['b', 3_000],
  ['c', 8_000],
])
const none = new Map<string, number>()

describe('the time that a run still takes', () => {
  const course = { planned: ['a', 'b', 'c'], threads: 1, durations }

  it('is what its nodes took before, without what has ended and what has passed', () => {
    expect(timeLeft(course, new Set(), none)).toBe(12_000)
    expect(timeLeft(course, new Set(['a']), new Map([['b', 2_000]]))).toBe(9_000)
    expect(timeLeft(course, new Set(['a', 'b', 'c']), none)).toBe(0)
  })

  it('is not less than none where a node takes longer than it did', () => {
    expect(timeLeft(course, new Set(['a', 'c']), new Map([['b', 5_000]]))).toBe(0)
  })

  it('is shared by the threads, and not shorter than the longest node', () => {
    expect(timeLeft({ ...course, threads: 3 }, new Set(), none)).toBe(8_000)
    const even = {
      planned: ['a', 'b'],
      threads: 2,
      durations: new Map([
        ['a', 10],
        ['b', 10],
      ]),
    }
    expect(timeLeft(even, new Set(), none)).toBe(10)
  })

  it('counts a node that is new as the average, and is not told where most are new', () => {
    const planned = ['a', 'b', 'new']
    expect(timeLeft({ ...course, planned }, new Set(), none)).toBe(6_000)
    expect(timeLeft({ ...course, planned: ['a', 'new', 'newer'] }, new Set(), none)).toBeUndefined()
    expect(timeLeft({ ...course, durations: none }, new Set(), none)).toBeUndefined()
  })

  it('reads as seconds, and as minutes from two on', () => {
    expect(timeLeftText(3)).toBe('about 1s left')
    expect(timeLeftText(119_000)).toBe('about 119s left')
    expect(timeLeftText(200_000)).toBe('about 3m left')
  })
})
