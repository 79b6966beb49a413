/**
 * manifest.json v12: the whole project as data, with every key that dbt-core 1.12 writes. One node's part is to be
 * had alone, for `ls --output json`, for templates that walk `graph`, and for comparing two states of a project.
 */
import type { Graph, SelectableNode } from '../compile/graph.ts'
import { describedJson } from './described-json.ts'
import { edgeMaps, groupMap } from './edges.ts'
import { md5 } from './hash.ts'
import type { JsonObject } from './json.ts'
import { artifactMetadata, type Invocation } from './metadata.ts'
import type { CompiledNode, NodeDetails } from './node-details.ts'
import { graphNodeJson } from './node-json.ts'
import { docJson, groupJson, macroJson } from './other-json.ts'
import { selectorJson } from './selector-json.ts'
import { sourceJson } from './source-json.ts'
import { unitTestJson } from './unit-test-json.ts'

export type ManifestInputs = {
  readonly invocation: Invocation
  /** Code of the nodes that were compiled, by id. */
  readonly compiled?: ReadonlyMap<string, CompiledNode>
}

/** One resource as it stands in manifest.json. */
export function manifestNode(
  node: SelectableNode,
  graph: Graph,
  details: NodeDetails = {},
): JsonObject {
  switch (node.kind) {
    case 'source':
      return sourceJson(node, graph, details)
    case 'unit_test':
      return unitTestJson(node, graph, details)
    case 'exposure':
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return describedJson(node, graph, details)
    default:
      return graphNodeJson(node, graph, details)
  }
}

/** The whole manifest, ready for `toArtifactText`. */
export function manifestOf(graph: Graph, inputs: ManifestInputs): JsonObject {
  const { invocation, ...rest } = inputs
  const details = { ...rest, createdAt: createdAt(invocation) }
  const json = (node: SelectableNode) => manifestNode(node, graph, details)
  const nodes = [...graph.nodes.values()]
  const described = [...graph.described.values()]
  const ofKind = (kind: string) =>
    byId(
      described.filter((node) => node.kind === kind),
      json,
    )
  const { parents, children } = edgeMaps(graph)
  const parts = {
    nodes: byId(
      nodes.filter(({ kind }) => kind !== 'function'),
      json,
    ),
    saved_queries: ofKind('saved_query'),
    semantic_models: ofKind('semantic_model'),
    metrics: ofKind('metric'),
  }
  return {
    metadata: manifestMetadata(graph, invocation),
    nodes: parts.nodes,
    sources: byId(graph.sources.values(), json),
    macros: byId(graph.macros.values(), (macro) => macroJson(macro, details)),
    docs: byId(graph.docs.values(), docJson),
    exposures: ofKind('exposure'),
    metrics: parts.metrics,
    groups: byId(graph.groups.values(), groupJson),
    selectors: Object.fromEntries(graph.selectors.map((one) => [one.name, selectorJson(one)])),
    disabled: Object.fromEntries([...graph.disabled].map(([id, all]) => [id, all.map(json)])),
    parent_map: parents,
    child_map: children,
    group_map: groupMap(graph, groupedOf(parts)),
    saved_queries: parts.saved_queries,
    semantic_models: parts.semantic_models,
    unit_tests: byId(graph.unitTests.values(), json),
    functions: byId(
      nodes.filter(({ kind }) => kind === 'function'),
      json,
    ),
  }
}

/** Seconds since 1970 that nodes parsed by this call were made. */
export function createdAt({ startedAt }: Invocation): number {
  return Date.parse(startedAt) / 1_000
}

/** What differs from one manifest of a project to the next when nothing has changed; it stands first. */
export function manifestMetadata(graph: Graph, invocation: Invocation): JsonObject {
  return {
    ...artifactMetadata('manifest', invocation),
    project_name: graph.project,
    project_id: md5(graph.project),
    user_id: null,
    send_anonymous_usage_stats: false,
    adapter_type: 'duckdb',
    quoting: { database: true, schema: true, identifier: true, ...graph.quoting, column: null },
    run_started_at: invocation.startedAt.replace(/Z$/, '+00:00'),
  }
}

type ById = Readonly<Record<string, JsonObject>>

function byId<Resource extends { readonly id: string }>(
  resources: Iterable<Resource>,
  toJson: (resource: Resource) => JsonObject,
): ById {
  return Object.fromEntries([...resources].map((one) => [one.id, toJson(one)]))
}

function groupedOf(parts: Readonly<Record<string, ById>>) {
  return Object.values(parts).flatMap((resources) =>
    Object.entries(resources).map(([id, { group }]) => ({ id, group })),
  )
}
