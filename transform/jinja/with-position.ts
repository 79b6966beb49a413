import { MillraceError } from '../../core/errors.ts'

/** The same problem at another place. */
export function withPosition(error: MillraceError, at: MillraceError['at']): MillraceError {
  const { code, message, hint, exitCode, httpStatus, retryable, cause } = error
  return new MillraceError({ code, message, hint, exitCode, httpStatus, retryable, at, cause })
}
