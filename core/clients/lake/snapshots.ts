/** Snapshots and tables of the lake, read from its catalog. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { problem } from '../../problems.ts'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../sql.ts'
import { queryRows, queryValue } from '../duckdb.ts'
import { type LakeCatalog, lakeName } from './attach.ts'

/** A table as it is known to the catalog. `uuid` changes when the table is replaced. */
export type LakeTable = {
  readonly schema: string
  readonly name: string
  readonly uuid: string
  /** The snapshot that created it. */
  readonly createdIn: number
}

/** The newest snapshot that this connection sees. */
export async function currentSnapshot(connection: DuckDBConnection): Promise<number> {
  return Number(await queryValue(connection, `select id from ${lakeName}.current_snapshot()`))
}

/** When a snapshot was committed, as an ISO instant with microseconds. */
export async function snapshotTime(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  snapshot: number,
): Promise<string> {
  const text = await queryValue(
    connection,
    `select strftime(snapshot_time::timestamptz at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')
     from ${metadataSchema(catalog)}.ducklake_snapshot where snapshot_id = ${snapshot}`,
  )
  if (text === undefined) throw problem('lake/unknown-snapshot', { at: String(snapshot) })
  return String(text)
}

/**
 * Whether the newest snapshot that this transaction sees was committed after the transaction began, so that `now()` in
 * it is earlier than what it reads. Asked first, it also settles which snapshot that is.
 */
export async function readsItsFuture(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
): Promise<boolean> {
  const snapshot = await currentSnapshot(connection)
  const found = await queryValue(
    connection,
    `select 1 from ${metadataSchema(catalog)}.ducklake_snapshot
     where snapshot_id = ${snapshot} and snapshot_time::timestamptz > now()`,
  )
  return found !== undefined
}

/** Whether every snapshot after this one merged or rewrote files and did nothing else. */
export async function onlyCompactedSince(
  connection: DuckDBConnection,
  snapshot: number,
): Promise<boolean> {
  const others = await queryValue(
    connection,
    `select count(*) from ${lakeName}.snapshots() where snapshot_id > ${snapshot}
       and len(list_filter(map_keys(changes), kind -> kind not in ('merge_adjacent', 'rewrite_delete'))) > 0`,
  )
  return Number(others) === 0
}

/** Whether a snapshot is there: it has been made, and not been forgotten by upkeep. */
export async function hasSnapshot(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  snapshot: number,
): Promise<boolean> {
  const found = await queryValue(
    connection,
    `select 1 from ${metadataSchema(catalog)}.ducklake_snapshot where snapshot_id = ${snapshot}`,
  )
  return found !== undefined
}

/** The tables of the lake at a snapshot, or now. */
export async function listTables(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  snapshot?: number,
): Promise<LakeTable[]> {
  const metadata = metadataSchema(catalog)
  const alive = (alias: string) =>
    snapshot === undefined
      ? `${alias}.end_snapshot is null`
      : `${alias}.begin_snapshot <= ${snapshot} and (${alias}.end_snapshot is null or ${alias}.end_snapshot > ${snapshot})`
  const rows = await queryRows(
    connection,
    `select s.schema_name, t.table_name, t.table_uuid::varchar as uuid, t.begin_snapshot
     from ${metadata}.ducklake_table t
     join ${metadata}.ducklake_schema s on s.schema_id = t.schema_id
     where ${alive('t')} and ${alive('s')}
     order by all`,
  )
  return rows.map((row) => ({
    schema: String(row['schema_name']),
    name: String(row['table_name']),
    uuid: String(row['uuid']),
    createdIn: Number(row['begin_snapshot']),
  }))
}

/** A table or view of the lake. */
export type LakeRelation = {
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'view'
}

/**
 * The tables and views at a snapshot, or what stands at one name. Asked of the catalog, because DuckDB's own list (information_schema) loads
 * each of them, which takes milliseconds a piece.
 */
export async function listRelations(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  snapshot: number,
  only?: Pick<LakeRelation, 'schema' | 'name'>,
): Promise<LakeRelation[]> {
  const metadata = metadataSchema(catalog)
  const alive = aliveAt(snapshot)
  const named =
    only === undefined
      ? ''
      : `and lower(s.schema_name) = lower(${quoteLiteral(only.schema)}) and lower(r.name) = lower(${quoteLiteral(only.name)})`
  const rows = await queryRows(
    connection,
    `select s.schema_name, r.name, r.kind from (
       select schema_id, table_name as name, 'table' as kind
       from ${metadata}.ducklake_table t where ${alive('t')}
       union all
       select schema_id, view_name, 'view' from ${metadata}.ducklake_view v where ${alive('v')}
     ) r join ${metadata}.ducklake_schema s using (schema_id) where ${alive('s')} ${named}`,
  )
  return rows.map((row) => ({
    schema: String(row['schema_name']),
    name: String(row['name']),
    kind: row['kind'] === 'view' ? 'view' : 'table',
  }))
}

