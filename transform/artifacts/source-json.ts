/** Sources of a manifest. */
import type { Graph, SourceNode } from '../compile/graph.ts'
import { columnsJson } from './columns.ts'
import { fullConfig } from './config-defaults.ts'
import { isObject, type JsonObject, listOf, orNull } from './json.ts'
import type { NodeDetails } from './node-details.ts'
import { relationName } from './relation-name.ts'

export function sourceJson(source: SourceNode, graph: Graph, details: NodeDetails): JsonObject {
  const { relation, properties: said } = source
  const freshness = freshnessJson(
    'freshness' in said ? said['freshness'] : source.config['freshness'],
  )
  const { loaded_at_field, loaded_at_query } = { ...source.config, ...definedOf(said) }
  const loaded = {
    loaded_at_field: orNull(loaded_at_field),
    loaded_at_query: orNull(loaded_at_query),
  }
  return {
    database: relation.catalog,
    schema: relation.schema,
    name: source.name,
    resource_type: 'source',
    package_name: source.package,
    path: source.originalFile,
    original_file_path: source.originalFile,
    unique_id: source.id,
    fqn: source.fqn,
    source_name: source.source,
    source_description: said['source_description'] ?? '',
    loader: said['loader'] ?? '',
    identifier: relation.name,
    quoting: quotingJson(said['quoting']),
    ...loaded,
    freshness,
    external: externalJson(said['external']),
    description: source.description,
    columns: columnsJson(source.columns),
    meta: source.meta,
    source_meta: said['source_meta'] ?? {},
    tags: source.tags,
    config: {
      ...fullConfig('source', source.config),
      freshness,
      ...loaded,
      meta: source.meta,
      tags: source.tags,
    },
    patch_path: orNull(said['patch_path']),
    unrendered_config: source.unrenderedConfig,
    relation_name: nameOf(source, graph),
    created_at: details.createdAt ?? 0,
    unrendered_database: orNull(said['unrendered_database']),
    unrendered_schema: orNull(said['unrendered_schema']),
    doc_blocks: source.docBlocks,
  }
}

function definedOf(said: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

/** What is read outside the database is named by its place. */
function nameOf({ relation, properties }: SourceNode, { quoting }: Graph): string {
  const { external_name: external, quoting: own } = properties
  if (typeof external === 'string') return external
  return relationName(relation, quoting, own)
}

function quotingJson(said: unknown): JsonObject {
  const { database, schema, identifier, column } = isObject(said) ? said : {}
  return {
    database: orNull(database),
    schema: orNull(schema),
    identifier: orNull(identifier),
    column: orNull(column),
  }
}

/** Null switches the check off; nothing said leaves both thresholds empty. */
function freshnessJson(said: unknown): JsonObject | null {
  if (said === null) return null
  const { warn_after, error_after, filter } = isObject(said) ? said : {}
  return {
    warn_after: thresholdJson(warn_after),
    error_after: thresholdJson(error_after),
    filter: orNull(filter),
  }
}

function thresholdJson(said: unknown): JsonObject {
  const { count, period } = isObject(said) ? said : {}
  return { count: orNull(count), period: orNull(period) }
}

function externalJson(said: unknown): JsonObject | null {
  if (!isObject(said)) return null
  const { location, file_format, row_format, tbl_properties, partitions, ...extra } = said
  return {
    location: orNull(location),
    file_format: orNull(file_format),
    row_format: orNull(row_format),
    tbl_properties: orNull(tbl_properties),
    partitions: partitions === undefined ? null : listOf(partitions).map(partitionJson),
    ...extra,
  }
}

function partitionJson(said: unknown): unknown {
  if (!isObject(said)) return said
  return { description: '', meta: {}, ...said }
}
