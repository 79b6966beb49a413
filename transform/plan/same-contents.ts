/** What makes a resource the same as before, kind by kind, over nodes as manifest.json holds them. */
import type { SelectableNode } from '../compile/graph.ts'
import { deepEqual } from './deep-equal.ts'
import { asObject, field, items, type JsonObject } from './json.ts'

type Same = (now: JsonObject, then: JsonObject) => boolean

/** Models, seeds, snapshots, tests, analyses, operations, functions. */
export function hasCode(node: SelectableNode): boolean {
  return 'rawCode' in node
}

/** Everything that counts for `state:modified`, macros and contracts aside. */
export function sameContents(node: SelectableNode, now: JsonObject, then: JsonObject): boolean {
  if (node.kind === 'test' && node.generic !== undefined) {
    return all([sameConfig, same('fqn')], now, then)
  }
  return all(contents[node.kind], now, then)
}

export function sameBody(now: JsonObject, then: JsonObject): boolean {
  const isSeed = now['resource_type'] === 'seed'
  return same(isSeed ? 'checksum' : 'raw_code')(now, then)
}

/** What was configured, not what became of it: a target's own schema does not count. */
export function sameRelation(now: JsonObject, then: JsonObject): boolean {
  if (now['resource_type'] === 'source') return all(sourceRelation, now, then)
  return ['database', 'schema', 'alias'].every((key) => sameAt(now, then, 'unrendered_config', key))
}

/** Descriptions count where they are written into the database. */
export function sameDescriptions(now: JsonObject, then: JsonObject): boolean {
  const persisted = asObject(field(now, 'config', 'persist_docs'))
  if (persisted['relation'] && !same('description')(now, then)) return false
  return !persisted['columns'] || deepEqual(columnDescriptions(now), columnDescriptions(then))
}

/** Configs as they were written. Where a thing is put, its tags and its group are no change of it. */
export function sameConfig(now: JsonObject, then: JsonObject): boolean {
  const kind = String(now['resource_type'])
  if (kind === 'semantic_model' || kind === 'saved_query') return same('config')(now, then)
  const mine = asObject(now['unrendered_config'])
  const theirs = asObject(then['unrendered_config'])
  const keys = kind === 'test' ? testKeys : Object.keys({ ...mine, ...theirs })
  const ignored = ignoredKeys(kind)
  return keys.every((key) => ignored.includes(key) || deepEqual(mine[key], theirs[key]))
}

const testKeys = [
  ...['severity', 'where', 'limit', 'fail_calc', 'warn_if', 'error_if'],
  ...['store_failures', 'store_failures_as', 'sql_header'],
]

function ignoredKeys(kind: string): readonly string[] {
  if (kind === 'source' || kind === 'exposure') return []
  if (kind === 'metric') return ['group']
  return ['alias', 'schema', 'database', 'tags', 'group']
}

const code: readonly Same[] = [sameBody, sameConfig, sameDescriptions, same('fqn'), sameRelation]

const sourceRelation: readonly Same[] = [same('database'), same('schema'), same('identifier')]

const contents: Readonly<Record<SelectableNode['kind'], readonly Same[]>> = {
  // A newer latest version, another access or deprecation date can break what refers to it.
  model: [...code, same('latest_version'), same('access'), same('deprecation_date')],
  seed: code,
  snapshot: code,
  test: code,
  analysis: code,
  operation: code,
  function: [...code, same('arguments'), same('returns'), sameOverloads],
  source: [
    ...sourceRelation,
    same('fqn'),
    sameConfig,
    same('quoting'),
    same('freshness'),
    same('loaded_at_field'),
    same('external'),
  ],
  exposure: [
    same('fqn'),
    ...['type', 'owner', 'maturity', 'url', 'description', 'label'].map((key) => same(key)),
    sameParents,
    sameConfig,
  ],
  metric: [same('type'), same('description'), same('label'), sameConfig],
  semantic_model: [
    ...['model', 'description', 'defaults', 'entities', 'dimensions', 'measures'].map((key) =>
      same(key),
    ),
    ...['config', 'primary_entity', 'group'].map((key) => same(key)),
  ],
  saved_query: [
    ...['metrics', 'group_by', 'where'].map((key) => same('query_params', key)),
    ...['description', 'label', 'config', 'group', 'tags'].map((key) => same(key)),
    sameExports,
  ],
  // dbt hashes the same parts; they are compared themselves, so that a manifest of dbt's can be used.
  unit_test: ['model', 'versions', 'given', 'expect', 'overrides'].map((key) => same(key)),
}

function all(checks: readonly Same[], now: JsonObject, then: JsonObject): boolean {
  return checks.every((check) => check(now, then))
}

function same(...path: readonly string[]): Same {
  return (now, then) => sameAt(now, then, ...path)
}

/** Null and absent are the same here: manifests of different versions leave out different keys. */
function sameAt(now: JsonObject, then: JsonObject, ...path: readonly string[]): boolean {
  return deepEqual(field(now, ...path) ?? null, field(then, ...path) ?? null)
}

function columnDescriptions(node: JsonObject): unknown {
  const columns = Object.entries(asObject(node['columns']))
  return Object.fromEntries(columns.map(([name, column]) => [name, field(column, 'description')]))
}

function sameParents(now: JsonObject, then: JsonObject): boolean {
  const parents = (node: JsonObject) => [...items(field(node, 'depends_on', 'nodes'))].map(String)
  return deepEqual(parents(now).sort(), parents(then).sort())
}

function sameOverloads(now: JsonObject, then: JsonObject): boolean {
  const keys = ['defined_in', 'arguments', 'returns', 'raw_body']
  return samePartsOf('overloads', keys, now, then)
}

function sameExports(now: JsonObject, then: JsonObject): boolean {
  const configs = ['export_as', 'schema', 'alias']
  const exportsOf = (node: JsonObject) =>
    items(node['exports']).map((one) => [
      field(one, 'name'),
      ...configs.map((key) => field(one, 'unrendered_config', key) ?? null),
    ])
  return deepEqual(exportsOf(now), exportsOf(then))
}

function samePartsOf(
  list: string,
  keys: readonly string[],
  now: JsonObject,
  then: JsonObject,
): boolean {
  const partsOf = (node: JsonObject) =>
    items(node[list]).map((one) => keys.map((key) => field(one, key) ?? null))
  return deepEqual(partsOf(now), partsOf(then))
}
