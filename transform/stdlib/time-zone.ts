/** Time zones by name, as the JavaScript engine knows them. */
import { TemplateFault } from '../jinja/values.ts'

export type Zone = {
  readonly name: string
  /** Minutes east of Greenwich at an instant, in milliseconds since 1970. */
  readonly offsetAt: (instant: number) => number
  /** `EDT`; the name of the offset where nobody has given it letters. */
  readonly shortName: (instant: number) => string
}

export const utc: Zone = { name: 'UTC', offsetAt: () => 0, shortName: () => 'UTC' }

/** A zone that is one offset all the year. */
export function fixedZone(minutes: number, name = `pytz.FixedOffset(${minutes})`): Zone {
  return { name, offsetAt: () => minutes, shortName: () => '' }
}

/** @throws TemplateFault for a name that nobody knows */
export function findZone(name: string): Zone {
  if (name.toUpperCase() === 'UTC') return utc
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch (cause) {
    throw new TemplateFault(`there is no time zone ${name}`, { cause })
  }
  const offsetAt = (instant: number) => {
    const [, sign, hours = 0, minutes = 0] =
      /GMT([+-])(\d+):(\d+)/.exec(zonePart(format, instant)) ?? []
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
  }
  return { name, offsetAt, shortName: (instant) => shortName(name, instant, offsetAt(instant)) }
}

function zonePart(format: Intl.DateTimeFormat, instant: number): string {
  return format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** American letters, or European ones, or the offset as Python writes it. */
function shortName(timeZone: string, instant: number, offset: number): string {
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-IN']) {
    const format = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' })
    const name = zonePart(format, instant)
    if (!/^(GMT|UTC)[+-]/.test(name)) return name
  }
  return formatOffset(offset, '').replace(/00$/, '')
}

/** `+0200`, or `+02:00` with a separator. */
export function formatOffset(minutes: number, separator: string): string {
  const size = Math.abs(minutes)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${separator}${two(size % 60)}`
}
