/** What `config.get()` answers for what nobody has said: the fields that dbt knows, with their defaults. */
import type { Config } from '../project/project.ts'

const common: Config = {
  enabled: true,
  alias: null,
  schema: null,
  database: null,
  tags: [],
  meta: {},
  group: null,
  static_analysis: null,
}

const node: Config = {
  ...common,
  materialized: 'view',
  incremental_strategy: null,
  batch_size: null,
  lookback: 1,
  begin: null,
  persist_docs: {},
  post_hook: [],
  pre_hook: [],
  quoting: {},
  column_types: {},
  full_refresh: null,
  unique_key: null,
  on_schema_change: 'ignore',
  on_configuration_change: 'apply',
  grants: {},
  packages: [],
  docs: { show: true, node_color: null },
  contract: { enforced: false, alias_types: true },
  event_time: null,
  concurrent_batches: null,
}

const byKind: Readonly<Record<string, Config>> = {
  model: { ...node, access: 'protected', freshness: null },
  seed: { ...node, materialized: 'seed', delimiter: ',', quote_columns: null },
  snapshot: {
    ...node,
    materialized: 'snapshot',
    strategy: null,
    target_schema: null,
    target_database: null,
    updated_at: null,
    check_cols: null,
    dbt_valid_to_current: null,
  },
  test: {
    ...common,
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
}

/** Fields whose own defaults stay beside what is said of them. */
const merged = ['docs', 'contract']

/**
 * A config as templates read it.
 * @param kind of the node: `model`, `test`, …
 * @returns undefined for a key that dbt does not know and nobody has set
 */
export function configValueOf(kind: string, config: Config, key: string): unknown {
  const defaults = byKind[kind] ?? node
  const value = kind === 'test' ? testValueOf(config, key) : config[key]
  if (value === undefined) return defaults[key]
  return merged.includes(key) && isObject(value) && isObject(defaults[key])
    ? { ...defaults[key], ...value }
    : value
}

/** Of the two keys that say how failures are kept, each says what the other is; `store_failures_as` wins. */
function testValueOf(config: Config, key: string): unknown {
  const { store_failures: isKept, store_failures_as: as } = config
  if (key === 'store_failures') return as == null ? isKept : as !== 'ephemeral'
  if (key !== 'store_failures_as' || as != null || isKept == null) return config[key]
  return isKept === true ? 'table' : 'ephemeral'
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
