/** The fields of a config that dbt knows, with their defaults: what artifacts write, and `config.get()` answers. */
import type { Config } from '../project/project.ts'

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
} as const satisfies Record<string, Config>

/** Fields whose own defaults stay beside what is said of them. */
const merged = ['docs', 'contract']

/**
 * A config as templates read it, for what nobody has said too.
 * @param kind of the node: `model`, `test`, …
 * @returns undefined for a key that dbt does not know and nobody has set
 */
export function configValueOf(kind: string, config: Config, key: string): unknown {
  if (kind === 'snapshot' && key === 'snapshot_table_column_names') return snapshotColumns(config)
  const value = kind === 'test' ? testValueOf(config, key) : config[key]
  const fallback = defaultOf(kind, key)
  if (value === undefined) return fallback
  return merged.includes(key) && isObject(value) && isObject(fallback)
    ? { ...fallback, ...value }
    : value
}

/** Of the two keys that say how failures are kept, each says what the other is; `store_failures_as` wins. */
function testValueOf(config: Config, key: string): unknown {
  const { store_failures: isKept, store_failures_as: as } = config
  if (key === 'store_failures') return as == null ? isKept : as !== 'ephemeral'
  if (key !== 'store_failures_as' || as != null || isKept == null) return config[key]
  return isKept === true ? 'table' : 'ephemeral'
}

/** Names of a snapshot's own columns: those that are not said are called what they are for. */
function snapshotColumns({ snapshot_meta_column_names: said }: Config): Config {
  const names = Object.keys(configDefaults.snapshot.snapshot_meta_column_names)
  const own: Config = isObject(said) ? said : {}
  return Object.fromEntries(names.map((name) => [name, own[name] || name]))
}

/** Templates know hooks by names with `_`, which artifacts spell with a dash. */
function defaultOf(kind: string, key: string): unknown {
  const defaults: Config = isRendered(kind) ? configDefaults[kind] : node
  return key.includes('-') ? undefined : defaults[key.replace(/^(pre|post)_hook$/, '$1-hook')]
}

function isRendered(kind: string): kind is 'model' | 'seed' | 'snapshot' | 'test' {
  return ['model', 'seed', 'snapshot', 'test'].includes(kind)
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
