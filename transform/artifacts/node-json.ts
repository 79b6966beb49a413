/** Models, seeds, snapshots, data tests, analyses and hooks, and functions: dbt's `nodes` and `functions`. */
import type { Graph, GraphNode } from '../compile/graph.ts'
import { columnsJson, modelConstraintJson } from './columns.ts'
import { fullConfig } from './config-defaults.ts'
import { contractJson } from './contract.ts'
import { isObject, type JsonObject, listOf, orNull } from './json.ts'
import type { CompiledNode, NodeDetails } from './node-details.ts'
import { dependsOnJson, patchPath, refJson, sourceCallJson } from './node-parts.ts'
import { primaryKeyOf } from './primary-key.ts'
import { relationNameOf } from './relation-name.ts'
import { genericTestJson } from './test-json.ts'

/** @returns the node as it stands in manifest.json, every key present */
export function graphNodeJson(node: GraphNode, graph: Graph, details: NodeDetails): JsonObject {
  const config = fullConfig(node.kind, saidConfig(node))
  const resource = resourceJson(node, graph, config, details)
  if (node.kind === 'seed') return { ...resource, ...seedJson(node) }
  const compiled = details.compiled?.get(node.id)
  return { ...resource, ...codeJson(node, config, compiled), ...ownJson(node, graph) }
}

/** What the project says, with what the graph has settled. */
function saidConfig(node: GraphNode): JsonObject {
  if (node.kind !== 'model') return node.config
  return { ...node.config, materialized: node.materialized, access: node.access }
}

function resourceJson(
  node: GraphNode,
  graph: Graph,
  config: JsonObject,
  details: NodeDetails,
): JsonObject {
  const { catalog, schema, name: alias } = node.relation
  return {
    database: catalog,
    schema,
    name: node.name,
    resource_type: node.kind,
    package_name: node.package,
    path: node.path,
    original_file_path: node.kind === 'operation' ? './dbt_project.yml' : node.originalFile,
    unique_id: node.id,
    fqn: node.fqn,
    alias,
    checksum: checksumJson(node),
    config,
    tags: node.tags,
    description: node.description,
    columns: columnsJson(node.columns),
    meta: node.meta,
    group: orNull(node.group),
    docs: config['docs'] ?? { show: true, node_color: null },
    patch_path: patchPath(node.patch),
    build_path: details.compiled?.get(node.id)?.buildPath ?? null,
    unrendered_config: node.unrenderedConfig,
    created_at: details.createdAt ?? 0,
    relation_name: relationNameOf(node, graph),
    raw_code: node.rawCode,
    doc_blocks: node.docBlocks,
  }
}

/** A generic test has no file of its own. */
function checksumJson(node: GraphNode): JsonObject {
  const isGeneric = node.kind === 'test' && node.generic !== undefined
  if (isGeneric) return { name: 'none', checksum: '' }
  const name = node.kind === 'seed' ? node.checksumName : undefined
  return { name: name ?? 'sha256', checksum: node.checksum }
}

function seedJson(node: GraphNode & { readonly kind: 'seed' }): JsonObject {
  return {
    root_path: node.absolutePath.slice(0, -node.originalFile.length).replace(/[\\/]+$/, ''),
    depends_on: { macros: node.macros },
  }
}

/** What is compiled. dbt leaves the keys of compiled code out until there is some. */
function codeJson(
  node: Exclude<GraphNode, { kind: 'seed' }>,
  config: JsonObject,
  compiled: CompiledNode | undefined,
): JsonObject {
  const done = compiled && {
    compiled: true,
    compiled_code: compiled.code,
    extra_ctes_injected: true,
    extra_ctes: compiled.ctes,
  }
  return {
    language: node.language,
    refs: node.refs.map(refJson),
    sources: node.sources.map(sourceCallJson),
    metrics: 'metrics' in node ? node.metrics : [],
    functions: 'functions' in node ? node.functions : [],
    depends_on: dependsOnJson(node.dependencies, macrosOf(node, compiled)),
    compiled_path: orNull(compiled?.compiledPath),
    ...done,
    contract: contractJson(config['contract'], node.kind === 'model' ? node : undefined),
  }
}

/** Macros that were seen while parsing, and those that are only named when the code is wanted. */
function macrosOf({ macros }: GraphNode, compiled: CompiledNode | undefined): readonly string[] {
  const found = compiled?.macros?.filter((id) => !macros.includes(id)) ?? []
  return found.length === 0 ? macros : [...macros, ...found]
}

/** What only one kind has. */
function ownJson(node: Exclude<GraphNode, { kind: 'seed' }>, graph: Graph): JsonObject {
  switch (node.kind) {
    case 'model':
      return modelJson(node, graph)
    case 'test':
      return node.generic === undefined ? {} : genericTestJson(node.generic, graph, node.package)
    case 'operation':
      return { index: node.index }
    case 'function':
      return functionJson(node)
    case 'snapshot':
    case 'analysis':
      return {}
    default:
      return node satisfies never
  }
}

function modelJson(node: GraphNode & { readonly kind: 'model' }, graph: Graph): JsonObject {
  const { timeSpine } = node
  return {
    access: node.access,
    constraints: node.constraints.map(modelConstraintJson),
    version: orNull(node.version),
    latest_version: orNull(node.latestVersion),
    deprecation_date: deprecationDate(node.deprecationDate),
    primary_key: primaryKeyOf(node, graph),
    time_spine: timeSpine === undefined ? null : timeSpineJson(timeSpine),
  }
}

/** A date alone is midnight, and a time without a zone is UTC. */
function deprecationDate(text: string | undefined): string | null {
  if (text === undefined) return null
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return `${text}T00:00:00+00:00`
  const iso = text.replace(' ', 'T').replace(/(\.000)?Z$/, '+00:00')
  return /[+-]\d{2}:\d{2}$/.test(iso) ? iso : `${iso}+00:00`
}

function timeSpineJson(said: JsonObject): JsonObject {
  return {
    standard_granularity_column: orNull(said['standard_granularity_column']),
    custom_granularities: listOf(said['custom_granularities'])
      .filter(isObject)
      .map(({ name, column_name }) => ({ name, column_name: orNull(column_name) })),
  }
}

function functionJson(node: GraphNode & { readonly kind: 'function' }): JsonObject {
  const { data_type, description } = node.returns
  return {
    returns: { data_type: orNull(data_type), description: orNull(description) },
    arguments: node.arguments.map((argument) => ({
      name: orNull(argument['name']),
      data_type: orNull(argument['data_type']),
      description: orNull(argument['description']),
      default_value: orNull(argument['default_value']),
    })),
    overloads: 'overloads' in node ? listOf(node.overloads) : [],
  }
}
