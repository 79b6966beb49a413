/** Python's `strftime` and `strptime`, in the C locale. */
import { TemplateFault } from '../jinja/values.ts'

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const pad = (value: number, size = 2) => String(value).padStart(size, '0')

/** A moment as a wall clock shows it. */
type Moment = {
  /** In milliseconds since 1970, as if it were UTC. */
  readonly wall: number
  readonly instant: number
  /** Minutes east of Greenwich. */
  readonly offset: number | undefined
  readonly zone: { readonly name: string } | undefined
}

/** `+0200`, or `+02:00` with a separator. */
export function formatOffset(minutes: number, separator: string): string {
  const size = Math.abs(minutes)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${separator}${two(size % 60)}`
}

/** Codes that Python does not know stay as they are. */
export function formatTime(time: Moment, format: string): string {
  const date = new Date(time.wall)
  const month = months[date.getUTCMonth()] ?? ''
  const weekday = weekdays[date.getUTCDay()] ?? ''
  const dayOfYear = Math.floor((time.wall - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000) + 1
  const codes: Readonly<Record<string, () => string>> = {
    Y: () => pad(date.getUTCFullYear(), 4),
    y: () => pad(date.getUTCFullYear() % 100),
    m: () => pad(date.getUTCMonth() + 1),
    d: () => pad(date.getUTCDate()),
    H: () => pad(date.getUTCHours()),
    I: () => pad(date.getUTCHours() % 12 || 12),
    M: () => pad(date.getUTCMinutes()),
    S: () => pad(date.getUTCSeconds()),
    f: () => pad(date.getUTCMilliseconds() * 1000, 6),
    p: () => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    j: () => pad(dayOfYear, 3),
    B: () => month,
    b: () => month.slice(0, 3),
    A: () => weekday,
    a: () => weekday.slice(0, 3),
    w: () => String(date.getUTCDay()),
    s: () => String(Math.floor(time.instant / 1000)),
    z: () => (time.offset === undefined ? '' : formatOffset(time.offset, '')),
    Z: () => (time.offset === undefined ? '' : (time.zone?.name ?? '')),
    F: () => formatTime(time, '%Y-%m-%d'),
    T: () => formatTime(time, '%H:%M:%S'),
    '%': () => '%',
  }
  return format.replaceAll(/%-?([A-Za-z%])/g, (whole: string, code: string) => {
    const text = Object.hasOwn(codes, code) ? codes[code]?.() : undefined
    if (text === undefined) return whole
    return whole.startsWith('%-') ? text.replace(/^0+(?=\d)/, '') : text
  })
}

const patterns: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  y: '(?<y>\\d{2})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  f: '(?<f>\\d{1,6})',
  b: '(?<b>[A-Za-z]{3})',
  B: '(?<B>[A-Za-z]+)',
  '%': '%',
}

/** @returns wall-clock time in milliseconds since 1970 @throws TemplateFault when the text does not fit */
export function parseTime(text: string, format: string): number {
  const source = format.replaceAll(/%([A-Za-z%])|([\\^$.*+?()[\]{}|])/g, (_, code, special) => {
    if (special !== undefined) return `\\${special}`
    const pattern = Object.hasOwn(patterns, code) ? patterns[code] : undefined
    if (pattern === undefined) throw new TemplateFault(`strptime() does not know %${code}`)
    return pattern
  })
  const found = new RegExp(`^${source}$`).exec(text)?.groups
  if (found === undefined) throw new TemplateFault(`${text} does not fit the format ${format}`)
  const number = (name: string, fallback: number) =>
    found[name] === undefined ? fallback : Number(found[name])
  const named = (found['B'] ?? found['b'])?.toLowerCase()
  const month =
    named === undefined
      ? number('m', 1)
      : months.findIndex((name) => name.toLowerCase().startsWith(named)) + 1
  const short = number('y', 0)
  const year = number('Y', found['y'] === undefined ? 1900 : short + (short < 69 ? 2000 : 1900))
  const milliseconds = Math.floor(Number((found['f'] ?? '0').padEnd(6, '0')) / 1000)
  const wall = Date.UTC(year, month - 1, number('d', 1), number('H', 0), number('M', 0))
  if (new Date(wall).getUTCMonth() !== month - 1) throw new TemplateFault(`${text} is no date`)
  return wall + number('S', 0) * 1000 + milliseconds
}
