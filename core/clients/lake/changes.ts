/**
 * What became of a table between two snapshots, read from the files in the catalog. Merging small files counts as
 * nothing; a rewrite by compaction counts as a rewrite, because the catalog cannot tell it from an update.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteLiteral } from '../../sql.ts'
import { queryRows } from '../duckdb.ts'
import type { LakeCatalog } from './attach.ts'
import { hasSnapshot, listTables, metadataSchema } from './snapshots.ts'

export type TableState = { readonly uuid: string; readonly snapshot: number }

/**
 * `same`: not a row differs. `appended`: rows were added and none removed or changed. `rewritten`: rows may have
 * been removed or changed, or the older snapshot has expired. `replaced`: it is another table now.
 */
export type TableChange = 'same' | 'appended' | 'rewritten' | 'replaced'

/** Compares a table (by uuid) at an older snapshot with the table at a newer one. */
export async function tableChange(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  before: TableState,
  after: TableState,
): Promise<TableChange> {
  if (before.uuid !== after.uuid) return 'replaced'
  if (before.snapshot === after.snapshot) return 'same'
  if (!(await hasSnapshot(connection, catalog, before.snapshot))) return 'rewritten'
  const metadata = metadataSchema(catalog)
  const within = (column: string) =>
    `(${column} > ${before.snapshot} and ${column} <= ${after.snapshot})`
  // A merged file began with its oldest rows; partial_max is the snapshot of its newest.
  const [counts] = await queryRows(
    connection,
    `with chosen as (
       select table_id from ${metadata}.ducklake_table
       where table_uuid::varchar = ${quoteLiteral(after.uuid)}
     )
     select
       (select count(*) from ${metadata}.ducklake_data_file
        where table_id in (from chosen)
          and (${within('begin_snapshot')} or ${within('partial_max')})) as added,
       (select count(*) from ${metadata}.ducklake_data_file
        where table_id in (from chosen) and ${within('end_snapshot')})
       + (select count(*) from ${metadata}.ducklake_delete_file
          where table_id in (from chosen)
            and (${within('begin_snapshot')} or ${within('partial_max')} or ${within('end_snapshot')})) as removed`,
  )
  if (Number(counts?.['removed']) > 0) return 'rewritten'
  return Number(counts?.['added']) > 0 ? 'appended' : 'same'
}

/** Tells whether a table with this uuid was in this lake at a snapshot. */
export async function wasTableAt(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  state: TableState,
): Promise<boolean> {
  const tables = await listTables(connection, catalog, state.snapshot)
  return tables.some(({ uuid }) => uuid === state.uuid)
}
