/** Generic data tests: what dbt says of them beside what every node has. */
import type { GenericTest, Graph, GraphNode, SourceNode } from '../compile/graph.ts'
import { type JsonObject, orNull } from './json.ts'

type Subject = GraphNode | SourceNode

/** @param owner package of the schema file, which may describe what stands in another */
export function genericTestJson(generic: GenericTest, graph: Graph, owner: string): JsonObject {
  const subject = graph.nodes.get(generic.subject) ?? graph.sources.get(generic.subject)
  const [test = '', namespace] = generic.test.split('.').reverse()
  return {
    column_name: orNull(generic.column),
    file_key_name: subject === undefined ? null : fileKey(subject),
    attached_node: subject === undefined || subject.kind === 'source' ? null : idIn(owner, subject),
    test_metadata: {
      name: test,
      kwargs: argumentsJson(generic, subject),
      namespace: orNull(generic.namespace ?? namespace),
    },
  }
}

/** The arguments with which dbt calls the test's macro. */
function argumentsJson(generic: GenericTest, subject: Subject | undefined): JsonObject {
  const { column, arguments: said } = generic
  return {
    ...(column !== undefined && { column_name: column }),
    ...said,
    ...(subject !== undefined && {
      model: `{{ get_where_subquery(${callOf(subject)}) }}`,
    }),
  }
}

/** As in dbt, which takes what a test is attached to for its own package's. */
function idIn(owner: string, { id, kind, package: other }: GraphNode): string {
  return other === owner ? id : `${kind}.${owner}${id.slice(`${kind}.${other}`.length)}`
}

function callOf(subject: Subject): string {
  if (subject.kind === 'source') return `source('${subject.source}', '${subject.name}')`
  const version = subject.kind === 'model' ? subject.version : undefined
  return version === undefined
    ? `ref('${subject.name}')`
    : `ref('${subject.name}', version='${version}')`
}

/** Key of the schema file and name there: `models.orders`, `sources.raw`. */
function fileKey(subject: Subject): string {
  if (subject.kind === 'source') return `sources.${subject.source}`
  const plural = subject.kind === 'analysis' ? 'analyses' : `${subject.kind}s`
  return `${plural}.${subject.name}`
}
