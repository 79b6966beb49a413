/** Warnings of a project: lines on stderr, or errors, or nothing, as `--warn-error-options` says. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { flagsOf, withProjectFlags } from '../../transform/stdlib/flags.ts'
import {
  knownWarnings,
  readWarningOptions,
  saysNothing,
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
 * @returns `misspelt`: warnings of names in `warn_error_options` that no warning has
 * @throws `model/bad-warn-error-options`
 */
export function readWarningRules(
  ofProject: Flags,
  given: Flags,
): { readonly rules: WarningRules; readonly misspelt: readonly MillraceError[] } {
  const flags = flagsOf(withProjectFlags(ofProject, given))
  const options = readWarningOptions(flags['WARN_ERROR_OPTIONS'])
  if (flags['WARN_ERROR'] === true && !saysNothing(options)) {
    const reason = 'warn_error is true as well, which says it of all; leave one of them out'
    throw problem('model/bad-warn-error-options', { reason })
  }
  const rules: WarningRules = (warning) => treatmentOf(warningNames(warning), (name) => flags[name])
  const misspelt = unknownWarnings(options).map((name) =>
    problem('model/unknown-warning', { name, nearest: nearest(name, knownWarnings) }),
  )
  return { rules, misspelt }
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
