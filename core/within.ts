/** What is waited for only so long. */
import type { Clock } from './clock.ts'

type Limit<T> = {
  readonly ms: number
  readonly clock: Pick<Clock, 'sleep'>
  /** Gives, or throws, what holds instead when the time is over. */
  readonly late: (signal: AbortSignal) => T | Promise<T>
  /** Aborts when nobody waits any more. */
  readonly caller?: AbortSignal | undefined
}

/**
 * What `work` gives, whether it listens to its signal or not; that aborts when the time is over or the caller is gone.
 * @throws what `work` and `late` throw, and the caller's reason
 */
export async function within<T>(
  { ms, clock, late, caller }: Limit<T>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const signal = caller === undefined ? over.signal : AbortSignal.any([caller, over.signal])
  const expired = clock.sleep(ms, signal).then(() => late(signal))
  // Async, so that what throws at once does not leave `expired` without a listener.
  const begin = async () => await work(signal)
  try {
    return await Promise.race([expired, begin()])
  } finally {
    over.abort()
  }
}
