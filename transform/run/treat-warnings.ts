/** Warnings of what runs, by `warn_error` and `warn_error_options`. */
import type { MillraceError } from '../../core/errors.ts'
import type { Renderer } from '../compile/render.ts'
import { treatmentOf, warningNames } from '../stdlib/warning-options.ts'

export type TreatedWarnings = {
  /** The first that is an error. */
  readonly refused: MillraceError | undefined
  /** Those to tell of. */
  readonly told: readonly MillraceError[]
}

export function treatWarnings(
  warnings: readonly MillraceError[],
  renderer: Pick<Renderer, 'flag'>,
): TreatedWarnings {
  if (warnings.length === 0) return { refused: undefined, told: warnings }
  const flag = (name: string) => renderer.flag(name)
  const { error = [], warn = [] } = Object.groupBy(warnings, (one) =>
    treatmentOf(warningNames(one), flag),
  )
  return { refused: error[0], told: warn }
}
