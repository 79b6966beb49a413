/** Exposures, metrics, semantic models and saved queries: what schema files say, under dbt's keys, all of them there. */
import type { DescribedNode, Graph } from '../compile/graph.ts'
import { noTypeParams } from '../project/schema-metrics.ts'
import { fullConfig } from './config-defaults.ts'
import { isObject, type JsonObject, listOf, orNull } from './json.ts'
import type { NodeDetails } from './node-details.ts'
import { dependsOnJson, refJson, sourceCallJson } from './node-parts.ts'
import { relationName } from './relation-name.ts'

export function describedJson(node: DescribedNode, graph: Graph, details: NodeDetails): JsonObject {
  const resource = {
    name: node.name,
    resource_type: node.kind,
    package_name: node.package,
    path: node.path,
    original_file_path: node.originalFile,
    unique_id: node.id,
    fqn: node.fqn,
  }
  return { ...resource, ...ownJson(node, graph, details) }
}

function ownJson(node: DescribedNode, graph: Graph, details: NodeDetails): JsonObject {
  switch (node.kind) {
    case 'exposure':
      return exposureJson(node, details)
    case 'metric':
      return metricJson(node, details)
    case 'semantic_model':
      return semanticModelJson(node, graph, details)
    case 'saved_query':
      return savedQueryJson(node, details)
    default:
      return node.kind satisfies never
  }
}

function exposureJson(node: DescribedNode, details: NodeDetails): JsonObject {
  const { properties: said } = node
  return {
    type: orNull(said['type']),
    owner: ownerJson(said['owner']),
    description: node.description,
    label: orNull(said['label']),
    maturity: orNull(said['maturity']),
    meta: node.meta,
    tags: node.tags,
    config: fullConfig('exposure', node.config),
    unrendered_config: node.unrenderedConfig,
    url: orNull(said['url']),
    depends_on: dependsOnJson(node.dependencies),
    refs: node.refs.map(refJson),
    sources: node.sources.map(sourceCallJson),
    metrics: listOf(said['metrics']),
    created_at: details.createdAt ?? 0,
  }
}

/** `email` and `name`, and keys of the user's own. */
export function ownerJson(said: unknown): JsonObject {
  return { email: null, name: null, ...(isObject(said) ? said : {}) }
}

function metricJson(node: DescribedNode, details: NodeDetails): JsonObject {
  const { properties: said } = node
  const config = fullConfig('metric', node.config)
  return {
    description: node.description,
    label: said['label'] ?? node.name,
    type: orNull(said['type']),
    type_params: { ...noTypeParams, ...asObject(said['type_params']) },
    filter: orNull(said['filter']),
    metadata: null,
    time_granularity: orNull(said['time_granularity']),
    config,
    unrendered_config: node.unrenderedConfig,
    sources: [],
    depends_on: dependsOnJson(node.dependencies),
    refs: node.refs.map(refJson),
    metrics: listOf(said['metrics']),
    created_at: details.createdAt ?? 0,
    group: config['group'],
    meta: node.meta,
    tags: node.tags,
  }
}

function semanticModelJson(node: DescribedNode, graph: Graph, details: NodeDetails): JsonObject {
  const { properties: said } = node
  const config = fullConfig('semantic_model', node.config)
  return {
    model: orNull(said['model']),
    node_relation: said['node_relation'] ?? modelRelation(node, graph),
    description: node.description === '' ? null : node.description,
    label: orNull(said['label']),
    defaults: orNull(said['defaults']),
    entities: listOf(said['entities']),
    measures: listOf(said['measures']),
    dimensions: listOf(said['dimensions']),
    metadata: null,
    depends_on: dependsOnJson(node.dependencies),
    refs: node.refs.map(refJson),
    created_at: details.createdAt ?? 0,
    config,
    unrendered_config: node.unrenderedConfig,
    primary_entity: orNull(said['primary_entity']),
    group: config['group'],
  }
}

/** Where the rows of a semantic model are: the relation of the model it is about. */
function modelRelation(node: DescribedNode, graph: Graph) {
  const relation = node.dependencies
    .map((id) => graph.nodes.get(id)?.relation)
    .find((found) => found !== undefined)
  if (relation === undefined) return null
  return {
    alias: relation.name,
    schema_name: relation.schema,
    database: relation.catalog,
    relation_name: relationName(relation, graph.quoting),
  }
}

function savedQueryJson(node: DescribedNode, details: NodeDetails): JsonObject {
  const { properties: said } = node
  const config = fullConfig('saved_query', node.config)
  const query = asObject(said['query_params'])
  return {
    query_params: { metrics: [], group_by: [], where: null, order_by: [], limit: null, ...query },
    exports: listOf(said['exports']).filter(isObject).map(exportJson),
    description: node.description === '' ? null : node.description,
    label: orNull(said['label']),
    metadata: null,
    config,
    unrendered_config: node.unrenderedConfig,
    group: config['group'],
    depends_on: dependsOnJson(node.dependencies),
    created_at: details.createdAt ?? 0,
    refs: node.refs.map(refJson),
    tags: node.tags,
  }
}

/** An export that names no table is named after itself. */
function exportJson(said: JsonObject): JsonObject {
  const config = asObject(said['config'])
  return { ...said, config: { ...config, alias: config['alias'] ?? said['name'] } }
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}
