/** When the rows of the lake's tables changed last, read from its catalog. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteLiteral } from '../../sql.ts'
import { queryValue } from '../duckdb.ts'
import { type LakeCatalog, lakeName } from './attach.ts'
import { metadataSchema } from './snapshots.ts'

/**
 * The time of the newest snapshot that inserted rows into a table or deleted some. A change that upkeep has forgotten
 * is as old as the table, or as the oldest snapshot that is kept, whichever is younger.
 * @returns microseconds since 1970; undefined when there is no such table
 */
export async function lastChange(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  schema: string,
  table: string,
): Promise<bigint | undefined> {
  const metadata = metadataSchema(catalog)
  const changed = await queryValue(
    connection,
    `with found as (
       select t.table_id::varchar as id, t.begin_snapshot
       from ${metadata}.ducklake_table t
       join ${metadata}.ducklake_schema s on s.schema_id = t.schema_id
       where t.end_snapshot is null and s.end_snapshot is null
         and lower(s.schema_name) = lower(${quoteLiteral(schema)})
         and lower(t.table_name) = lower(${quoteLiteral(table)})
     ),
     kept as (select snapshot_id, snapshot_time, changes from ${lakeName}.snapshots()),
     changes as (
       select kept.snapshot_time, unnest(map_entries(kept.changes)) as change from kept
     )
     select epoch_us(coalesce(
       (select max(snapshot_time) from changes
        where regexp_matches(change.key, 'insert|delete') and list_contains(change.value, found.id)),
       (select min(snapshot_time) from kept where snapshot_id >= found.begin_snapshot)
     )) from found`,
  )
  return typeof changed === 'bigint' ? changed : undefined
}
