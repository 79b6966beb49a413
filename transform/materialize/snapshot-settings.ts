/** What the config of a snapshot says, checked: which rows it follows, and how it tells that they changed. */
import { problem } from '../../core/problems.ts'
import { type SnapshotNode, textConfig } from '../compile/graph.ts'

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
