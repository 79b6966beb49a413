/**
 * What the values of a CSV column are, by the rules of agate, which finds the types of dbt's seeds. The first values are
 * looked at here; that the others are the same is for DuckDB to say, which reads a million of them in a moment.
 */
import { quoteIdent } from '../../core/sql.ts'

/** What was found out about the values of a column; all false for a column without any. */
export type ColumnFacts = {
  readonly isFilled: boolean
  readonly isNumber: boolean
  readonly hasFraction: boolean
  /** Does not go into 32 bits. */
  readonly isLong: boolean
  /** Does not go into 64 bits. */
  readonly isHuge: boolean
  readonly isDate: boolean
  readonly isTime: boolean
  readonly isBoolean: boolean
}

export const noFacts: ColumnFacts = {
  isFilled: false,
  isNumber: false,
  hasFraction: false,
  isLong: false,
  isHuge: false,
  isDate: false,
  isTime: false,
  isBoolean: false,
}

const numeric = /^[-+]?(\d+(_\d+)*\.?\d*|\.\d+)(e[-+]?\d+)?$/i
const date = /^\d{4}-\d{1,2}-\d{1,2}$/
const time = /^\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}$/
const isoTime = /^\d{4}-\d{1,2}-\d{1,2}T[\d:.,]+(Z|[-+][\d:]{2,5})?$/

/** By the look of them: that there is such a day, or time, is for `confirmSql` to ask. */
export function factsOf(values: Iterable<string | null>): ColumnFacts {
  const texts = [...values].map(trimmed).filter(isFilled)
  if (texts.length === 0) return noFacts
  const isNumber = texts.every((text) => numeric.test(text) && Number.isFinite(numberOf(text)))
  const numbers = isNumber ? texts.map(numberOf) : []
  return {
    isFilled: true,
    isNumber,
    hasFraction: numbers.some((number) => !Number.isInteger(number)),
    isLong: numbers.some((number) => Math.abs(number) > 2 ** 31 - 1),
    isHuge: isNumber && texts.some(isBeyond64Bits),
    isDate: texts.every((text) => date.test(text)),
    isTime: texts.every((text) => time.test(text)) || texts.every((text) => isoTime.test(text)),
    isBoolean: texts.every((text) => /^(true|false)$/i.test(text)),
  }
}

/** Blanks alone, as DuckDB's `trim`. */
function trimmed(value: string | null): string {
  return (value ?? '').replace(/^ +| +$/g, '')
}

function isFilled(text: string): boolean {
  return text !== '' && text.toLowerCase() !== 'null'
}

function numberOf(text: string): number {
  return Number(text.replaceAll('_', ''))
}

function isBeyond64Bits(text: string): boolean {
  const digits = text.replaceAll('_', '')
  if (!/^[-+]?\d+$/.test(digits)) return Math.abs(Number(digits)) >= 2 ** 63
  const whole = BigInt(digits.replace('+', ''))
  return BigInt.asIntN(64, whole) !== whole
}

/** Whether it goes by looks, so that a query has to confirm it even of a few values. */
export function isGuess(found: ColumnFacts): boolean {
  return found.isDate || found.isTime
}

/** SQL of whether a column holds a value in a row. */
export function filledSql(name: string): string {
  const text = `trim(${quoteIdent(name)})`
  return `${text} <> '' and lower(${text}) <> 'null'`
}

const names = Object.keys(noFacts) as (keyof ColumnFacts)[]

/**
 * SQL of a text with one digit a fact, over all rows: a column has nothing to prove but what its first values have
 * shown. Without patterns, which take ten times as long as the casts.
 */
export function confirmSql(name: string, found: ColumnFacts): string {
  const column = `trim(${quoteIdent(name)})`
  const number = `try_cast(${column} as double)`
  const every = (test: string) => `bool_and(${test}) filter (${filledSql(name)})`
  const any = (test: string) => `bool_or(${test}) filter (${filledSql(name)})`
  const sql: Readonly<Record<keyof ColumnFacts, string>> = {
    isFilled: 'true',
    isNumber: every(`${number} is not null`),
    hasFraction: any(`${number} <> trunc(${number})`),
    isLong: any(`abs(${number}) > 2147483647`),
    isHuge: any(`abs(${number}) > 9007199254740992 and try_cast(${column} as bigint) is null`),
    isDate: every(
      `length(${column}) <= 10 and contains(${column}, '-') and try_cast(${column} as date) is not null`,
    ),
    isTime: every(`length(${column}) > 10 and try_cast(${column} as timestamptz) is not null`),
    isBoolean: every(`lower(${column}) in ('true', 'false')`),
  }
  const isAsked = (fact: keyof ColumnFacts) =>
    fact === 'hasFraction' || fact === 'isLong' || fact === 'isHuge' ? found.isNumber : found[fact]
  const digits = names.map((fact) => (isAsked(fact) ? `coalesce(${sql[fact]}, false)::int` : `'0'`))
  return `concat(${digits.join(', ')})`
}

/** @param digits as `confirmSql` gives them */
export function readFacts(digits: string): ColumnFacts {
  const entries = names.map((name, at) => [name, digits[at] === '1'])
  return { ...noFacts, ...Object.fromEntries(entries) }
}

/** dbt's type for a column; a number that is too long for its `integer` gets a wider one here. */
export function inferredType(found: ColumnFacts): string {
  if (!found.isFilled) return 'integer'
  if (found.isNumber) {
    if (found.hasFraction) return 'double'
    if (found.isHuge) return 'hugeint'
    return found.isLong ? 'bigint' : 'integer'
  }
  if (found.isDate) return 'date'
  if (found.isTime) return 'timestamp'
  return found.isBoolean ? 'boolean' : 'text'
}
