/** What templates ask while they are rendered, answered by a connection that is opened when one asks. */
import type { DuckDBConnection, DuckDBResultReader, DuckDBValue } from '@duckdb/node-api'
import type { QueryResult, TemplateDatabase } from '../stdlib/database.ts'

/** @param withConnection runs work, which is a query, on a connection that sees what templates may see */
export function templateDatabase(
  withConnection: <T>(
    work: (connection: DuckDBConnection) => Promise<T>,
    sql: string,
  ) => Promise<T>,
): TemplateDatabase {
  return {
    query: (sql) =>
      withConnection(async (connection): Promise<QueryResult> => {
        const reader = await connection.runAndReadAll(sql)
        const types = reader.columnTypes()
        const api = await import('@duckdb/node-api')
        return {
          columns: reader
            .columnNames()
            .map((name, at) => ({ name, type: String(types[at] ?? 'VARCHAR') })),
          rows: reader.getRows().map((row) => {
            return row.map((value, at) =>
              plainValue(api, value, fractional.test(String(types[at]))),
            )
          }),
          rowsChanged: rowsWritten(reader),
        }
      }, sql),
  }
}

/** As `execute` of a session counts them: CREATE TABLE AS gives its rows as a result. */
function rowsWritten(reader: DuckDBResultReader): number {
  if (reader.rowsChanged > 0) return reader.rowsChanged
  const isCount = reader.columnCount === 1 && reader.columnName(0) === 'Count'
  return isCount ? Number(reader.getRows()[0]?.[0] ?? 0) : 0
}

const fractional = /^(FLOAT|DOUBLE)/

/** The binding's classes come as an argument: loading them takes long, and few templates query. */
type Api = typeof import('@duckdb/node-api')

function plainValue(api: Api, value: DuckDBValue, isFraction: boolean): unknown {
  // The binding gives whole numbers of less than 64 bits as number, as it gives fractions.
  if (typeof value === 'number') return isFraction ? value : BigInt(value)
  if (value instanceof api.DuckDBTimestampValue || value instanceof api.DuckDBTimestampTZValue) {
    return new Date(Number(value.micros / 1000n))
  }
  if (value instanceof api.DuckDBDateValue) return value.toString()
  if (value instanceof api.DuckDBDecimalValue) return value.toString()
  if (value instanceof api.DuckDBListValue) {
    // As in dbt, which writes lists as JSON: there a decimal is a number like any other.
    return value.items.map((item) =>
      item instanceof api.DuckDBDecimalValue ? item.toDouble() : plainValue(api, item, isFraction),
    )
  }
  return value
}
