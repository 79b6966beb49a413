/**
 * Upkeep of the lake, one step a call. `CHECKPOINT` is never used: when one of its steps fails, DuckDB declares
 * the whole instance invalid; each step runs in a process of its own.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteLiteral } from '../../sql.ts'
import { queryRows, type Row } from '../duckdb.ts'
import { type LakeCatalog, lakeName } from './attach.ts'
import { countBuilds } from './running-builds.ts'
import { metadataSchema } from './snapshots.ts'

/** In the order in which they are of use. */
export const upkeepSteps = ['merge', 'rewrite', 'expire', 'cleanup', 'orphans'] as const

export type UpkeepStep = (typeof upkeepSteps)[number]

export type Upkeep = {
  /** Snapshots older than this are forgotten; ISO 8601. */
  readonly expireBefore: string
  /** Files that nothing refers to go when they are older than this; a running transaction's are younger. */
  readonly deleteBefore: string
  /** A file is written anew when this share of its rows is deleted. */
  readonly rewriteFraction: number
  /** Snapshots that somebody still needs, however old. */
  readonly keepSnapshots: readonly number[]
  /** `schema.name` of tables that are read by increments: writing their rows anew would make all of them new. */
  readonly keepRows: readonly string[]
  /** Only says what it would do. */
  readonly dryRun: boolean
}

/** What a step did to one thing, or would do. */
export type UpkeepReport = {
  readonly step: UpkeepStep
  /** `schema.name`, a snapshot's id, or a file. */
  readonly what: string
  readonly outcome: string
}

const lake = quoteLiteral(lakeName)
const postponed = 'left for the next time: a build is running'

export async function runUpkeepStep(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  step: UpkeepStep,
  upkeep: Upkeep,
): Promise<UpkeepReport[]> {
  switch (step) {
    case 'merge':
      return await eachTable(connection, catalog, step, upkeep, mergeable, mergeTable)
    case 'rewrite':
      return await eachTable(connection, catalog, step, upkeep, rewritable, rewriteTable)
    case 'expire':
    case 'cleanup':
    case 'orphans':
      // Of a build under way they would delete the files that it has written and those that it still reads, and the
      // snapshots by which its commit sees what others have done meanwhile.
      if (!upkeep.dryRun && (await countBuilds(connection, catalog)) > 0) {
        return [{ step, what: step === 'expire' ? 'snapshots' : 'files', outcome: postponed }]
      }
      return step === 'expire'
        ? await expire(connection, catalog, upkeep)
        : await deleteFiles(connection, step, upkeep)
    default:
      return step satisfies never
  }
}

type Table = {
  readonly schema: string
  readonly name: string
  readonly files: number
  readonly rows: number
  readonly deleted: number
}

async function eachTable(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  step: UpkeepStep,
  upkeep: Upkeep,
  isWanted: (table: Table, upkeep: Upkeep) => boolean,
  work: (connection: DuckDBConnection, table: Table, upkeep: Upkeep) => Promise<Row[]>,
): Promise<UpkeepReport[]> {
  const reports: UpkeepReport[] = []
  for (const table of await listTables(connection, catalog)) {
    if (!isWanted(table, upkeep)) continue
    const what = `${table.schema}.${table.name}`
    if (upkeep.dryRun) {
      reports.push({ step, what, outcome: `${table.files} files, ${table.deleted} deleted rows` })
      continue
    }
    // A build that deletes from a table whose files change under it has to begin again.
    if ((await countBuilds(connection, catalog)) > 0) {
      reports.push({ step, what, outcome: postponed })
      continue
    }
    const [done] = await work(connection, table, upkeep)
    if (done === undefined) continue
    const outcome = `${done['files_processed']} files became ${done['files_created']}`
    reports.push({ step, what, outcome })
  }
  return reports
}

