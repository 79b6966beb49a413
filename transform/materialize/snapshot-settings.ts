/** What the config of a snapshot says, checked: which rows it follows, and how it tells that they changed. */
import { problem } from '../../core/problems.ts'
import { type SnapshotNode, textConfig } from '../compile/graph.ts'
import type { TableColumn } from './statement.ts'

/** What happens to a row that its source no longer has. */
export type HardDeletes = 'ignore' | 'invalidate' | 'new_record'

/** Columns that a snapshot adds to those of its query, by what they are for. */
type MetaColumns = {
  readonly dbt_scd_id: string
  readonly dbt_updated_at: string
  readonly dbt_valid_from: string
  readonly dbt_valid_to: string
  readonly dbt_is_deleted: string
}

export type SnapshotSettings = {
  /** `timestamp`, `check`, or the name of a macro `snapshot_<name>_strategy`. */
  readonly strategy: string
  /** Columns or expressions that name a row, one at least. */
  readonly uniqueKey: readonly string[]
  /** A column or an expression: when a row was changed. */
  readonly updatedAt: string | undefined
  /** Columns whose change makes a new version. */
  readonly checkColumns: 'all' | readonly string[]
  readonly hardDeletes: HardDeletes
  /** An expression that stands in `dbt_valid_to` while a version holds, instead of NULL. */
  readonly validToCurrent: string | undefined
  readonly columns: MetaColumns
}

const metaColumns = {
  dbt_scd_id: 'dbt_scd_id',
  dbt_updated_at: 'dbt_updated_at',
  dbt_valid_from: 'dbt_valid_from',
  dbt_valid_to: 'dbt_valid_to',
  dbt_is_deleted: 'dbt_is_deleted',
} as const satisfies MetaColumns

/** @throws `model/invalid-config` */
export function snapshotSettings(node: SnapshotNode): SnapshotSettings {
  const { config } = node
  const strategy = textConfig(config, 'strategy')
  if (strategy === undefined) throw invalid(node, 'strategy', 'is missing: timestamp or check')
  const uniqueKey = texts(config['unique_key'])
  if (uniqueKey.length === 0) {
    throw invalid(node, 'unique_key', 'is missing: one column or several that name a row')
  }
  const settings = {
    strategy,
    uniqueKey,
    updatedAt: textConfig(config, 'updated_at'),
    checkColumns: checkColumns(node, strategy),
    hardDeletes: hardDeletes(node),
    validToCurrent: textConfig(config, 'dbt_valid_to_current'),
    columns: { ...metaColumns, ...renamed(config['snapshot_meta_column_names']) },
  }
  if (strategy === 'timestamp' && settings.updatedAt === undefined) {
    throw invalid(node, 'updated_at', 'is missing: the strategy timestamp compares it')
  }
  return settings
}

/**
 * The same with the names that the snapshot's own columns have in its table. A snapshot of a snapshot has columns of
 * both: then its own are those with a number behind the name, which DuckDB gives them in the tables of dbt too.
 * @param query columns of the query
 * @param table columns of the snapshot as it is; undefined the first time
 * @throws `model/invalid-config` when the query has come to give what was the snapshot's own
 */
export function nameMetaColumns(
  node: SnapshotNode,
  settings: SnapshotSettings,
  query: readonly TableColumn[],
  table: readonly TableColumn[] = [],
): SnapshotSettings {
  const given = new Set(query.map(({ name }) => name.toLowerCase()))
  const nameOf = (name: string) => {
    const free = numbered(name, (candidate) => !given.has(candidate.toLowerCase()))
    const there = table.filter((column) => isNumbered(column.name, name))
    const own = there.findLast((column) => !given.has(column.name.toLowerCase()))
    if (own !== undefined || there.length === 0) return own?.name ?? free
    const reason = `leaves ${name} to the snapshot, and the query gives it too now: call it something else in the query`
    throw invalid(node, 'snapshot_meta_column_names', reason)
  }
  const { columns } = settings
  return {
    ...settings,
    columns: {
      dbt_scd_id: nameOf(columns.dbt_scd_id),
      dbt_updated_at: nameOf(columns.dbt_updated_at),
      dbt_valid_from: nameOf(columns.dbt_valid_from),
      dbt_valid_to: nameOf(columns.dbt_valid_to),
      dbt_is_deleted: nameOf(columns.dbt_is_deleted),
    },
  }
}

function numbered(name: string, isFree: (candidate: string) => boolean): string {
  let candidate = name
  for (let number = 1; !isFree(candidate); number++) candidate = `${name}_${number}`
  return candidate
}

function isNumbered(candidate: string, name: string): boolean {
  const [start, end] = [candidate.slice(0, name.length), candidate.slice(name.length)]
  return start.toLowerCase() === name.toLowerCase() && /^(_\d+)?$/.test(end)
}

function checkColumns(node: SnapshotNode, strategy: string): 'all' | readonly string[] {
  const said = node.config['check_cols']
  if (strategy === 'timestamp' && texts(said).length > 0) {
    throw invalid(node, 'check_cols', 'belongs to the strategy check, and this is timestamp')
  }
  if (strategy !== 'check') return []
  if (said === 'all') return said
  if (Array.isArray(said) && said.length > 0) return said.map(String)
  throw invalid(node, 'check_cols', "must be 'all' or a list of columns")
}

function hardDeletes(node: SnapshotNode): HardDeletes {
  const { hard_deletes: said = null, invalidate_hard_deletes: old = null } = node.config
  if (said !== null && old !== null) {
    throw invalid(node, 'hard_deletes', 'stands beside invalidate_hard_deletes; keep one of them')
  }
  if (said === null) return old === true ? 'invalidate' : 'ignore'
  if (said === 'ignore' || said === 'invalidate' || said === 'new_record') return said
  throw invalid(node, 'hard_deletes', `is ${said}; there are ignore, invalidate, new_record`)
}

function renamed(said: unknown): Partial<MetaColumns> {
  if (typeof said !== 'object' || said === null) return {}
  const isName = ([, name]: readonly [string, unknown]) => typeof name === 'string' && name !== ''
  return Object.fromEntries(Object.entries(said).filter(isName))
}

function texts(said: unknown): string[] {
  if (said === undefined || said === null) return []
  return (Array.isArray(said) ? said : [said]).map(String).filter((text) => text !== '')
}

function invalid(node: SnapshotNode, key: string, reason: string) {
  return problem(
    'model/invalid-config',
    { node: node.name, key, reason },
    { at: { file: node.file } },
  )
}
