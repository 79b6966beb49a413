import { describe, expect, it } from 'vitest'
import {
  areTogether,
  learnFailure,
  learnPace,
  newLaneRecord,
} from '../../../../api/sources/lane-record.ts'

function known(aloneMs: number) {
  const record = newLaneRecord()
  for (let batch = 0; batch < 50; batch++) learnPace(record, false, aloneMs)
  return record
}

/** Calls that are made apart before they are together again. */
function callsApart(record: ReturnType<typeof newLaneRecord>): number {
  let calls = 0
  while (!areTogether(record, 10)) {
    learnPace(record, false, 1)
    calls += 10
  }
  return calls
}

describe('calls of one statement', () => {
  it('are put together when it is known how long they take alone', () => {
    expect(areTogether(newLaneRecord(), 10)).toBe(false)
    expect(areTogether(known(1), 10)).toBe(true)
    expect(areTogether(known(1), 1)).toBe(false)
  })

  it('are kept apart when they take longer together', () => {
    const record = known(1)
    for (let batch = 0; batch < 50; batch++) learnPace(record, true, 1.5)
    expect(areTogether(record, 10)).toBe(false)
    expect(callsApart(record)).toBeGreaterThan(500)
  })

  it('are kept apart twice as long each time they fail, and never for ever', () => {
    const record = known(1)
    const waits = Array.from({ length: 14 }, () => {
      learnFailure(record)
      return callsApart(record)
    })
    expect(waits.slice(0, 4)).toEqual([990, 1990, 3990, 7990])
    expect(waits.at(-1)).toBe(999_990)
  })

  it('are kept apart once for all that were on their way, and not for long again when it went well', () => {
    const record = known(1)
    for (let batch = 0; batch < 4; batch++) learnFailure(record)
    expect(callsApart(record)).toBe(990)
    for (let batch = 0; batch < 50; batch++) learnPace(record, true, 0.9)
    learnFailure(record)
    expect(callsApart(record)).toBe(990)
  })

  it('are looked at anew from time to time', () => {
    const record = known(1)
    let together = 0
    for (; areTogether(record, 10) && together < 100_000; together++) learnPace(record, true, 0.9)
    expect(together).toBe(2000)
    expect(callsApart(record)).toBe(500)
    for (let batch = 0; batch < 50; batch++) learnPace(record, true, 1.3)
    expect(areTogether(record, 10)).toBe(false)
  })
})
