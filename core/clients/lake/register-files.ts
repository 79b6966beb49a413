/**
 * Takes Parquet files that others wrote (Spark, an export) into a table. DuckLake itself accepts a file twice
 * and then counts its rows twice, so the catalog is asked first. DuckLake owns the files from then on:
 * compaction deletes them.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { problem } from '../../problems.ts'
import { quoteLiteral } from '../../sql.ts'
import { queryValue } from '../duckdb.ts'
import { type LakeCatalog, lakeName } from './attach.ts'
import { metadataSchema } from './snapshots.ts'

export type RegisterRequest = {
  readonly schema: string
  readonly table: string
  /** Full paths, no globs. */
  readonly files: readonly string[]
  /** Columns the files lack become NULL. */
  readonly allowMissing?: boolean
}

/** What each transaction has taken so far: the catalog shows it only after the commit. */
const taken = new WeakMap<DuckDBConnection, Set<string>>()

/**
 * Registers files inside the caller's transaction. Two transactions that register one file at once are not kept
 * apart: the caller has a row that both of them update.
 * @throws `lake/file-registered` when one of them is in the lake already
 */
export async function registerFiles(
  transaction: DuckDBConnection,
  catalog: LakeCatalog,
  request: RegisterRequest,
): Promise<void> {
  const { schema, table } = request
  const files = [...new Set(request.files)]
  if (files.length === 0) return
  const list = `[${files.map(quoteLiteral).join(', ')}]`
  const known = await queryValue(
    transaction,
    `select path from ${metadataSchema(catalog)}.ducklake_data_file
     where end_snapshot is null and list_contains(${list}, path) limit 1`,
  )
  const own = taken.get(transaction) ?? new Set()
  const twice = known ?? files.find((file) => own.has(file))
  if (twice !== undefined) {
    throw problem('lake/file-registered', { file: String(twice), table: `${schema}.${table}` })
  }
  await transaction.run(
    `call ducklake_add_data_files(${quoteLiteral(lakeName)}, ${quoteLiteral(table)}, ${list},
       schema => ${quoteLiteral(schema)}, allow_missing => ${request.allowMissing === true})`,
  )
  taken.set(transaction, new Set([...own, ...files]))
}
