/** The methods of `adapter` that answer without the engine. */
import { quoteIdent } from '../../core/sql.ts'
import {
  type Arguments,
  isHostObject,
  isTruthy,
  itemsOf,
  TemplateFault,
  toRepr,
  toText,
  Undefined,
} from '../jinja/values.ts'
import type { AdapterContext } from './adapter-context.ts'
import { validStrategies } from './adapter-queries.ts'
import { columnLines, constraintLines } from './constraints.ts'
import { externalReadLocation, externalWriteOptions } from './external-options.ts'
import { parseIndex } from './index-config.ts'
import { makeTable } from './query-table.ts'

type Method = (context: AdapterContext, args: Arguments) => unknown

/** What a run decides by itself, and a template may still say: transactions, caches, widths of columns. */
const settled = [
  ...['cache_added', 'cache_dropped', 'cache_renamed', 'expand_target_column_types'],
  'verify_database',
]

/** How many names a template has made of the time. */
const moments = new WeakMap<AdapterContext, number>()

export const adapterValues: Readonly<Record<string, Method>> = {
  ...Object.fromEntries(settled.map((name) => [name, () => ''])),
  dispatch: ({ dispatch }, args) => dispatch(args),
  type: () => 'duckdb',
  // Not of dbt: now() is one moment all through a run, and two names made of it have to differ.
  moments_named: (context) => {
    const count = moments.get(context) ?? 0
    moments.set(context, count + 1)
    return count
  },
  date_function: () => 'now()',
  is_cancelable: () => true,
  is_motherduck: () => false,
  disable_transactions: () => false,
  use_ducklake_table_workarounds: () => false,
  quote: (_, { positional: [name] }) => quoteIdent(toText(name)),
  quote_as_configured: (_, { positional: [name, key], named }) =>
    ['database', 'schema', 'identifier'].includes(toText(key ?? named.get('quote_key') ?? ''))
      ? quoteIdent(toText(name))
      : toText(name),
  quote_seed_column: (_, { positional: [column, asked = null] }) => {
    if (asked !== null && typeof asked !== 'boolean' && !(asked instanceof Undefined)) {
      throw new TemplateFault(`quote_columns is true or false, not ${toRepr(asked)}`)
    }
    return asked === false ? toText(column) : quoteIdent(toText(column))
  },
  escape_sql_string: (_, { positional: [text] }) => toText(text).replaceAll("'", "''"),
  get_binding_char: () => '?',
  convert_type: (_, { positional: [table, index] }) => convertType(table, index),
  convert_datetimes_to_strs: (_, { positional: [table] }) => table,
  render_raw_columns_constraints: (_, { positional, named }) =>
    columnLines(positional[0] ?? named.get('raw_columns')),
  render_raw_model_constraints: (_, { positional, named }) =>
    constraintLines(positional[0] ?? named.get('raw_constraints')),
  standardize_grants_dict: (_, { positional: [table] }) => grantsOf(table),
  get_hard_deletes_behavior: (_, { positional: [config] }) => hardDeletes(config),
  valid_incremental_strategies: () => [...validStrategies],
  builtin_incremental_strategies: () => [
    ...['append', 'delete+insert', 'merge', 'insert_overwrite', 'microbatch'],
  ],
  build_catalog_relation: () => null,
  get_partitions_metadata: () => makeTable({ columns: [], rows: [] }),
  parse_index: ({ md5, startedAt }, { positional: [raw] }) => parseIndex(raw, md5, startedAt),
  external_root: ({ engine }) => engine.externalRoot ?? '.',
  external_write_options: (_, { positional: [location, options] }) =>
    externalWriteOptions(toText(location), options),
  external_read_location: (_, { positional: [location, options] }) =>
    externalReadLocation(toText(location), options),
  get_seed_file_path: ({ engine }, { positional: [model] }) => {
    const root = read(model, 'root_path') ?? engine.root ?? '.'
    return `${toText(root)}/${toText(read(model, 'original_file_path') ?? '')}`
  },
  store_relation: (_, { positional: [plugin] }) => {
    throw new TemplateFault(
      `store_relation() hands a table to the dbt-duckdb plugin ${toText(plugin)}; plugins are not run here`,
    )
  },
  warn_once: ({ warnOnce }, { positional: [reason] }) => {
    warnOnce(toText(reason))
    return ''
  },
  batch_id_for_model: (_, { positional: [model] }) => {
    const start = read(read(model, 'batch'), 'event_time_start')
    return start == null ? '' : toText(start).replaceAll(/[-:+]/g, '').replaceAll(' ', '_')
  },
  get_temp_relation_path: ({ invocationId }, { positional: [relation, batch = ''] }) => {
    const name = [toText(read(relation, 'identifier')), '', invocationId.split('-').at(-1)].join(
      '_',
    )
    return new Map([
      ['database', read(relation, 'database')],
      ['schema', 'dbt_temp'],
      ['identifier', toText(batch) === '' ? name : `${name}__${toText(batch)}`],
    ])
  },
}

/** A part of a dict or of a host's object; undefined when there is none. */
function read(value: unknown, key: string): unknown {
  if (value instanceof Map) return value.get(key)
  const found = isHostObject(value) ? value.attribute(key) : undefined
  return found instanceof Undefined ? undefined : found
}

const seedTypes: readonly (readonly [RegExp, string])[] = [
  [/^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U\w+INT)/, 'integer'],
  [/^(FLOAT|DOUBLE|DECIMAL)/, 'float8'],
  [/^BOOLEAN/, 'boolean'],
  [/^TIMESTAMP/, 'timestamp without time zone'],
  [/^DATE/, 'date'],
  [/^TIME/, 'time'],
]

/** The type that dbt gives a column of a seed. */
function convertType(table: unknown, index: unknown): string {
  const types = read(table, 'column_types')
  const type = types === undefined ? '' : toText(itemsOf(types)[Number(index)] ?? '')
  return seedTypes.find(([pattern]) => pattern.test(type))?.[1] ?? 'text'
}

function grantsOf(table: unknown): Map<unknown, unknown[]> {
  const grants = new Map<unknown, unknown[]>()
  for (const row of itemsOf(table)) {
    const [grantee, privilege] = [read(row, 'grantee'), read(row, 'privilege_type')]
    grants.set(privilege, [...(grants.get(privilege) ?? []), grantee])
  }
  return grants
}

/** `config` is a dict, or the object of that name. */
function hardDeletes(config: unknown): string {
  const asked = (key: string): unknown => {
    const get = config instanceof Map ? undefined : read(config, 'get')
    if (config instanceof Map) return config.get(key) ?? null
    return isCallable(get) ? get.call({ positional: [key], named: new Map() }) : null
  }
  const [legacy, wanted] = [asked('invalidate_hard_deletes'), asked('hard_deletes')]
  if (legacy !== null && wanted !== null) {
    throw new TemplateFault('a snapshot has invalidate_hard_deletes or hard_deletes, not both')
  }
  if (isTruthy(legacy)) return 'invalidate'
  const word = wanted === null ? 'ignore' : toText(wanted)
  if (['ignore', 'invalidate', 'new_record'].includes(word)) return word
  throw new TemplateFault(`hard_deletes is ignore, invalidate or new_record, not ${word}`)
}

function isCallable(value: unknown): value is { call(args: Arguments): unknown } {
  return typeof value === 'object' && value !== null && 'call' in value
}
