import { expect, it } from 'vitest'
import { CaughtUp } from '../../../../ingest/landing/caught-up.ts'

/** High watermarks by partition, from 0 on. */
const marks = (...highs: readonly number[]) =>
  new Map(highs.map((high, partition) => [partition, { low: 0, high }]))

function workerAt(head: number, position = head) {
  const worker = {
    head,
    position,
    flushes: 0,
    get isSettled() {
      return worker.head === worker.position
    },
    flush: () => {
      worker.flushes += 1
    },
  }
  return worker
}

const nowhere = async () => 0

it('is caught up when every head has reached its mark and nothing is buffered', async () => {
  const worker = workerAt(4)
  const caughtUp = new CaughtUp(marks(5), nowhere)
  const workers = new Map([[0, worker]])
  expect(await caughtUp.look(workers, true)).toBe(false)
  worker.head = 5
  worker.position = 6
  expect(await caughtUp.look(workers, true)).toBe(false)
  worker.head = 6
  expect(await caughtUp.look(workers, true)).toBe(true)
})

it('flushes a partition whose records up to the mark are all fetched', async () => {
  const [fetched, fetching] = [workerAt(0, 5), workerAt(0, 4)]
  const workers = new Map([
    [0, fetched],
    [1, fetching],
  ])
  await new CaughtUp(marks(5, 5), nowhere).look(workers, true)
  expect([fetched.flushes, fetching.flushes]).toEqual([1, 0])
})

it('looks up partitions of other members now and then, and never before it has joined', async () => {
  let asked = 0
  const caughtUp = new CaughtUp(marks(5), async () => (asked++ === 0 ? 4 : 5))
  expect(await caughtUp.look(new Map(), false)).toBe(false)
  expect(asked).toBe(0)
  let looks = 1
  while (!(await caughtUp.look(new Map(), true))) looks += 1
  expect([asked, looks]).toEqual([2, 21])
})
