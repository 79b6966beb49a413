import { expect, it } from 'vitest'
import { UnflushedRecords } from '../../../../ingest/landing/unflushed-records.ts'

const limits = { rotateBytes: 64 * 1024 * 1024, rotateRecords: 3, rotateMs: 1_000 }
const batch = (...offsets: readonly number[]) => ({
  leaderEpoch: 1,
  records: offsets.map((offset) => ({
    offset,
    timestampMs: 0,
    key: null,
    value: Buffer.from(`record ${offset}`),
  })),
})

it('is due by records, by bytes and by the age of the oldest offset', () => {
  const unflushed = new UnflushedRecords()
  expect(unflushed.isDue(limits, 5_000)).toBe(false)
  unflushed.keep(batch(0), 100)
  unflushed.keep(batch(1), 900)
  expect([unflushed.isDue(limits, 1_099), unflushed.isDue(limits, 1_100)]).toEqual([false, true])
  expect(unflushed.isDue({ ...limits, rotateBytes: 10 }, 900)).toBe(true)
  unflushed.keep(batch(2), 900)
  expect(unflushed.isDue(limits, 900)).toBe(true)
})

it('is due by age also when the offsets held no records', () => {
  const unflushed = new UnflushedRecords()
  unflushed.keep(batch(), 100)
  expect([unflushed.count, unflushed.isDue(limits, 1_100)]).toEqual([0, true])
})

it('holds what a claim took until it has landed, and gathers beside it', () => {
  const unflushed = new UnflushedRecords()
  unflushed.keep(batch(0, 1, 2), 0)
  const taken = unflushed.take()
  expect(taken.last()).toMatchObject({ offset: 2, leaderEpoch: 1 })
  expect(unflushed.isDue(limits, 9_000)).toBe(false)
  unflushed.keep(batch(3), 9_000)
  expect([unflushed.count, unflushed.claimingBytes]).toEqual([4, taken.bytes])
  unflushed.landed()
  expect([unflushed.count, unflushed.claimingBytes]).toEqual([1, 0])
  expect(unflushed.fillingBytes).toBeGreaterThan(0)
})
