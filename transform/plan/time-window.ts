/** Windows of time on the command line: `--sample '3 days'`, `--event-time-start` and `--event-time-end`. */
import { parse } from 'yaml'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { field } from './json.ts'

/** Milliseconds since 1970, the end left out. */
export type TimeWindow = { readonly start: number; readonly end: number }

const grains = ['hour', 'day', 'month', 'year'] as const
type Grain = (typeof grains)[number]

/** Of Python's calendar. */
const firstInstant = Date.parse('0001-01-01T00:00:00Z')
const lastInstant = Date.parse('9999-12-31T23:59:59Z')

/**
 * @param text `3 days` back from now, or `{start: 2024-01-01, end: 2024-02-01}` in UTC
 * @param now milliseconds since 1970
 * @throws `model/bad-sample`
 */
export function parseSample(text: string, now: number): TimeWindow {
  if (text.trimStart().startsWith('{')) return parseBounds(text)
  const [count = '', word = '', ...rest] = text.split(' ')
  if (word === '' || rest.length > 0) throw badSample(text, 'it is not a number and a unit of time')
  if (!/^[+-]?\d+$/.test(count)) throw badSample(text, `${count} is not a whole number`)
  const unit = word.toLowerCase().replace(/s+$/, '')
  const grain = grains.find((known) => known === unit)
  if (grain === undefined) throw badSample(text, `${word} is none of ${grains.join('s, ')}s`)
  const start = back(now, Number(count), grain)
  if (start >= firstInstant && start <= lastInstant) return { start, end: now }
  throw badSample(text, 'it leads out of the calendar')
}

function parseBounds(text: string): TimeWindow {
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    throw badSample(text, messageOf(cause).split('\n')[0] ?? '', cause)
  }
  const [start, end] = ['start', 'end'].map((key) => instant(String(field(value, key))))
  if (start === undefined || end === undefined) {
    throw badSample(text, 'it needs a start and an end, each a date or a date and a time')
  }
  if (end < start) throw badSample(text, 'its end comes before its start, so no row would be read')
  return { start, end }
}

/**
 * The bounds of microbatch models.
 * @returns undefined when neither is given
 * @throws `model/bad-event-time`
 */
export function parseEventTimes(
  start: string | undefined,
  end: string | undefined,
): TimeWindow | undefined {
  if (start === undefined && end === undefined) return undefined
  if (start === undefined || end === undefined) {
    const missing = start === undefined ? '--event-time-start' : '--event-time-end'
    throw problem('model/bad-event-time', { reason: `${missing} is missing` })
  }
  const [from, to] = [eventTime(start), eventTime(end)]
  if (from < to) return { start: from, end: to }
  throw problem('model/bad-event-time', { reason: `${start} does not come before ${end}` })
}

/** What both hold: a batch of a model under `--sample`. */
export function intersectWindows(left: TimeWindow, right: TimeWindow): TimeWindow {
  return { start: Math.max(left.start, right.start), end: Math.min(left.end, right.end) }
}

/** A date, or a date and a time, as configs say them: UTC, in milliseconds since 1970; undefined for anything else. */
export function parseInstant(value: unknown): number | undefined {
  return value instanceof Date ? value.getTime() : instant(String(value))
}

function eventTime(text: string): number {
  const found = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d)?$/.test(text) ? instant(text) : undefined
  if (found !== undefined) return found
  throw problem('model/bad-event-time', {
    reason: `${text} is neither a date nor a date and a time`,
  })
}

const instantPattern =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(?:Z|[+-]\d\d:?\d\d)?)?$/

/** A date, or a date and a time; UTC, whatever zone it names, as dbt takes it. */
function instant(text: string): number | undefined {
  const parts = instantPattern.exec(text)
  if (parts === null) return undefined
  const [, date, time = '00:00'] = parts
  const at = Date.parse(`${date}T${time}Z`)
  // JavaScript takes the 30th of February for the 1st of March.
  const isDay = !Number.isNaN(at) && new Date(at).toISOString().startsWith(date ?? '')
  return isDay ? at : undefined
}

/** Months and years keep the day where the month has it, and else take its last one. */
function back(now: number, count: number, grain: Grain): number {
  const hour = 3_600_000
  if (grain === 'hour') return now - count * hour
  if (grain === 'day') return now - count * 24 * hour
  const date = new Date(now)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() - count * (grain === 'year' ? 12 : 1))
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, last))
  return date.getTime()
}

function badSample(text: string, reason: string, cause?: unknown) {
  return problem('model/bad-sample', { text, reason }, { cause })
}
