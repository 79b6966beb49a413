/** Which folder a row's file lies in. Paths help people and prefix rules; readers go by the ledger. */

export type HourCount = {
  /** Start of the hour in UTC, milliseconds since 1970. */
  readonly hourMs: number
  readonly rows: number
}

export type Bucket = {
  readonly path: string
  /** Hours [fromMs, toMs) of event time; the invalid bucket holds what lies outside of all. */
  readonly fromMs: number
  readonly toMs: number
}

/** More files than this in one claim cost more than their pruning saves: hours become days, days one file. */
const maxBuckets = 24
const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Clocks may be wrong by a day; event times after that are no times. */
const aheadMs = dayMs

export const invalidPath = 'dt=__invalid__/hr=__invalid__'

/** The buckets for rows of these hours: by hour, or coarser where there would be too many. */
export function planBuckets(hours: readonly HourCount[], nowMs: number): readonly Bucket[] {
  const valid = hours.filter((hour) => isValid(hour.hourMs, nowMs)).map((hour) => hour.hourMs)
  // A coarse bucket must not reach into the hours of the invalid one: its rows would be written twice.
  const { toMs } = validRange(nowMs)
  const buckets = coarsen(valid).map((one) => ({ ...one, toMs: Math.min(one.toMs, toMs) }))
  if (valid.length < hours.length) {
    buckets.push({ path: invalidPath, fromMs: Number.NaN, toMs: Number.NaN })
  }
  return buckets
}

/** The greatest hour, exclusive, that counts as a time. */
export function validRange(nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: 0, toMs: nowMs + aheadMs }
}

function isValid(atMs: number, nowMs: number): boolean {
  const { fromMs, toMs } = validRange(nowMs)
  return atMs >= fromMs && atMs < toMs
}

function coarsen(hours: readonly number[]): readonly Bucket[] {
  const first = Math.min(...hours)
  const last = Math.max(...hours)
  if (hours.length === 0) return []
  if (new Set(hours).size <= maxBuckets) {
    return distinct(hours, hourMs).map((fromMs) => ({
      path: `dt=${day(fromMs)}/hr=${new Date(fromMs).toISOString().slice(11, 13)}`,
      fromMs,
      toMs: fromMs + hourMs,
    }))
  }
  const days = distinct(hours, dayMs)
  if (days.length <= maxBuckets) {
    return days.map((fromMs) => ({
      path: `dt=${day(fromMs)}/hr=__all__`,
      fromMs,
      toMs: fromMs + dayMs,
    }))
  }
  return [{ path: 'dt=__many__/hr=__all__', fromMs: first, toMs: last + hourMs }]
}

function distinct(hours: readonly number[], stepMs: number): readonly number[] {
  const starts = new Set(hours.map((hour) => Math.floor(hour / stepMs) * stepMs))
  return [...starts].sort((a, b) => a - b)
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}
