/** How a failure looks on stderr, and which exit code it gives. */
import { inspect } from 'node:util'
import { MillraceError } from '../core/errors.ts'
import { withoutPasswords } from '../core/redact.ts'

/** Prints every problem of an error; returns the exit code of the gravest: ours 70, then 2, 3, 1. */
export function printError(error: unknown, debug: boolean): number {
  const problems = error instanceof AggregateError ? error.errors : [error]
  const codes = problems.map((one) => printOne(one, debug))
  return [70, 2, 3, 1].find((code) => codes.includes(code)) ?? 70
}

function printOne(error: unknown, debug: boolean): number {
  if (!(error instanceof MillraceError)) {
    process.stderr.write(`error[internal] ${withoutPasswords(inspect(error))}\n`)
    process.stderr.write(
      '  hint: this is a bug of Millrace; please report it with the text above.\n',
    )
    return 70
  }
  const place = error.at === undefined ? '' : ` ${placeOf(error.at)}`
  process.stderr.write(
    `error[${error.code}]${place}\n  ${withoutPasswords(error.message).replaceAll('\n', '\n  ')}\n`,
  )
  if (error.hint !== undefined) process.stderr.write(`  hint: ${error.hint}\n`)
  if (debug && error.cause !== undefined) {
    process.stderr.write(`  cause: ${withoutPasswords(inspect(error.cause))}\n`)
  }
  return error.exitCode
}

function placeOf(at: NonNullable<MillraceError['at']>): string {
  const line = at.line === undefined ? '' : `:${at.line}`
  return `${at.file}${line}${at.column === undefined ? '' : `:${at.column}`}`
}