/** The schemas at a snapshot. */
export async function listSchemas(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  snapshot: number,
): Promise<string[]> {
  const rows = await queryRows(
    connection,
    `select schema_name from ${metadataSchema(catalog)}.ducklake_schema s where ${aliveAt(snapshot)('s')}`,
  )
  return rows.map((row) => String(row['schema_name']))
}

/** Columns of each table of a schema at a snapshot. */
export async function listColumns(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  schema: string,
  snapshot: number,
): Promise<Map<string, Set<string>>> {
  const metadata = metadataSchema(catalog)
  const alive = aliveAt(snapshot)
  const rows = await queryRows(
    connection,
    `select t.table_name, c.column_name
     from ${metadata}.ducklake_table t
     join ${metadata}.ducklake_schema s using (schema_id)
     join ${metadata}.ducklake_column c using (table_id)
     where s.schema_name = ${quoteLiteral(schema)} and c.parent_column is null
       and ${alive('t')} and ${alive('s')} and ${alive('c')}`,
  )
  const columns = new Map<string, Set<string>>()
  for (const row of rows) {
    const table = String(row['table_name'])
    columns.set(table, (columns.get(table) ?? new Set()).add(String(row['column_name'])))
  }
  return columns
}

function aliveAt(snapshot: number): (alias: string) => string {
  return (alias) =>
    `${alias}.begin_snapshot <= ${snapshot} and (${alias}.end_snapshot is null or ${alias}.end_snapshot > ${snapshot})`
}

/** One past the largest rowid of a table at a snapshot; 0 when it is empty. Rowids follow commit order. */
export async function rowWatermark(
  connection: DuckDBConnection,
  schema: string,
  table: string,
  snapshot: number,
): Promise<bigint> {
  const relation = quoteRelation(lakeName, schema, table)
  const highest = await queryValue(
    connection,
    `select max(rowid) from ${relation} at (version => ${snapshot})`,
  )
  return typeof highest === 'bigint' ? highest + 1n : 0n
}

/** Data files of a table at a snapshot, or now: path and bytes. */
export async function listFiles(
  connection: DuckDBConnection,
  schema: string,
  table: string,
  snapshot?: number,
): Promise<{ readonly path: string; readonly bytes: bigint }[]> {
  const version = snapshot === undefined ? '' : `, snapshot_version => ${snapshot}`
  const rows = await queryRows(
    connection,
    `select data_file, data_file_size_bytes from ducklake_list_files(
       ${quoteLiteral(lakeName)}, ${quoteLiteral(table)}, schema => ${quoteLiteral(schema)}${version})`,
  )
  return rows.map((row) => ({
    path: String(row['data_file']),
    bytes: BigInt(String(row['data_file_size_bytes'] ?? 0)),
  }))
}

/** Bytes of each table's data files, by the table's uuid. */
export async function tableSizes(connection: DuckDBConnection): Promise<Map<string, number>> {
  const rows = await queryRows(
    connection,
    `select table_uuid, file_size_bytes from ducklake_table_info(${quoteLiteral(lakeName)})`,
  )
  return new Map(
    rows.map((row) => [String(row['table_uuid']), Number(row['file_size_bytes'] ?? 0)]),
  )
}

/** How many snapshots there are, and data files that the newest one reads. */
export async function countSnapshotsAndFiles(
  connection: DuckDBConnection,
): Promise<{ readonly snapshots: number; readonly files: number }> {
  const snapshots = await queryValue(connection, `select count(*) from ${lakeName}.snapshots()`)
  const files = await queryValue(
    connection,
    `select coalesce(sum(file_count), 0) from ducklake_table_info(${quoteLiteral(lakeName)})`,
  )
  return { snapshots: Number(snapshots), files: Number(files) }
}

/** The catalog's own tables, as DuckLake attaches them. */
export function metadataSchema(catalog: LakeCatalog): string {
  const database = quoteIdent(`__ducklake_metadata_${lakeName}`)
  return catalog.kind === 'postgres'
    ? `${database}.${quoteIdent(catalog.schema)}`
    : `${database}.main`
}
