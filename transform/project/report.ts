/** Gathers what is wrong while reading goes on, so that one run reports everything. */
import type { MillraceError } from '../../core/errors.ts'

export type Report = {
  readonly problems: MillraceError[]
  readonly warnings: MillraceError[]
}

export function emptyReport(): Report {
  return { problems: [], warnings: [] }
}
