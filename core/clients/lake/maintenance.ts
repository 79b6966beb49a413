/**
 * Upkeep of the lake, one step a call. `CHECKPOINT` is never used: when one of its steps fails, DuckDB declares
 * the whole instance invalid. Run it in a process of its own.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteLiteral } from '../../sql.ts'
import { lakeName } from './attach.ts'

export type Upkeep = {
  /** Snapshots older than this are forgotten; ISO 8601. */
  readonly expireBefore: string
  /** Files that nothing refers to go when they are older than this; a running transaction's are younger. */
  readonly deleteBefore: string
}

const lake = quoteLiteral(lakeName)

/** Merges small neighbouring files, forgets old snapshots, deletes files that nothing refers to any more. */
export async function maintainLake(connection: DuckDBConnection, upkeep: Upkeep): Promise<void> {
  const expireBefore = `timestamptz ${quoteLiteral(upkeep.expireBefore)}`
  const deleteBefore = `timestamptz ${quoteLiteral(upkeep.deleteBefore)}`
  await connection.run(`call ducklake_merge_adjacent_files(${lake})`)
  await connection.run(`call ducklake_expire_snapshots(${lake}, older_than => ${expireBefore})`)
  await connection.run(`call ducklake_cleanup_old_files(${lake}, older_than => ${deleteBefore})`)
  await connection.run(
    `call ducklake_delete_orphaned_files(${lake}, older_than => ${deleteBefore})`,
  )
}
