/** Waiting with a limit. */
import { systemClock } from '../../core/clock.ts'

/** Waits for work so many milliseconds; leaves no timer behind, which would keep a process that ends. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController()
  const late = systemClock.sleep(milliseconds, enough.signal).catch(() => {})
  await Promise.race([work, late])
  enough.abort()
}
