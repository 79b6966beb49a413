/** What dbt has built of a fixture and what we have → where they differ. */
import type { OurBuild } from './build-fixture.ts'
import { type Difference, differ } from './compare.ts'
import type { RecordedBuild, RowRecording } from './row-recording.ts'

type Nodes = RecordedBuild['nodes']

/** @returns paths as `2/nodes/model.shop.orders/status`: the build, then the way down */
export function compareBuilds(
  fixture: string,
  dbt: RowRecording,
  builds: readonly OurBuild[],
): Difference[] {
  const ours = builds.map(({ output: _, ...facts }, index) => ({
    ...facts,
    nodes: withCountsOf(dbt[index]?.nodes ?? {}, facts.nodes),
  }))
  return differ('', numbered(dbt), numbered(ours)).map((found) => ({ fixture, ...found }))
}

/** dbt counts the rows of few nodes; where it does not, ours are nothing to compare. */
function withCountsOf(dbt: Nodes, ours: Nodes): Nodes {
  return Object.fromEntries(
    Object.entries(ours).map(([id, { rows, ...node }]) => [
      id,
      rows === undefined || dbt[id]?.rows === undefined ? node : { ...node, rows },
    ]),
  )
}

function numbered(builds: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(builds.map((build, index) => [String(index + 1), build]))
}
