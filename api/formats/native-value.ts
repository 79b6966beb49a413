/** PostgreSQL's text of a value as what Parquet and Arrow store. */
import type { ColumnKind } from '../sources/column-kind.ts'

/** Times are microseconds, dates days, both since 1970; a decimal is its value × 10^scale. */
export type NativeValue = number | bigint | boolean | string | Uint8Array

const microsOfDay = 86_400_000_000n
/** DuckDB and Arrow's readers take these for ±infinity. */
const endOfTime = 2n ** 63n - 1n
const endOfDays = 2 ** 31 - 1
const lastDay = Number(endOfTime / microsOfDay) - 1

/** How the texts of a column are read; the kind decides once, not once a value. */
export function nativeReader(kind: ColumnKind): (text: string) => NativeValue {
  switch (kind.name) {
    case 'int16':
    case 'int32':
    case 'float32':
    case 'float64':
      return Number
    case 'int64':
      return BigInt
    case 'decimal':
      return readDecimal
    case 'boolean':
      return (text) => text === 'true'
    case 'date':
      return readDate
    case 'time':
      return (text) => timeOfDay(text, 0)
    case 'timestamp':
    case 'timestamptz':
      return readTimestamp
    case 'bytes':
      return (text) => Buffer.from(text.slice(2), 'hex')
    case 'uuid':
      return (text) => Buffer.from(text.replaceAll('-', ''), 'hex')
    default:
      return (text) => text
  }
}

/** PostgreSQL writes exactly `scale` digits behind the point. NaN, which a decimal cannot be, throws. */
function readDecimal(text: string): bigint {
  return BigInt(text.replace('.', ''))
}

function readDate(text: string): number {
  if (text === 'infinity') return endOfDays
  if (text === '-infinity') return -endOfDays
  return daysOf(text).days
}

function readTimestamp(text: string): bigint {
  if (text === 'infinity') return endOfTime
  if (text === '-infinity') return -endOfTime
  const { days, length } = daysOf(text)
  // PostgreSQL goes 30 years further than 64 bits of microseconds since 1970; Arrow would wrap them around.
  if (days > lastDay) throw new Error(`${text} is too late for a timestamp`)
  return BigInt(days) * microsOfDay + timeOfDay(text, length + 1)
}

/** Days since 1970 of a text that begins with `2024-11-25`, and how long that is; `BC` may stand at the end. */
function daysOf(text: string): { readonly days: number; readonly length: number } {
  const dash = text.indexOf('-')
  const written = Number(text.slice(0, dash))
  const year = text.endsWith('BC') ? 1 - written : written
  const month = Number(text.slice(dash + 1, dash + 3))
  const day = Number(text.slice(dash + 4, dash + 6))
  return { days: daysFromCivil(year, month, day), length: dash + 6 }
}

/** The proleptic Gregorian calendar, counted in eras of 400 years that begin in March. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** Microseconds of `12:30:00.5` at a place of the text. */
function timeOfDay(text: string, at: number): bigint {
  const hours = Number(text.slice(at, at + 2))
  const minutes = Number(text.slice(at + 3, at + 5))
  const seconds = Number(text.slice(at + 6, at + 8))
  let micros = 0
  if (text[at + 8] === '.') {
    let end = at + 9
    while (end < text.length && isDigit(text.charCodeAt(end))) end++
    micros = Number(text.slice(at + 9, end).padEnd(6, '0'))
  }
  return BigInt(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros)
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
