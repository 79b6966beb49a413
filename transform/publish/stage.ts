/**
 * Staging: the rows that are to be published, copied into `<table>__new` beside the target while readers go on
 * reading the target. A stage that a killed publish left behind is dropped by the next one.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { PoolClient } from 'pg'
import { queryRows } from '../../core/clients/duckdb.ts'
import { lakeName } from '../../core/clients/lake/attach.ts'
import { quoteIdent, quoteRelation } from '../../core/sql.ts'
import { type StagedColumn, toStagedColumn } from './column-types.ts'
import type { Carried } from './decide.ts'
import type { PublishRequest } from './request.ts'

/** Name of the stage of a table. */
export function stageOf(table: string): string {
  return `${table}__new`
}

/** The lake's relation at a snapshot, as DuckDB reads it. */
export function pinned(request: PublishRequest, snapshot: number): string {
  const { schema, table } = request.source
  return `${quoteRelation(lakeName, schema, table)} at (version => ${snapshot})`
}

/** The columns of the source. @throws `publish/unsupported-type` */
export async function readSourceColumns(
  duckdb: DuckDBConnection,
  request: PublishRequest,
  snapshot: number,
): Promise<StagedColumn[]> {
  const rows = await queryRows(duckdb, `describe select * from ${pinned(request, snapshot)}`)
  return rows.map((row) =>
    toStagedColumn(request.model, String(row['column_name']), String(row['column_type'])),
  )
}

/**
 * Makes the empty stage.
 * @param keep it will become the table; else it is scratch and not worth a place in the log
 */
export async function createStage(
  client: PoolClient,
  schema: string,
  table: string,
  columns: readonly StagedColumn[],
  keep: boolean,
): Promise<void> {
  const stage = quoteRelation(schema, stageOf(table))
  const list = columns.map(({ name, type }) => `${quoteIdent(name)} ${type}`).join(', ')
  await client.query(`drop table if exists ${stage}`)
  await client.query(`create ${keep ? '' : 'unlogged '}table ${stage} (${list})`)
}

/** Copies rows into the stage, in rowid order where they are not compared. @returns how many */
export async function fillStage(
  duckdb: DuckDBConnection,
  attached: string,
  target: { readonly schema: string; readonly table: string },
  source: {
    readonly request: PublishRequest
    readonly snapshot: number
    readonly columns: readonly StagedColumn[]
    readonly carried: Carried
  },
): Promise<bigint> {
  const { request, snapshot, columns, carried } = source
  const stage = quoteRelation(attached, target.schema, stageOf(target.table))
  const names = columns.map(({ name }) => quoteIdent(name)).join(', ')
  const values = columns.map(({ expression }) => expression).join(', ')
  const result = await duckdb.run(
    `insert into ${stage} (${names}) select ${values} from ${rowsOf(request, snapshot, names, carried)}`,
  )
  return BigInt(result.rowsChanged)
}

function rowsOf(
  request: PublishRequest,
  snapshot: number,
  columns: string,
  { from, since, unlike }: Carried,
): string {
  const rows = pinned(request, snapshot)
  if (unlike !== undefined) {
    return `(select ${columns} from ${rows} except select ${columns} from ${pinned(request, unlike)})`
  }
  const conditions = [
    ...(from > 0n ? [`rowid >= ${from}`] : []),
    ...(since === undefined ? [] : [`snapshot_id > ${since}`]),
  ]
  return conditions.length === 0 ? rows : `${rows} where ${conditions.join(' and ')}`
}
