/** What PostgreSQL's errors mean to a caller of the API; none of its text reaches him. */
import { isLoginRefused } from '../../core/clients/postgres.ts'
import { findCause, MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'

/** Connection exceptions, a server that starts or stops, and out of connections. */
const unavailable = /^(08|57P0|53300)/
const networkErrors = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]
const lostMessage =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|^query read timeout$/i

/** The error as one of ours; an unknown one stays what it is, for the log. */
export function explainPostgresError(error: unknown, timeoutMs: number): unknown {
  if (error instanceof MillraceError || !(error instanceof Error)) return error
  const state = sqlStateOf(error)
  if (isCanceled(error)) return problem('api/timeout', { timeoutMs }, { cause: error })
  if (isConnectionLost(error) || isLoginRefused(error)) {
    return problem('api/database-unavailable', {}, { cause: error })
  }
  if (isTableMissing(error)) return problem('api/table-missing', {}, { cause: error })
  // Out of the range of a number, a time or a zone, division by zero, no such pattern: what PostgreSQL calls data.
  if (state?.startsWith('22')) {
    return problem('api/values-out-of-range', {}, { cause: error })
  }
  return error
}

/** Tells a statement that was stopped, by its time limit or by somebody. */
export function isCanceled(error: unknown): boolean {
  return error instanceof Error && sqlStateOf(error) === '57014'
}

/** Tells whether the connection is of no further use. */
export function isConnectionLost(error: Error): boolean {
  if (unavailable.test(sqlStateOf(error) ?? '')) return true
  return (
    findCause(error, (cause) => {
      const code = 'code' in cause ? String(cause.code) : ''
      return networkErrors.includes(code) || lostMessage.test(cause.message)
    }) !== undefined
  )
}

/** Tells a table that is not there from an alias that is not: both are 42P01. */
export function isTableMissing(error: Error): boolean {
  return (
    sqlStateOf(error) === '42P01' && !('routine' in error && error.routine === 'errorMissingRTE')
  )
}

/** Tells that a statement names a table, column or operator that PostgreSQL does not have (any more). */
export function isShapeError(error: unknown): boolean {
  const shapes = ['42P01', '42703', '42883', '42804']
  return findCause(error, (cause) => shapes.includes(sqlStateOf(cause) ?? '')) !== undefined
}

/** Tells that a prepared statement was made for a table that has been replaced since. */
export function isPlanOutdated(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    (sqlStateOf(error) === '0A000' && /cached plan/.test(error.message)) ||
    (sqlStateOf(error) === 'XX000' &&
      /could not open relation|cache lookup failed/.test(error.message))
  )
}

/** PostgreSQL's five-character code. */
export function sqlStateOf(error: Error): string | undefined {
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}
