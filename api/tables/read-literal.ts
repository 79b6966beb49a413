/** A value of a filter: checked as its column's type and bound, never put into the SQL. */
import { problem } from '../../core/problems.ts'
import type { KindName } from '../sources/column-kind.ts'
import { type ParameterValue, parseValue } from '../sql-endpoint/parse-value.ts'
import type { TableColumn } from './published-table.ts'

/** A value and the SQL around its placeholder. */
export type Literal = {
  readonly value: ParameterValue
  readonly wrap: (placeholder: string) => string
}

const maxTextLength = 2000
const int64 = { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n }
const numberPattern = /^[+-]?(\d{1,150}(\.\d{0,150})?|\.\d{1,150})([eE][+-]?\d{1,3})?$/

/**
 * Reads a value to compare a column with.
 * @throws `api/invalid-filter`
 */
export function readLiteral(column: TableColumn, text: string): Literal {
  const refuse = (what: string) =>
    problem('api/invalid-filter', { filter: `on ${column.name}`, reason: `needs ${what}` })
  switch (column.kind.name) {
    case 'int16':
    case 'int32':
    case 'int64': {
      const value = /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined
      if (value === undefined || value < int64.minimum || value > int64.maximum) {
        throw refuse('a whole number of 64 bits')
      }
      return { value: value.toString(), wrap: castTo('bigint') }
    }
    case 'decimal':
    case 'numeric':
      if (!numberPattern.test(text)) throw refuse('a number')
      return { value: text, wrap: castTo('numeric') }
    case 'float32':
    case 'float64':
      if (!numberPattern.test(text) && !/^(NaN|-?Infinity)$/.test(text)) throw refuse('a number')
      return { value: text, wrap: castTo(column.kind.name === 'float32' ? 'real' : 'float8') }
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw refuse('true or false')
      return { value: text, wrap: castTo('boolean') }
    case 'date':
      return { value: readTime(text, 'date', refuse), wrap: castTo('date') }
    case 'timestamp':
    case 'timestamptz':
      return readInstant(column.kind.name, text, refuse)
    case 'time':
      if (!/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/.test(text)) {
        throw refuse('a time like 12:30:00')
      }
      return { value: text, wrap: castTo('time') }
    case 'text':
      return { value: readText(text, refuse), wrap: castTo('text') }
    case 'uuid':
      if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) throw refuse('a UUID')
      return { value: text, wrap: castTo('uuid') }
    case 'json':
    case 'bytes':
    case 'array':
    case 'other':
      throw notComparable(column)
    default:
      return column.kind satisfies never
  }
}

/** Reads a pattern of `like`; `*` stands for `%`. @throws `api/invalid-filter` */
export function readPattern(column: TableColumn, text: string): Literal {
  const filter = `on ${column.name}`
  const refuse = (what: string) =>
    problem('api/invalid-filter', { filter, reason: `needs ${what}` })
  if (column.kind.name !== 'text') {
    throw problem('api/invalid-filter', { filter, reason: 'can be like only for text' })
  }
  const backslashes = /\\*$/.exec(text)?.[0].length ?? 0
  if (backslashes % 2 === 1) throw refuse('a pattern that does not end with a backslash')
  return { value: readText(text.replaceAll('*', '%'), refuse), wrap: castTo('text') }
}

/** A value that PostgreSQL wrote itself as text, as a literal of the column's type. */
export function exactLiteral({ kind, postgresType }: TableColumn, text: string): Literal {
  // PostgreSQL names the others itself, quoted where that is needed: bytea, integer[], "My type".
  return { value: text, wrap: castTo(exactTypes[kind.name] ?? postgresType) }
}

const exactTypes: Readonly<Partial<Record<KindName, string>>> = {
  int16: 'bigint',
  int32: 'bigint',
  int64: 'bigint',
  decimal: 'numeric',
  numeric: 'numeric',
  float32: 'real',
  float64: 'float8',
  boolean: 'boolean',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  text: 'text',
  uuid: 'uuid',
}

/** The refusal of a comparison with a column whose values have no order. */
function notComparable(column: TableColumn): Error {
  const reason = `compares a column of type ${column.postgresType}, of which only is.null and is.not_null can be asked`
  return problem('api/invalid-filter', { filter: `on ${column.name}`, reason })
}

type Refuse = (what: string) => Error

function readText(text: string, refuse: Refuse): string {
  if (text.includes('\0')) throw refuse('text without a zero byte')
  if (text.length > maxTextLength) throw refuse(`at most ${maxTextLength} characters`)
  return text
}

function readTime(text: string, type: 'date' | 'timestamp', refuse: Refuse): string {
  try {
    return String(parseValue('value', text, { type }))
  } catch {
    throw refuse(
      type === 'date' ? 'a date like 2024-11-25' : 'an instant like 2024-11-25T12:00:00Z',
    )
  }
}

/** A date is its first instant; without a zone it is UTC, which is also what a `timestamp` column holds. */
function readInstant(kind: 'timestamp' | 'timestamptz', text: string, refuse: Refuse): Literal {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const value = readTime(isDate ? `${text}T00:00:00Z` : text, 'timestamp', refuse)
  const instant = castTo('timestamptz')
  return {
    value,
    wrap: kind === 'timestamptz' ? instant : (at) => `(${instant(at)} at time zone 'utc')`,
  }
}

function castTo(type: string): (placeholder: string) => string {
  return (placeholder) => `${placeholder}::${type}`
}
