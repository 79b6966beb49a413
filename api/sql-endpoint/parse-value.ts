/** One parameter: text from a request to a value of its declared type, or why not. */
import { problem } from '../../core/problems.ts'
import type { ParameterSpec } from './header.ts'

/** What is bound. Dates, instants and integers beyond those of JavaScript stay text, which PostgreSQL reads exactly. */
export type ParameterValue = string | number | boolean | null

/** The PostgreSQL type that a declared type is bound as. */
export const sqlTypes: Readonly<Record<ParameterSpec['type'], string>> = {
  integer: 'bigint',
  number: 'double precision',
  string: 'text',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamptz',
}

const defaultMaxLength = 1000

/**
 * Reads and checks one value.
 * @throws `api/invalid-parameter`, which names the parameter and says what is allowed
 */
export function parseValue(name: string, text: string, spec: ParameterSpec): ParameterValue {
  const value = parseTyped(name, text, spec)
  if (spec.enum !== undefined && !spec.enum.some((allowed) => allowed === value)) {
    throw problem('api/invalid-parameter', { name, reason: `is none of ${spec.enum.join(', ')}` })
  }
  return value
}

function parseTyped(name: string, text: string, spec: ParameterSpec): ParameterValue {
  const refuse = (reason: string) => problem('api/invalid-parameter', { name, reason })
  switch (spec.type) {
    case 'integer': {
      if (!/^-?\d+$/.test(text)) throw refuse(`is not a whole number${rangeOf(spec)}`)
      const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
      if (value === undefined || BigInt.asIntN(64, value) !== value) {
        throw refuse(`is not a whole number of 64 bits${rangeOf(spec)}`)
      }
      if (isOutside(value, spec))
        throw refuse(`is ${value}, but has to be a whole number${rangeOf(spec)}`)
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
    }
    case 'number': {
      const value = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
      if (!Number.isFinite(value)) throw refuse(`is not a number${rangeOf(spec)}`)
      if (isOutside(value, spec))
        throw refuse(`is ${value}, but has to be a number${rangeOf(spec)}`)
      return value
    }
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw refuse('is neither true nor false')
      return text === 'true'
    case 'string': {
      const maxLength = spec.max_length ?? defaultMaxLength
      if ([...text].length > maxLength) throw refuse(`is longer than ${maxLength} characters`)
      if (text.includes('\0')) throw refuse('contains a zero byte')
      return text
    }
    case 'date':
      if (!isDate(text)) throw refuse('is not a date like 2024-11-25')
      return text
    case 'timestamp':
      if (!isInstant(text)) throw refuse('is not an instant like 2024-11-25T12:00:00Z')
      return /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`
    default:
      return spec.type satisfies never
  }
}

function isOutside(value: number | bigint, { minimum, maximum }: ParameterSpec): boolean {
  return (minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)
}

function rangeOf({ minimum, maximum }: ParameterSpec): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  if (minimum !== undefined) return ` of at least ${minimum}`
  return maximum === undefined ? '' : ` of at most ${maximum}`
}

function isDate(text: string): boolean {
  // Date rolls 31 February over to March, so the text has to come back as it was.
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) && text > '0001'
}

function isInstant(text: string): boolean {
  const match = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?$/.exec(text)
  return match?.[1] !== undefined && isDate(match[1]) && !Number.isNaN(Date.parse(text))
}
