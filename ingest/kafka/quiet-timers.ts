/**
 * kafkajs (issue 1751) schedules its queue check at a negative delay whenever nothing is throttled: on Node 24
 * that warns and then fires every millisecond. Its check is only needed while something waits.
 */
import { createRequire } from 'node:module'

type RequestQueue = {
  pending: readonly unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}

/** kafkajs' own interval between two looks at a queue that is not empty. */
const checkIntervalMs = 10

/** Replaces the method; safe to call twice. */
export function quietTimers(): void {
  const require = createRequire(import.meta.url)
  // The class is internal to kafkajs and has no types.
  const queueClass = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }
  queueClass.prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueue) {
    if (this.throttleCheckTimeoutId !== null) return
    const throttledMs = this.throttledUntil - Date.now()
    if (throttledMs <= 0 && this.pending.length === 0) return
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      Math.max(throttledMs, checkIntervalMs),
    )
  }
}
