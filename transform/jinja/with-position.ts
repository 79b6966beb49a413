import { MillraceError } from '../../core/errors.ts'

/**
 * The same problem at another place.
 * @param via how one gets there, added to the hint
 */
export function withPosition(
  error: MillraceError,
  at: MillraceError['at'],
  via = '',
): MillraceError {
  const { code, message, exitCode, httpStatus, retryable, cause } = error
  const hint = via === '' ? error.hint : [error.hint, `It was ${via}.`].filter(Boolean).join(' ')
  return new MillraceError({ code, message, hint, exitCode, httpStatus, retryable, at, cause })
}
