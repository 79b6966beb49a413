/** What the quick lane has learned of a statement. */

/** What takes longer, on average and in milliseconds, is not quick. */
export const quickMs = 2
/** A statement that has failed or taken long in the lane is run elsewhere so many times. */
const timeAway = 1000
/** Weight of the newest duration in the average. */
const weight = 0.1
/** Batches after which it is known how long a call takes in them, and after which that is looked at anew. */
const knownAfter = 50
const anewAfter = 2000
/** Together they are slower when a call takes so many times as long: durations of one moment tell little. */
const slower = 1.2
/** Calls that are kept apart; after failures twice as many each time, and at most so many. */
const fewApart = 1000
const mostApart = 1_000_000

/** Milliseconds that a call takes in a batch of several, and how many batches said so. */
type Pace = { ms: number; batches: number }

export type LaneRecord = {
  averageMs: number
  /** Runs elsewhere before the lane is tried again. */
  away: number
  /** In the lane: each call a statement of its own, and all of them one. */
  readonly alone: Pace
  readonly together: Pace
  /** Calls that are statements of their own before they are tried together again, now and the next time. */
  apart: number
  nextApart: number
  /** The statement that several calls become; null where they cannot. */
  combined?: string | null
}

export function newLaneRecord(): LaneRecord {
  const alone = { ms: 0, batches: 0 }
  const together = { ms: 0, batches: 0 }
  const averageMs = Number.POSITIVE_INFINITY
  return { averageMs, away: 0, alone, together, apart: 0, nextApart: fewApart }
}

/** Takes in how long each of some calls took. @returns whether it is still quick */
export function learnDuration(record: LaneRecord, milliseconds: number, calls = 1): boolean {
  // Who was sent away meanwhile is away.
  if (!Number.isFinite(record.averageMs)) return true
  record.averageMs += (milliseconds - record.averageMs) * (1 - (1 - weight) ** calls)
  return record.averageMs <= quickMs
}

export function sendAway(record: LaneRecord): void {
  record.averageMs = Number.POSITIVE_INFINITY
  record.away = timeAway
}

/** Whether so many calls that come at once are to become one statement. */
export function areTogether(record: LaneRecord, calls: number): boolean {
  if (calls < 2) return false
  record.apart = Math.max(0, record.apart - calls)
  return record.apart === 0 && record.alone.batches >= knownAfter
}

/** Takes in how long a call took in a batch of several; where that is longer together, they are kept apart. */
export function learnPace(record: LaneRecord, isTogether: boolean, milliseconds: number): void {
  const { alone, together } = record
  const pace = isTogether ? together : alone
  pace.batches++
  pace.ms += (milliseconds - pace.ms) / Math.min(pace.batches, knownAfter)
  if (isTogether && pace.batches === knownAfter) record.nextApart = fewApart
  const isSlower = together.batches >= knownAfter && together.ms > alone.ms * slower
  if (isSlower) record.apart = fewApart
  if (isSlower || together.batches >= anewAfter) forget(record)
}

/** Takes in that they have failed as one statement: what cannot be put so fails each time. */
export function learnFailure(record: LaneRecord): void {
  // Those that were on their way with the first that failed tell nothing more.
  if (record.apart > 0) return
  record.apart = record.nextApart
  record.nextApart = Math.min(record.nextApart * 2, mostApart)
  forget(record)
}

function forget({ alone, together }: LaneRecord): void {
  alone.batches = 0
  together.batches = 0
}
