/**
 * Who is let in: as many requests at once as the process answers in time. The rest are told so at once, which costs next
 * to nothing; so more load than we can bear makes refusals, and not answers that come too late for everybody.
 */
export type AdmissionLimits = {
  /** Requests let in and not yet answered. */
  readonly maxInFlight: number
  /** Milliseconds by which the event loop may be late. */
  readonly maxLagMs: number
}

/** As it stands in the metrics. */
export type Refusal = 'in-flight' | 'event-loop'

export interface Admission {
  /** Lets a request in, or says why not. Who is let in leaves with `leave`. */
  enter(): Refusal | undefined
  leave(): void
  readonly inFlight: number
}

/** With so few requests running, a late event loop is not the work of too many of them. */
const alwaysLetIn = 8

/** @param lagMs by how much the event loop is late */
export function createAdmission(limits: AdmissionLimits, lagMs: () => number): Admission {
  let inFlight = 0
  return {
    enter() {
      if (inFlight >= limits.maxInFlight) return 'in-flight'
      if (inFlight >= alwaysLetIn && lagMs() > limits.maxLagMs) return 'event-loop'
      inFlight++
      return undefined
    },
    leave() {
      inFlight--
    },
    get inFlight() {
      return inFlight
    },
  }
}
