/**
 * The `config` of a resource with everything in it that dbt writes: what was said, and dbt's default for the rest.
 * Readers of a manifest look keys up without asking whether they are there.
 */
import type { Config } from '../project/project.ts'
import { isObject, type JsonObject, listOf } from './json.ts'

/** Resources whose config dbt knows by name. */
export type ConfiguredKind = keyof typeof configDefaults

const everywhere = {
  enabled: true,
  alias: null,
  schema: null,
  database: null,
  tags: [],
  meta: {},
  group: null,
  static_analysis: null,
}

const docs = { show: true, node_color: null }

const node = {
  ...everywhere,
  materialized: 'view',
  incremental_strategy: null,
  batch_size: null,
  lookback: 1,
  begin: null,
  persist_docs: {},
  'post-hook': [],
  'pre-hook': [],
  quoting: {},
  column_types: {},
  full_refresh: null,
  unique_key: null,
  on_schema_change: 'ignore',
  on_configuration_change: 'apply',
  grants: {},
  packages: [],
  docs,
  contract: { enforced: false, alias_types: true },
  event_time: null,
  concurrent_batches: null,
}

const described = { enabled: true, group: null, meta: {} }

/** dbt-core 1.12's defaults by kind of resource, in its order of keys. */
export const configDefaults = {
  model: {
    ...node,
    access: 'protected',
    freshness: null,
    on_error: null,
    latest_version_pointer: { enabled: null, alias: null },
  },
  seed: { ...node, materialized: 'seed', delimiter: ',', quote_columns: null },
  snapshot: {
    ...node,
    materialized: 'snapshot',
    strategy: null,
    target_schema: null,
    target_database: null,
    updated_at: null,
    check_cols: null,
    snapshot_meta_column_names: {
      dbt_valid_to: null,
      dbt_valid_from: null,
      dbt_scd_id: null,
      dbt_updated_at: null,
      dbt_is_deleted: null,
    },
    dbt_valid_to_current: null,
  },
  analysis: node,
  operation: node,
  function: {
    ...node,
    materialized: 'function',
    type: 'scalar',
    volatility: null,
    runtime_version: null,
    entry_point: null,
    snowflake: { quote_args: true },
  },
  test: {
    ...everywhere,
    schema: 'dbt_test__audit',
    materialized: 'test',
    severity: 'ERROR',
    store_failures: null,
    store_failures_as: null,
    sql_header: null,
    where: null,
    limit: null,
    fail_calc: 'count(*)',
    warn_if: '!= 0',
    error_if: '!= 0',
  },
  source: {
    enabled: true,
    event_time: null,
    freshness: null,
    loaded_at_field: null,
    loaded_at_query: null,
    meta: {},
    tags: [],
    static_analysis: null,
  },
  unit_test: { tags: [], meta: {}, enabled: true, static_analysis: null },
  exposure: { enabled: true, tags: [], meta: {} },
  metric: described,
  semantic_model: described,
  saved_query: { ...described, export_as: null, schema: null, cache: { enabled: false } },
  group: { meta: {} },
  macro: { meta: {}, docs },
} as const satisfies Record<string, JsonObject>

/** @param said what the project says, any spelling of `pre-hook` and `post-hook` */
export function fullConfig(kind: ConfiguredKind, said: Config): JsonObject {
  const defaults: JsonObject = configDefaults[kind]
  const full: Record<string, unknown> = { ...defaults }
  for (const [written, value] of Object.entries(said)) {
    const key = written.replace(/^(pre|post)_hook$/, '$1-hook')
    full[key] = readValue(key, value, defaults[key])
  }
  if (full['incremental_strategy'] === 'microbatch') full['begin'] = timestampOf(full['begin'])
  if (kind === 'test') Object.assign(full, storeFailures(full))
  return full
}

function readValue(key: string, value: unknown, fallback: unknown): unknown {
  switch (key) {
    case 'pre-hook':
    case 'post-hook':
      return listOf(value).map(readHook)
    case 'tags':
      return listOf(value)
    case 'packages':
      return listOf(value)
    case 'grants':
      return isObject(value) ? mapValues(value, listOf) : {}
    case 'freshness':
      return readFreshness(value)
    case 'static_analysis':
      return typeof value === 'boolean' ? (value ? 'on' : 'off') : value
    case 'latest_version_pointer':
    case 'contract':
      if (typeof value === 'boolean') return { ...asObject(fallback), ...switchedTo(key, value) }
  }
  if (isObject(fallback)) return { ...fallback, ...asObject(value) }
  return value ?? null
}

/** `contract: true` and `latest_version_pointer: false` are short for a map. */
function switchedTo(key: string, on: boolean): JsonObject {
  return key === 'contract' ? { enforced: on } : { enabled: on }
}

/** Text, text that is JSON, or a map with `sql`. */
function readHook(hook: unknown): JsonObject {
  const said = typeof hook === 'string' ? parseHook(hook) : asObject(hook)
  return { sql: '', transaction: true, index: null, ...said }
}

function parseHook(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // It is SQL, as nearly always.
  }
  return { sql: text }
}

/** Of a model: when its inputs are new enough to build it; of a source: thresholds, as they are. */
function readFreshness(value: unknown): unknown {
  if (!isObject(value) || !isObject(value['build_after'])) {
    return isObject(value) && ('warn_after' in value || 'error_after' in value) ? value : null
  }
  return { build_after: { count: null, period: null, updates_on: 'any', ...value['build_after'] } }
}

/** The first moment of a microbatch model as Python prints one: `2024-01-01T00:00:00`. */
function timestampOf(begin: unknown): unknown {
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:\d{2})?$/.exec(
      String(begin),
    )
  if (parts === null) return begin
  const [, date, time = '00:00', seconds = ':00', fraction = '', zone = ''] = parts
  const micros = Number(fraction) === 0 ? '' : `.${fraction.padEnd(6, '0')}`
  return `${date}T${time}${seconds}${micros}${zone === 'Z' ? '+00:00' : zone}`
}

/** Each of the two says what the other is; `store_failures_as` wins. */
function storeFailures({ store_failures: kept, store_failures_as: as }: JsonObject): JsonObject {
  if (as !== null && as !== undefined) return { store_failures: as !== 'ephemeral' }
  return { store_failures_as: kept === true ? 'table' : kept === false ? 'ephemeral' : null }
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

function mapValues(map: JsonObject, change: (value: unknown) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}
