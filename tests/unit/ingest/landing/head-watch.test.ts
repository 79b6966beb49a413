import { describe, expect, it } from 'vitest'
import { HeadWatch } from '../../../../ingest/landing/head-watch.ts'

function watchAt(startMs = 0) {
  const time = { nowMs: startMs }
  const watch = new HeadWatch({ now: () => time.nowMs, sleep: () => Promise.resolve() })
  return { watch, time }
}

describe('the watch over a head', () => {
  it('knows no lag before the ledger or the log was read', () => {
    const { watch } = watchAt()
    expect(watch.lag(5)).toBeUndefined()
    watch.recovered(8)
    expect([watch.lag(undefined), watch.lag(5), watch.lag(9)]).toEqual([undefined, 3, 0])
    expect([watch.stuckForMs(undefined, 100), watch.stuckForMs(5, 100)]).toEqual([0, 100])
  })

  it('counts from the moment records began to wait', () => {
    const { watch, time } = watchAt()
    watch.recovered(5)
    time.nowMs = 1_000
    watch.logEndsAt(7, 5)
    expect(watch.stuckForMs(5, 1_500)).toBe(500)
    time.nowMs = 1_200
    watch.logEndsAt(8, 5)
    expect(watch.stuckForMs(5, 1_500)).toBe(500)
  })

  it('counts anew after a commit and after an outage', () => {
    const { watch, time } = watchAt()
    watch.recovered(9)
    time.nowMs = 1_000
    watch.committed()
    expect([watch.lastCommitMs, watch.stuckForMs(5, 1_500)]).toEqual([1_000, 500])
    watch.troubled(new Error('down'))
    expect([watch.isInTrouble, watch.stuckForMs(5, 3_000)]).toEqual([true, 2_000])
    time.nowMs = 3_000
    watch.overcame()
    expect([watch.isInTrouble, watch.stuckForMs(5, 3_100)]).toEqual([false, 100])
  })

  it('forgets the trouble of an assignment that is over, not how long the head has stood', () => {
    const { watch } = watchAt()
    watch.recovered(9)
    watch.troubled(new Error('down'))
    watch.dropped()
    expect([watch.isInTrouble, watch.stuckForMs(5, 2_000)]).toEqual([false, 2_000])
  })
})
