/**
 * The `config` of a resource with everything in it that dbt writes: what was said, and dbt's default for the rest.
 * Readers of a manifest look keys up without asking whether they are there.
 */
import type { Config } from '../project/project.ts'
import { type ConfiguredKind, configDefaults } from '../stdlib/config-defaults.ts'
import { isObject, type JsonObject, listOf } from './json.ts'

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
