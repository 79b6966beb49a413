/** A clock that stands still until it is told to go on. */
import type { Clock } from '../../core/clock.ts'

export type ManualClock = Clock & {
  /** Goes on by so many milliseconds and wakes who has slept long enough. */
  advance(ms: number): Promise<void>
  /** Milliseconds that were slept for, in the order of the calls. */
  readonly sleeps: readonly number[]
  /** How many sleep now. */
  readonly sleeping: number
}

/** Begins at the given instant, in milliseconds since 1970. */
export function openManualClock(start = 0): ManualClock {
  let now = start
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>()
  const sleeps: number[] = []
  return {
    sleeps,
    get sleeping() {
      return sleepers.size
    },
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleeps.push(ms)
        const sleeper = { until: now + ms, wake: resolve }
        const stop = () => {
          sleepers.delete(sleeper)
          reject(signal?.reason)
        }
        if (signal?.aborted) return stop()
        signal?.addEventListener('abort', stop, { once: true })
        sleepers.add(sleeper)
      }),
    advance: async (ms) => {
      now += ms
      for (const sleeper of [...sleepers]) {
        if (sleeper.until > now) continue
        sleepers.delete(sleeper)
        sleeper.wake()
      }
      // Whoever was woken acts before the test looks.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
