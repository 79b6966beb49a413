/** Writes down what was done with models: rows of `ops.ml_*`. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows, queryValue } from '../../core/clients/duckdb.ts'
import { lakeName } from '../../core/clients/lake/attach.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../core/sql.ts'
import { type RecordRow, type RecordTable, recordTables } from './tables.ts'

const schema = 'ops'

/** The table as SQL names it; it is there once a row was written. */
export function recordRelation(table: RecordTable): string {
  return quoteRelation(lakeName, schema, table)
}

/** Adds rows to a table of `ops`, making the table, or columns of a later release, where they are missing. */
export async function record<Table extends RecordTable>(
  lake: Lake,
  table: Table,
  rows: RecordRow<Table> | readonly RecordRow<Table>[],
): Promise<void> {
  const list = [rows].flat() as readonly RecordRow<Table>[] // flat() loses what a row is
  if (list.length === 0) return
  await lake.transaction(
    async (transaction) => {
      await ensureTable(transaction, table)
      await transaction.run(insertSql(table, list))
    },
    { message: `ml: ${table}` },
  )
}

/** Adds a row unless there is one that has its values in the columns of `key`. */
export async function recordOnce<Table extends RecordTable>(
  lake: Lake,
  table: Table,
  row: RecordRow<Table>,
  key: readonly (keyof RecordRow<Table>)[],
): Promise<void> {
  const same = key.map((column) => `${quoteIdent(String(column))} = ${valueSql(row[column])}`)
  const isThere = `exists (select 1 from ${recordRelation(table)} where ${same.join(' and ')})`
  await lake.transaction(
    async (transaction) => {
      await ensureTable(transaction, table)
      if (await queryValue(transaction, `select ${isThere}`)) return
      await transaction.run(insertSql(table, [row]))
    },
    { message: `ml: ${table}` },
  )
}

/** Whether anything was ever written into the table. */
export async function hasRecords(
  connection: DuckDBConnection,
  table: RecordTable,
): Promise<boolean> {
  return (await columnsOf(connection, table)).size > 0
}

async function ensureTable(transaction: DuckDBConnection, table: RecordTable): Promise<void> {
  const there = await columnsOf(transaction, table)
  const missing = Object.entries(recordTables[table]).filter(([name]) => !there.has(name))
  const list = missing.map(([name, type]) => `${quoteIdent(name)} ${type}`)
  if (there.size === 0) {
    await transaction.run(`create schema if not exists ${quoteRelation(lakeName, schema)}`)
    await transaction.run(`create table ${recordRelation(table)} (${list.join(', ')})`)
    return
  }
  for (const column of list) {
    await transaction.run(`alter table ${recordRelation(table)} add column ${column}`)
  }
}

async function columnsOf(
  connection: DuckDBConnection,
  table: RecordTable,
): Promise<ReadonlySet<string>> {
  const rows = await queryRows(
    connection,
    `select column_name from duckdb_columns()
     where database_name = $database and schema_name = $schema and table_name = $table`,
    { database: lakeName, schema, table },
  )
  return new Set(rows.map((row) => String(row['column_name'])))
}

function insertSql<Table extends RecordTable>(
  table: Table,
  rows: readonly RecordRow<Table>[],
): string {
  // Object.keys widens to string[]; the keys are exactly the table's.
  const columns = Object.keys(recordTables[table]) as (keyof RecordRow<Table>)[]
  const values = rows.map((row) => `(${columns.map((column) => valueSql(row[column])).join(', ')})`)
  const names = columns.map((column) => quoteIdent(String(column))).join(', ')
  return `insert into ${recordRelation(table)} (${names}) values ${values.join(',\n')}`
}

function valueSql(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'number' && !Number.isFinite(value)) return 'null'
  return typeof value === 'string' ? quoteLiteral(value) : String(value)
}
