/** Warnings of what runs, by `warn_error` and `warn_error_options`. */
import type { MillraceError } from '../../core/errors.ts'
import type { Renderer } from '../compile/render.ts'
import { treatmentOf, warningNames } from '../stdlib/warning-options.ts'

/** @returns those to tell of. @throws the first that is an error */
export function treatWarnings(
  warnings: readonly MillraceError[],
  renderer: Pick<Renderer, 'flag'>,
): readonly MillraceError[] {
  if (warnings.length === 0) return warnings
  const flag = (name: string) => renderer.flag(name)
  const { error = [], warn = [] } = Object.groupBy(warnings, (one) =>
    treatmentOf(warningNames(one), flag),
  )
  for (const refused of error) throw refused
  return warn
}
