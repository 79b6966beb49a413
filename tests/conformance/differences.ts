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

export const knownDifferences: readonly KnownDifference[] = [
  {
    id: 'blanks',
    path: /\/compiled_code\/blanks$/,
    reason: 'Our own macros, and CTEs that are put in front, leave other blanks in the SQL.',
  },
  {
    id: 'metrics by folder',
    fixtures: ['semantic-layer'],
    path: /^(resources|parents|children)\/(metric|saved_query|semantic_model)\./,
    reason:
      'Tags and meta of dbt_project.yml reach metrics, saved queries and parts of semantic models otherwise than in dbt, and a conversion metric does not depend on its semantic model.',
  },
  {
    id: 'tests of what is disabled',
    fixtures: ['disabled', 'unit-tests'],
    path: /^(resources|parents|children|disabled)\/(test|unit_test)\.|\/primary_key$/,
    reason:
      'Tests of a disabled model or source are disabled with it; dbt keeps some of them in the manifest without edges, where nothing runs them.',
  },
  {
    id: 'python code',
    fixtures: ['python-models'],
    path: /\/compiled_code$/,
    reason: 'The code of a Python model is not yet followed by what lets it run.',
  },
  {
    id: 'type of a version',
    fixtures: ['subscriptions', 'versions'],
    path: /\/refs\/\d+\/version$/,
    reason:
      'The version in a ref is a number where it looks like one; dbt keeps text that is written as text.',
  },
  {
    id: 'byte order mark',
    fixtures: ['unicode-and-line-ends'],
    path: /\.bom\/(raw_code|checksum\/checksum)$/,
    reason:
      'A byte order mark is no part of a file; dbt sends it to the database, which refuses it.',
  },
]

/** The entry that allows a difference. */
export function explain(
  { fixture, path }: Difference,
  list: readonly KnownDifference[] = knownDifferences,
): KnownDifference | undefined {
  return list.find((known) => (known.fixtures?.includes(fixture) ?? true) && known.path.test(path))
}
