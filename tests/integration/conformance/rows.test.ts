/**
 * Builds every fixture of tests/conformance on a DuckDB file and compares what came out with what real dbt has built:
 * statuses, failures, relations, columns, types, rows. `make conformance` records dbt anew; no Python runs here.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { buildFixture } from '../../conformance/build-fixture.ts'
import type { Difference } from '../../conformance/compare.ts'
import { compareBuilds } from '../../conformance/compare-rows.ts'
import { explain } from '../../conformance/differences.ts'
import { readFixtures } from '../../conformance/fixtures.ts'
import { rowDifferences } from '../../conformance/row-differences.ts'
import { readRowRecording } from '../../conformance/row-recording.ts'

const fixtures = readFixtures()
const found: Difference[] = []

describe('a project that dbt builds', () => {
  // One after the other: a build has the folder it runs in and the environment for itself.
  it.each(fixtures)('gives the same rows here: $name', async (fixture) => {
    const builds = await buildFixture(fixture)
    const differences = compareBuilds(fixture.name, readRowRecording(fixture.name), builds)
    found.push(...differences)
    const unlisted = differences.filter((one) => explain(one, rowDifferences) === undefined)
    expect({ unlisted, output: unlisted.length > 0 && outputs(builds) }).toEqual({
      unlisted: [],
      output: false,
    })
  })
})

describe('the list of differences', () => {
  let gone: string[]

  beforeAll(() => {
    const seen = new Set(
      found.map((one) => `${explain(one, rowDifferences)?.id} in ${one.fixture}`),
    )
    gone = rowDifferences
      .flatMap(({ id, fixtures }) => fixtures.map((fixture) => `${id} in ${fixture}`))
      .filter((listed) => !seen.has(listed))
  })

  it('holds none that is gone', () => {
    expect(gone).toEqual([])
  })
})

function outputs(builds: readonly { readonly output: string }[]): string {
  return builds.map(({ output }) => output).join('\n')
}
