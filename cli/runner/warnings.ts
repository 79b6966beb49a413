/** Warnings of a project: lines on stderr, or errors, or nothing, as `--warn-error-options` says. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { flagsOf, withProjectFlags } from '../../transform/stdlib/flags.ts'
import {
  knownWarnings,
  readWarningOptions,
  type Treatment,
  treatmentOf,
  unknownWarnings,
  warningNames,
} from '../../transform/stdlib/warning-options.ts'

export type WarningRules = (warning: MillraceError) => Treatment

type Flags = Readonly<Record<string, unknown>>

export function printWarning({ code, at, message, hint }: MillraceError): void {
  const place =
    at === undefined ? '' : ` ${[at.file, at.line, at.column].filter(Boolean).join(':')}`
  process.stderr.write(`warning[${code}]${place} ${message}${hint ? ` ${hint}` : ''}\n`)
}

/**
 * What a command line says, or else the `flags` of the project.
 * @param given of the command line, by dbt's names
 */
export function warningRules(ofProject: Flags, given: Flags): WarningRules {
  const flags = flagsOf(withProjectFlags(ofProject, given))
  return (warning) => treatmentOf(warningNames(warning), (name) => flags[name])
}

const noOptions = JSON.stringify(readWarningOptions(undefined))

/**
 * Names in `warn_error_options` that no warning has: most likely misspelt.
 * @throws `model/bad-warn-error-options`
 */
export function misspeltWarnings(ofProject: Flags, given: Flags): MillraceError[] {
  const flags = flagsOf(withProjectFlags(ofProject, given))
  const options = readWarningOptions(flags['WARN_ERROR_OPTIONS'])
  if (flags['WARN_ERROR'] === true && JSON.stringify(options) !== noOptions) {
    const reason = 'warn_error is true as well, which says it of all; leave one of them out'
    throw problem('model/bad-warn-error-options', { reason })
  }
  return unknownWarnings(options).map((name) =>
    problem('model/unknown-warning', { name, nearest: nearest(name, knownWarnings) }),
  )
}

/** @throws all that are errors, where there are any; the others are not printed then */
export function reportWarnings(
  warnings: readonly MillraceError[],
  rules: WarningRules,
  print: (warning: MillraceError) => void = printWarning,
): void {
  const { error = [], warn = [] } = Object.groupBy(warnings, rules)
  if (error.length > 0) throw new AggregateError(error, 'warnings are errors')
  for (const warning of warn) print(warning)
}
