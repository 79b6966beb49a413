/** Python's `strftime` and `strptime`, in the C locale. */
import { TemplateFault } from '../jinja/values.ts'
import { formatOffset } from './time-zone.ts'

const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const dayMs = 86_400_000

const pad = (value: number, size = 2) => String(value).padStart(size, '0')

/** A moment as a wall clock shows it. */
export type Moment = {
  /** In milliseconds since 1970, as if it were UTC. */
  readonly wall: number
  /** Beyond the millisecond: 0 to 999. */
  readonly micros: number
  readonly instant: number
  /** Minutes east of Greenwich. */
  readonly offset: number | undefined
  readonly zoneName: string
}

/** 0 for the first day of the year. */
export function dayOfYear(wall: number): number {
  return Math.floor((wall - Date.UTC(new Date(wall).getUTCFullYear(), 0)) / dayMs)
}

/** Year, week and weekday (Monday is 1) of ISO 8601. */
export function isoWeek(wall: number): readonly [number, number, number] {
  const weekday = new Date(wall).getUTCDay() || 7
  const thursday = wall + (4 - weekday) * dayMs
  return [new Date(thursday).getUTCFullYear(), Math.floor(dayOfYear(thursday) / 7) + 1, weekday]
}

/** Codes that Python does not know stay as they are. */
export function formatTime(time: Moment, format: string): string {
  const date = new Date(time.wall)
  const month = months[date.getUTCMonth()] ?? ''
  const weekday = weekdays[date.getUTCDay()] ?? ''
  const [isoYear, isoNumber, isoDay] = isoWeek(time.wall)
  const day = dayOfYear(time.wall)
  const hour12 = date.getUTCHours() % 12 || 12
  const inner = (text: string) => formatTime(time, text)
  const codes: Readonly<Record<string, () => string>> = {
    Y: () => pad(date.getUTCFullYear(), 4),
    y: () => pad(date.getUTCFullYear() % 100),
    C: () => pad(Math.floor(date.getUTCFullYear() / 100)),
    G: () => String(isoYear),
    m: () => pad(date.getUTCMonth() + 1),
    d: () => pad(date.getUTCDate()),
    e: () => String(date.getUTCDate()).padStart(2),
    H: () => pad(date.getUTCHours()),
    I: () => pad(hour12),
    M: () => pad(date.getUTCMinutes()),
    S: () => pad(date.getUTCSeconds()),
    f: () => pad(date.getUTCMilliseconds() * 1000 + time.micros, 6),
    p: () => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    j: () => pad(day + 1, 3),
    U: () => pad(Math.floor((day + 7 - date.getUTCDay()) / 7)),
    W: () => pad(Math.floor((day + 7 - ((date.getUTCDay() + 6) % 7)) / 7)),
    V: () => pad(isoNumber),
    B: () => month,
    b: () => month.slice(0, 3),
    h: () => month.slice(0, 3),
    A: () => weekday,
    a: () => weekday.slice(0, 3),
    w: () => String(date.getUTCDay()),
    u: () => String(isoDay),
    s: () => String(Math.floor(time.instant / 1000)),
    z: () => (time.offset === undefined ? '' : formatOffset(time.offset, '')),
    Z: () => (time.offset === undefined ? '' : time.zoneName),
    F: () => inner('%Y-%m-%d'),
    T: () => inner('%H:%M:%S'),
    X: () => inner('%H:%M:%S'),
    R: () => inner('%H:%M'),
    D: () => inner('%m/%d/%y'),
    x: () => inner('%m/%d/%y'),
    c: () => inner('%a %b %e %H:%M:%S %Y'),
    n: () => '\n',
    t: () => '\t',
    '%': () => '%',
  }
  return format.replaceAll(/%-?([A-Za-z%])/g, (whole: string, code: string) => {
    const text = Object.hasOwn(codes, code) ? codes[code]?.() : undefined
    if (text === undefined) return whole
    return whole.startsWith('%-') ? text.replace(/^[0 ]+(?=\d)/, '') : text
  })
}

const patterns: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  y: '(?<y>\\d{2})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  I: '(?<I>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  f: '(?<f>\\d{1,6})',
  j: '(?<j>\\d{1,3})',
  p: '(?<p>[AaPp][Mm])',
  b: '(?<b>[A-Za-z]{3})',
  B: '(?<B>[A-Za-z]+)',
  a: '[A-Za-z]{3}',
  A: '[A-Za-z]+',
  z: '(?<z>Z|[+-]\\d{2}:?\\d{2})',
  Z: '(?:UTC|GMT)',
  '%': '%',
}

export type ParsedTime = {
  /** Milliseconds since 1970, as if the clock stood in Greenwich. */
  readonly wall: number
  readonly micros: number
  /** Minutes east of Greenwich, where the text says it. */
  readonly offset: number | undefined
}

/** @throws TemplateFault when the text does not fit, or names no day */
export function parseTime(text: string, format: string): ParsedTime {
  const whole = format.replaceAll('%T', '%H:%M:%S').replaceAll('%F', '%Y-%m-%d')
  const source = whole.replaceAll(/%([A-Za-z%])|([\\^$.*+?()[\]{}|])|\s+/g, (_, code, special) => {
    if (special !== undefined) return `\\${special}`
    if (code === undefined) return '\\s+'
    const pattern = Object.hasOwn(patterns, code) ? patterns[code] : undefined
    if (pattern === undefined) throw new TemplateFault(`strptime() does not know %${code}`)
    return pattern
  })
  const found = new RegExp(`^${source}$`).exec(text)?.groups
  if (found === undefined && !new RegExp(`^${source}$`).test(text)) {
    throw new TemplateFault(`${text} does not fit the format ${format}`)
  }
  return momentOf(found ?? {}, text)
}

function momentOf(found: Readonly<Record<string, string | undefined>>, text: string): ParsedTime {
  const number = (name: string, fallback: number) =>
    found[name] === undefined ? fallback : Number(found[name])
  const named = (found['B'] ?? found['b'])?.toLowerCase()
  const month =
    named === undefined
      ? number('m', 1)
      : months.findIndex((name) => name.toLowerCase().startsWith(named)) + 1
  const short = number('y', 0)
  const year = number('Y', found['y'] === undefined ? 1900 : short + (short < 69 ? 2000 : 1900))
  const afternoon = found['p']?.toLowerCase() === 'pm' ? 12 : 0
  const hour = found['I'] === undefined ? number('H', 0) : (number('I', 0) % 12) + afternoon
  const fraction = Number((found['f'] ?? '0').padEnd(6, '0'))
  const isYearDay = found['j'] !== undefined && found['m'] === undefined && named === undefined
  const [first, day] = isYearDay ? [0, number('j', 1)] : [month - 1, number('d', 1)]
  const start = new Date(0)
  start.setUTCFullYear(year, first, day)
  if (!isYearDay && start.getUTCMonth() !== month - 1) throw new TemplateFault(`${text} is no date`)
  const clock = ((hour * 60 + number('M', 0)) * 60 + number('S', 0)) * 1000
  const wall = start.getTime() + clock + Math.floor(fraction / 1000)
  return { wall, micros: fraction % 1000, offset: offsetOf(found['z']) }
}

function offsetOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})$/.exec(text) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
