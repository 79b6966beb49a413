/** The lake tables the registrar keeps: `ops.*` for its own state, `raw.<topic>` for what was landed. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../core/clients/duckdb.ts'
import { lakeName } from '../../core/clients/lake/attach.ts'
import {
  deadLetterColumns,
  lineageColumns,
  type TopicSchema,
} from '../../core/contracts/user-activity.ts'
import { quoteIdent, quoteRelation } from '../../core/sql.ts'
import type { Column } from './columns.ts'

export const offsetsTable = quoteRelation(lakeName, 'ops', 'registered_offsets')
export const fenceTable = quoteRelation(lakeName, 'ops', 'registrar_fence')
export const deadLettersTable = quoteRelation(lakeName, 'ops', 'dead_letters')
export const gapsTable = quoteRelation(lakeName, 'ops', 'gaps')

/** `lake.raw.<topic>` */
export function rawTable(topic: string): string {
  return quoteRelation(lakeName, 'raw', topic)
}

/** Name a chain of the ledger. */
const chainColumns = [
  { name: 'cluster', type: 'VARCHAR' },
  { name: 'topic', type: 'VARCHAR' },
  { name: 'epoch', type: 'VARCHAR' },
  { name: 'partition', type: 'INTEGER' },
]
const offsetColumns = [
  ...chainColumns,
  { name: 'next_offset', type: 'BIGINT' },
  { name: 'registered_at', type: 'TIMESTAMPTZ' },
]
const gapColumns = [
  ...chainColumns,
  { name: 'start_offset', type: 'BIGINT' },
  { name: 'end_offset', type: 'BIGINT' },
  { name: 'recorded_at', type: 'TIMESTAMPTZ' },
]
const fenceColumns = [
  { name: 'generation', type: 'BIGINT' },
  { name: 'advanced_at', type: 'TIMESTAMPTZ' },
]

/** Whether the registrar has ever been here. */
export async function hasOpsTables(connection: DuckDBConnection): Promise<boolean> {
  return (await tableColumns(connection, 'ops', 'registrar_fence')).length > 0
}

/** Makes the `ops` tables with the one row of the fence; two registrars at once conflict on the names. */
export async function createOpsTables(transaction: DuckDBConnection): Promise<void> {
  for (const schema of ['ops', 'raw']) {
    await transaction.run(`create schema if not exists ${quoteRelation(lakeName, schema)}`)
  }
  await transaction.run(createTable(offsetsTable, offsetColumns))
  await transaction.run(createTable(deadLettersTable, deadLetterColumns))
  await transaction.run(createTable(gapsTable, gapColumns))
  await transaction.run(createTable(fenceTable, fenceColumns))
  await transaction.run(`insert into ${fenceTable} values (0, now())`)
}

/**
 * Makes `raw.<topic>`: the columns of the schema and where each message stood, partitioned by day of event
 * time. Without a schema it has the columns of the first file.
 */
export async function createRawTable(
  transaction: DuckDBConnection,
  topic: string,
  schema: TopicSchema | undefined,
  fileColumns: readonly Column[],
): Promise<void> {
  const table = rawTable(topic)
  const columns = schema === undefined ? fileColumns : [...schema.columns, ...lineageColumns]
  await transaction.run(createTable(table, columns))
  if (schema === undefined) return
  const time = quoteIdent(schema.eventTime)
  await transaction.run(
    `alter table ${table} set partitioned by (year(${time}), month(${time}), day(${time}))`,
  )
}

export async function addColumn(
  transaction: DuckDBConnection,
  table: string,
  { name, type }: Column,
): Promise<void> {
  await transaction.run(`alter table ${table} add column ${quoteIdent(name)} ${type}`)
}

/** Columns of a lake table in order; none when there is no such table. */
export async function tableColumns(
  connection: DuckDBConnection,
  schema: string,
  table: string,
): Promise<readonly Column[]> {
  const rows = await queryRows(
    connection,
    `select column_name, data_type from duckdb_columns()
     where database_name = $database and schema_name = $schema and table_name = $table
     order by column_index`,
    { database: lakeName, schema, table },
  )
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['data_type']) }))
}

function createTable(table: string, columns: readonly Column[]): string {
  const list = columns.map(({ name, type }) => `${quoteIdent(name)} ${type}`)
  return `create table ${table} (${list.join(', ')})`
}
