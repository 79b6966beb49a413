/** Warnings of a project: lines on stderr, or errors with `--warn-error`. */
import type { MillraceError } from '../../core/errors.ts'

export function printWarning({ code, at, message, hint }: MillraceError): void {
  const place =
    at === undefined ? '' : ` ${[at.file, at.line, at.column].filter(Boolean).join(':')}`
  process.stderr.write(`warning[${code}]${place} ${message}${hint ? ` ${hint}` : ''}\n`)
}

/** @throws all of them, where there are any */
export function refuseWarnings(warnings: readonly MillraceError[]): void {
  if (warnings.length > 0) throw new AggregateError(warnings, 'warnings are errors')
}
