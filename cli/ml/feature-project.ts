/** What the export and the lint of features know of the project. */
import { createHash } from 'node:crypto'
import type { Config } from '../../core/config.ts'
import type { DescribedNode, DescribedProject } from '../../ml/features/described.ts'
import type { FeatureSet } from '../../ml/features/feature-set.ts'
import { findLeaks } from '../../ml/features/lint.ts'
import type { Graph } from '../../transform/index.ts'
import { type OpenedGraph, openProjectGraph } from '../runner/open-project.ts'

export type FeatureProject = {
  readonly project: DescribedProject
  readonly opened: OpenedGraph
  /** SHA-256, hex, of the SQL, the macros and the variables that the rows of a feature set come from. */
  readonly sqlHashOf: (set: FeatureSet) => string
}

/** @throws what is wrong with the project */
export async function openFeatureProject(
  config: Config,
  args: { readonly vars?: string | undefined; readonly _?: readonly (string | number)[] },
): Promise<FeatureProject> {
  const opened = await openProjectGraph(config, args, undefined, { withMacros: true })
  const { graph, vars } = opened
  return {
    project: describe(graph),
    opened,
    sqlHashOf: ({ logic }) => {
      const models = logic.map(({ id, code, macroCode }) => [id, code, macroCode])
      const text = JSON.stringify([models, graph.vars, vars])
      return createHash('sha256').update(text).digest('hex')
    },
  }
}

/** @throws all leaks at once */
export function requireNoLeaks(project: DescribedProject): void {
  const leaks = findLeaks(project)
  if (leaks.length > 0) throw new AggregateError(leaks, 'features may know the future')
}

/** Models, seeds, snapshots and sources by their id. */
export function describe(graph: Pick<Graph, 'nodes' | 'sources' | 'macros'>): DescribedProject {
  const { nodes, sources } = graph
  const described = [...nodes.values(), ...sources.values()].flatMap((node): DescribedNode[] => {
    const { id, name, file, meta } = node
    if (node.kind === 'source') {
      const { relation, columns } = node
      return [{ id, name, file, meta, relation, columns, reads: [], code: '', macroCode: '' }]
    }
    if (node.kind !== 'model' && node.kind !== 'seed' && node.kind !== 'snapshot') return []
    const { relation, columns, dependencies: reads } = node
    const code = node.kind === 'seed' ? node.checksum : node.rawCode
    const macroCode = macroCodeOf(graph, node.macros)
    return [{ id, name, file, meta, relation, columns, reads, code, macroCode }]
  })
  return new Map(described.map((node) => [node.id, node]))
}

/** Of macros and those that they call, in the project and its packages; what every project has is of the release. */
function macroCodeOf({ macros }: Pick<Graph, 'macros'>, ids: readonly string[]): string {
  const found = new Map<string, string>()
  const visit = (id: string): void => {
    const macro = macros.get(id)
    if (macro === undefined || macro.package === 'dbt' || found.has(id)) return
    found.set(id, macro.code)
    macro.macros.forEach(visit)
  }
  ids.forEach(visit)
  return [...found]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, code]) => code)
    .join('\n')
}
