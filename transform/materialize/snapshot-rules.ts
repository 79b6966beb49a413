/**
 * How a snapshot tells that a row has changed, as SQL over two relations: `source_data`, a row as it is now, and
 * `snapshotted_data`, the version of it that holds.
 */
import { quoteIdent } from '../../core/sql.ts'
import type { HardDeletes, SnapshotSettings } from './snapshot-settings.ts'

export type SnapshotRules = {
  /** Over the columns of the query: when the row was changed. */
  readonly updatedAt: string
  /** Over the columns of the query: the identity of a version. */
  readonly scdId: string
  /** Over both relations. */
  readonly rowChanged: string
  readonly hardDeletes: HardDeletes
  readonly words: SnapshotWords
}

/** What dbt's macros of the same names give, or those of the project in their place. */
export type SnapshotWords = {
  /** `snapshot_get_time()`: the same all through a transaction. */
  readonly now: string
  /** `snapshot_hash_arguments()` of expressions. */
  readonly hash: (expressions: readonly string[]) => string
}

/** dbt's own. The hash is what identities of versions in existing tables rest on. */
export const usualWords: SnapshotWords = { now: 'now()::timestamp', hash: hashOf }

function hashOf(expressions: readonly string[]): string {
  const parts = expressions.map((expression) => `coalesce(cast(${expression} as varchar), '')`)
  return `md5(${parts.join(" || '|' || ")})`
}

/** A version is replaced when the source says that it was changed later. */
export function timestampRules(
  settings: SnapshotSettings,
  updatedAt: string,
  words: SnapshotWords,
): SnapshotRules {
  const { uniqueKey, hardDeletes, columns } = settings
  return {
    updatedAt,
    scdId: words.hash([...uniqueKey, updatedAt]),
    rowChanged: `snapshotted_data.${quoteIdent(columns.dbt_valid_from)} < source_data.${updatedAt}`,
    hardDeletes,
    words,
  }
}

/**
 * A version is replaced when one of the checked columns differs.
 * @param checked names of the checked columns that the query gives
 * @param known names of the columns of the table; one that is not there yet makes every row a new version
 */
export function checkRules(
  settings: SnapshotSettings,
  checked: readonly string[],
  known: readonly string[],
  words: SnapshotWords,
): SnapshotRules {
  const { uniqueKey, hardDeletes, updatedAt = words.now } = settings
  const there = new Set(known.map((name) => name.toLowerCase()))
  const differences = checked.map((name) => {
    const column = quoteIdent(name)
    return `snapshotted_data.${column} is distinct from source_data.${column}`
  })
  const isComplete = checked.every((name) => there.has(name.toLowerCase()))
  return {
    updatedAt,
    scdId: words.hash([...uniqueKey, updatedAt]),
    rowChanged: isComplete ? differences.join(' or ') : 'true',
    hardDeletes,
    words,
  }
}
