/** By how much the event loop is late, seen by a timer that knows when it should have run. */

export interface EventLoopLag {
  /** Milliseconds; one late turn counts for half a second, ever less. */
  milliseconds(): number
  stop(): void
}

const everyMs = 50
const remembered = 0.7

/** Starts measuring; the timer keeps no process alive. */
export function watchEventLoop(): EventLoopLag {
  let last = performance.now()
  let lag = 0
  const timer = setInterval(() => {
    const now = performance.now()
    lag = Math.max(lag * remembered, now - last - everyMs)
    last = now
  }, everyMs)
  timer.unref()
  return { milliseconds: () => lag, stop: () => clearInterval(timer) }
}
