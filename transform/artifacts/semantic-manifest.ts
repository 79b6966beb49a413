/** semantic_manifest.json: what a metrics layer reads, taken from the manifest. */
import type { Graph, ModelNode } from '../compile/graph.ts'
import { isObject, type JsonObject, listOf, orNull } from './json.ts'
import { manifestNode } from './manifest.ts'
import type { NodeDetails } from './node-details.ts'
import { relationName } from './relation-name.ts'

export function semanticManifestOf(graph: Graph, details: NodeDetails = {}): JsonObject {
  const ofKind = (kind: string) =>
    [...graph.described.values()]
      .filter((node) => node.kind === kind)
      .map((node) => manifestNode(node, graph, details))
  return {
    semantic_models: ofKind('semantic_model').map(semanticModelJson),
    metrics: ofKind('metric').map(metricJson),
    project_configuration: {
      time_spine_table_configurations: [],
      metadata: null,
      dsi_package_version: { major_version: '0', minor_version: '213', patch_version: '0' },
      time_spines: [...graph.nodes.values()]
        .filter((node) => node.kind === 'model')
        .flatMap((node) => timeSpineJson(node, graph)),
    },
    saved_queries: ofKind('saved_query').map(savedQueryJson),
  }
}

function semanticModelJson(model: JsonObject): JsonObject {
  return {
    ...pick(model, ['name', 'defaults', 'description', 'node_relation', 'primary_entity']),
    entities: listOf(model['entities']).map(withMetadata),
    measures: listOf(model['measures']).map(withMetadata),
    dimensions: listOf(model['dimensions']).map(withMetadata),
    ...pick(model, ['label', 'metadata']),
    config: metaOf(model),
  }
}

function metricJson(metric: JsonObject): JsonObject {
  return {
    ...pick(metric, ['name', 'description', 'type']),
    datatype: null,
    ...pick(metric, ['type_params', 'filter', 'metadata', 'label']),
    config: metaOf(metric),
    ...pick(metric, ['time_granularity']),
  }
}

function savedQueryJson(query: JsonObject): JsonObject {
  return {
    ...pick(query, ['name', 'query_params', 'description', 'metadata', 'label']),
    exports: listOf(query['exports'])
      .filter(isObject)
      .map(({ name, config }) => ({
        name,
        config: pick(isObject(config) ? config : {}, ['export_as', 'schema_name', 'alias']),
      })),
    tags: query['tags'],
  }
}

function timeSpineJson(model: ModelNode, { quoting }: Graph): JsonObject[] {
  const { timeSpine, relation, columns } = model
  if (timeSpine === undefined) return []
  const name = timeSpine['standard_granularity_column']
  const column = columns.find((one) => one.name === name)
  return [
    {
      node_relation: {
        alias: relation.name,
        schema_name: relation.schema,
        database: relation.catalog,
        relation_name: relationName(relation, quoting),
      },
      primary_column: { name: orNull(name), time_granularity: orNull(column?.granularity) },
      custom_granularities: listOf(timeSpine['custom_granularities'])
        .filter(isObject)
        .map((one) => ({ name: one['name'], column_name: orNull(one['column_name']) })),
    },
  ]
}

function withMetadata(part: unknown): unknown {
  return isObject(part) ? { ...part, metadata: orNull(part['metadata']) } : part
}

function metaOf({ config }: JsonObject): JsonObject {
  return { meta: isObject(config) ? config['meta'] : {} }
}

function pick(from: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.map((key) => [key, orNull(from[key])]))
}
