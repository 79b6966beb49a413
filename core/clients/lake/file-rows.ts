/**
 * How many rows a table has and how far their numbers reach, from the catalog's list of files: it costs the same however
 * many rows there are. Answers the plain case only; whoever gets no answer has to look at the rows.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteLiteral } from '../../sql.ts'
import { queryRows } from '../duckdb.ts'
import type { LakeCatalog } from './attach.ts'
import { metadataSchema } from './snapshots.ts'

export type FileRows = {
  /** Rows that come later have this rowid or a larger one. */
  readonly watermark: bigint
  readonly rows: bigint
  /** Rows of them in files that are younger than `since`. */
  readonly added: bigint
}

export type FileRowsRequest = {
  readonly uuid: string
  /** The state that is asked for. */
  readonly snapshot: number
  /** An earlier state, after which rows were only added. */
  readonly since?: { readonly snapshot: number; readonly watermark: bigint } | undefined
}

/**
 * @returns undefined when the files cannot tell: rows were changed or deleted since, files hold rows of both sides of
 * a snapshot or rows with numbers of their own, or an earlier snapshot is forgotten
 */
export async function fileRows(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  { uuid, snapshot, since }: FileRowsRequest,
): Promise<FileRows | undefined> {
  const metadata = metadataSchema(catalog)
  const from = since?.snapshot ?? 0
  const needed = [...new Set([snapshot, since?.snapshot ?? snapshot])]
  const later = (column: string) => `(${column} > ${from} and ${column} <= ${snapshot})`
  const alive = `begin_snapshot <= ${snapshot} and (end_snapshot is null or end_snapshot > ${snapshot})`
  const isRemoval = `${later('begin_snapshot')} or ${later('end_snapshot')} or ${later('partial_max')}`
  const [row] = await queryRows(
    connection,
    `with chosen as (
       select table_id from ${metadata}.ducklake_table
       where table_uuid::varchar = ${quoteLiteral(uuid)}
     ),
     files as (from ${metadata}.ducklake_data_file where table_id in (from chosen)),
     deletes as (from ${metadata}.ducklake_delete_file where table_id in (from chosen)),
     living as (select *, begin_snapshot > ${from} as is_later from files where ${alive})
     select
       (select count(*) from ${metadata}.ducklake_snapshot
        where snapshot_id in (${needed.join(', ')})) as snapshots,
       (select count(*) from files where ${later('end_snapshot')})
       + (select count(*) from deletes where ${isRemoval}) as removed,
       (select count(*) from living
        where partial_max > ${snapshot} or (not is_later and partial_max > ${from})) as mixed,
       (select count(*) from living where is_later and row_id_start is null) as renumbered,
       (select max(row_id_start + record_count) from living where is_later) as reached,
       (select coalesce(sum(record_count), 0) from living)
       - (select coalesce(sum(delete_count), 0) from deletes where ${alive}) as row_count,
       (select coalesce(sum(record_count), 0) from living where is_later) as added`,
  )
  const counts = ['removed', 'mixed', 'renumbered'].map((name) => Number(row?.[name]))
  const isKnown = Number(row?.['snapshots']) === needed.length
  if (!isKnown || counts.some((count) => count > 0)) return undefined
  const reached = BigInt(String(row?.['reached'] ?? 0))
  const known = since?.watermark ?? 0n
  return {
    watermark: reached > known ? reached : known,
    rows: BigInt(String(row?.['row_count'])),
    added: BigInt(String(row?.['added'])),
  }
}
