/** `--inline`: a query of the command line as one more analysis of the project. */
import type { Graph, Project } from '../../transform/index.ts'

/** dbt's name of it. */
const inlineName = 'inline_query'

export function withInline(project: Project, sql: string): Project {
  const { name } = project.settings
  const analysis = { name: inlineName, package: name, file: '--inline', folders: [], text: sql }
  return { ...project, analyses: [...project.analyses, analysis] }
}

export function inlineId({ project }: Pick<Graph, 'project'>): string {
  return `analysis.${project}.${inlineName}`
}

/** The graph as it is without the query, for artifacts. */
export function withoutInline(graph: Graph): Graph {
  const nodes = new Map(graph.nodes)
  nodes.delete(inlineId(graph))
  return { ...graph, nodes }
}
