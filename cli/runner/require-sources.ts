/** A run whose sources are not in the lake would fail model by model, each with an error of DuckDB. */
import { lakeName } from '../../core/clients/lake/attach.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { problem } from '../../core/problems.ts'
import type { Graph, Plan, SourceNode } from '../../transform/index.ts'

/** @throws `cli/source-missing` when the plan reads a source of the lake that nothing has made yet */
export async function requireSources(lake: Lake, graph: Graph, plan: Plan): Promise<void> {
  const wanted = sourcesOf(graph, plan).filter(({ relation }) => relation.catalog === lakeName)
  if (wanted.length === 0) return
  const relations = await lake.relations()
  const there = new Set(relations.map(({ schema, name }) => `${schema}.${name}`.toLowerCase()))
  const missing = wanted
    .map(({ relation }) => `${relation.schema}.${relation.name}`)
    .filter((name) => !there.has(name.toLowerCase()))
  if (missing.length > 0) throw problem('cli/source-missing', { tables: missing })
}

function sourcesOf(graph: Graph, plan: Plan): SourceNode[] {
  const ids = new Set(plan.stages.flatMap(({ node }) => node.dependencies))
  return [...graph.sources.values()].filter(({ id }) => ids.has(id))
}