/** The tables, with the files and rows that are counted in the catalog. */
async function listTables(connection: DuckDBConnection, catalog: LakeCatalog): Promise<Table[]> {
  const metadata = metadataSchema(catalog)
  const rows = await queryRows(
    connection,
    `select s.schema_name, t.table_name, count(f.data_file_id) as files,
       coalesce(sum(f.record_count), 0) as row_count,
       coalesce((select sum(d.delete_count) from ${metadata}.ducklake_delete_file d
         where d.table_id = t.table_id and d.end_snapshot is null), 0) as deleted
     from ${metadata}.ducklake_table t
     join ${metadata}.ducklake_schema s on s.schema_id = t.schema_id
     left join ${metadata}.ducklake_data_file f on f.table_id = t.table_id and f.end_snapshot is null
     where t.end_snapshot is null and s.end_snapshot is null
     group by s.schema_name, t.table_name, t.table_id order by all`,
  )
  return rows.map((row) => ({
    schema: String(row['schema_name']),
    name: String(row['table_name']),
    files: Number(row['files']),
    rows: Number(row['row_count']),
    deleted: Number(row['deleted']),
  }))
}

function mergeable({ files }: Table): boolean {
  return files > 1
}

function rewritable(
  { schema, name, rows, deleted }: Table,
  { rewriteFraction, keepRows }: Upkeep,
): boolean {
  if (keepRows.includes(`${schema}.${name}`)) return false
  return deleted > 0 && deleted >= rows * rewriteFraction
}

function mergeTable(connection: DuckDBConnection, { schema, name }: Table): Promise<Row[]> {
  const table = `${quoteLiteral(name)}, schema => ${quoteLiteral(schema)}`
  return queryRows(connection, `call ducklake_merge_adjacent_files(${lake}, ${table})`)
}

function rewriteTable(
  connection: DuckDBConnection,
  { schema, name }: Table,
  { rewriteFraction }: Upkeep,
): Promise<Row[]> {
  const table = `${quoteLiteral(name)}, schema => ${quoteLiteral(schema)}`
  const threshold = `delete_threshold => ${rewriteFraction}`
  return queryRows(connection, `call ducklake_rewrite_data_files(${lake}, ${table}, ${threshold})`)
}

async function expire(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  { expireBefore, keepSnapshots, dryRun }: Upkeep,
): Promise<UpkeepReport[]> {
  const metadata = metadataSchema(catalog)
  const kept = keepSnapshots.length === 0 ? '' : `and snapshot_id not in (${keepSnapshots})`
  const rows = await queryRows(
    connection,
    `select snapshot_id, snapshot_time::varchar as made_at from ${metadata}.ducklake_snapshot
     where snapshot_time::timestamptz < timestamptz ${quoteLiteral(expireBefore)} ${kept}
       and snapshot_id < (select max(snapshot_id) from ${metadata}.ducklake_snapshot)
     order by snapshot_id`,
  )
  if (rows.length === 0) return []
  const ids = rows.map((row) => Number(row['snapshot_id']))
  if (!dryRun) {
    await connection.run(`call ducklake_expire_snapshots(${lake}, versions => [${ids}])`)
  }
  return rows.map((row) => ({
    step: 'expire',
    what: `snapshot ${row['snapshot_id']}`,
    outcome: `made at ${row['made_at']}`,
  }))
}

async function deleteFiles(
  connection: DuckDBConnection,
  step: 'cleanup' | 'orphans',
  { deleteBefore, dryRun }: Upkeep,
): Promise<UpkeepReport[]> {
  const call = step === 'cleanup' ? 'ducklake_cleanup_old_files' : 'ducklake_delete_orphaned_files'
  const olderThan = `older_than => timestamptz ${quoteLiteral(deleteBefore)}`
  const rows = await queryRows(
    connection,
    `call ${call}(${lake}, ${olderThan}, dry_run => ${dryRun})`,
  )
  const outcome = dryRun ? 'to be deleted' : 'deleted'
  return rows.map((row) => ({ step, what: String(row['path']), outcome }))
}
