/** When the rows of a DuckLake's tables changed last, read from its catalog. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteIdent, quoteLiteral } from '../../sql.ts'
import { queryValue } from '../duckdb.ts'

/** A DuckLake that is attached: its name, and the schema of its catalog's tables, quoted. */
type AttachedLake = { readonly database: string; readonly metadata: string }

/**
 * Finds a DuckLake among what is attached; undefined when it is another kind of database.
 * @param metadata the schema of its catalog's tables; by default the one that DuckLake takes when none is named
 */
export async function attachedLake(
  connection: DuckDBConnection,
  database: string,
  metadata = quoteIdent(`__ducklake_metadata_${database}`),
): Promise<AttachedLake | undefined> {
  const found = await queryValue(
    connection,
    `select 1 from duckdb_databases()
     where database_name = ${quoteLiteral(database)} and type = 'ducklake'`,
  )
  return found === undefined ? undefined : { database, metadata }
}

/**
 * The time of the newest snapshot that inserted rows into a table or deleted some. A change that upkeep has forgotten
 * is as old as the table, or as the oldest snapshot that is kept, whichever is younger.
 * @returns microseconds since 1970; undefined when there is no such table
 */
export async function lastChange(
  connection: DuckDBConnection,
  { database, metadata }: AttachedLake,
  schema: string,
  table: string,
): Promise<bigint | undefined> {
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
     kept as (select snapshot_id, snapshot_time, changes from ${quoteIdent(database)}.snapshots()),
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
