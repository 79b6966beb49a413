/** A warning of a project on stderr. */
import type { MillraceError } from '../../core/errors.ts'

export function printWarning({ code, at, message, hint }: MillraceError): void {
  const place =
    at === undefined ? '' : ` ${[at.file, at.line, at.column].filter(Boolean).join(':')}`
  process.stderr.write(`warning[${code}]${place} ${message}${hint ? ` ${hint}` : ''}\n`)
}
