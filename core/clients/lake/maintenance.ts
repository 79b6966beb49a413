/**
 * Upkeep of the lake, one step a call. `CHECKPOINT` is never used: when one of its steps fails, DuckDB declares
 * the whole instance invalid. Run these in a process or an instance of their own.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteLiteral } from '../../sql.ts'
import { lakeName } from './attach.ts'

const lake = quoteLiteral(lakeName)

/** Merges small neighbouring files; time travel and row order stay exact. */
export async function mergeFiles(connection: DuckDBConnection): Promise<void> {
  await connection.run(`call ducklake_merge_adjacent_files(${lake})`)
}

/** Forgets snapshots older than an instant (ISO 8601); the caller keeps the ones that increments still need. */
export async function expireSnapshots(
  connection: DuckDBConnection,
  olderThan: string,
): Promise<void> {
  const time = `timestamptz ${quoteLiteral(olderThan)}`
  await connection.run(`call ducklake_expire_snapshots(${lake}, older_than => ${time})`)
}

/** Deletes files that no snapshot needs any more, then those that no transaction ever committed. */
export async function deleteUnusedFiles(
  connection: DuckDBConnection,
  olderThan: string,
): Promise<void> {
  const time = `timestamptz ${quoteLiteral(olderThan)}`
  await connection.run(`call ducklake_cleanup_old_files(${lake}, older_than => ${time})`)
  await connection.run(`call ducklake_delete_orphaned_files(${lake}, older_than => ${time})`)
}
