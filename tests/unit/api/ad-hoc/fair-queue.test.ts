import { beforeEach, expect, it } from 'vitest'
import { FairQueue } from '../../../../api/ad-hoc/fair-queue.ts'
import { isProblem } from '../../../../core/errors.ts'

let started: string[]
beforeEach(() => {
  started = []
})

const waiting = (caller: string, label = caller) => ({
  caller,
  start: () => {
    started.push(label)
  },
  refuse: () => {},
})

const codeOf = (work: () => void) => {
  try {
    work()
    return undefined
  } catch (error) {
    return isProblem(error) ? error.code : error
  }
}

it('lets callers take turns, however many requests one of them has', () => {
  const queue = new FairQueue({ perCaller: 10, runningPerCaller: 1, waiting: 10 })
  for (const label of ['a1', 'a2', 'a3']) queue.add(waiting('a', label))
  queue.add(waiting('b', 'b1'))
  expect(queue.startNext()).toBe(true)
  queue.release('a')
  queue.startNext()
  queue.release('b')
  queue.startNext()
  queue.add(waiting('c', 'c1'))
  queue.release('a')
  queue.startNext()
  expect(started).toEqual(['a1', 'b1', 'a2', 'c1'])
})

it('runs only so many of one caller, though nobody else waits', () => {
  const queue = new FairQueue({ perCaller: 10, runningPerCaller: 2, waiting: 10 })
  for (const label of ['a1', 'a2', 'a3']) queue.add(waiting('a', label))
  expect([queue.startNext(), queue.startNext(), queue.startNext()]).toEqual([true, true, false])
  queue.release('a')
  expect(queue.startNext()).toBe(true)
  expect(queue.startNext()).toBe(false)
})

it('refuses a caller with too many requests, and everybody when too many wait', () => {
  const queue = new FairQueue({ perCaller: 2, runningPerCaller: 1, waiting: 3 })
  queue.add(waiting('a'))
  queue.startNext()
  queue.add(waiting('a'))
  expect(codeOf(() => queue.add(waiting('a')))).toBe('api/sql-too-many')
  queue.add(waiting('b'))
  queue.add(waiting('c'))
  expect(codeOf(() => queue.add(waiting('d')))).toBe('api/overloaded')
  queue.release('a')
  queue.startNext()
  queue.add(waiting('a'))
  expect(queue.size).toBe(3)
})

it('forgets who left the line', () => {
  const queue = new FairQueue({ perCaller: 1, runningPerCaller: 1, waiting: 3 })
  const gone = waiting('a')
  queue.add(gone)
  queue.remove(gone)
  expect(queue.startNext()).toBe(false)
  queue.add(waiting('a'))
  expect(queue.startNext()).toBe(true)
})
