/** Where a recording of dbt and our own may differ, and why. Everything else that differs is a fault. */
import type { Difference } from './compare.ts'

export type KnownDifference = {
  /** What a row of the feature table calls it. */
  readonly id: string
  /** Names of fixtures; all of them when it says nothing of one. */
  readonly fixtures?: readonly string[]
  /** Of the path of a difference: `part/id/field/…`. */
  readonly path: RegExp
  readonly reason: string
}

export const knownDifferences: readonly KnownDifference[] = []

/** The entry that allows a difference. */
export function explain({ fixture, path }: Difference): KnownDifference | undefined {
  return knownDifferences.find(
    (known) => (known.fixtures?.includes(fixture) ?? true) && known.path.test(path),
  )
}
