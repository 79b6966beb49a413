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

/**
 * Registers files inside the caller's transaction.
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
  if (known !== undefined) {
    throw problem('lake/file-registered', { file: String(known), table: `${schema}.${table}` })
  }
  await transaction.run(
    `call ducklake_add_data_files(${quoteLiteral(lakeName)}, ${quoteLiteral(table)}, ${list},
       schema => ${quoteLiteral(schema)}, allow_missing => ${request.allowMissing === true})`,
  )
}
