/** What templates ask while they are rendered, answered by a connection that is opened when one asks. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import type { QueryResult, TemplateDatabase } from '../stdlib/database.ts'

/** @param withConnection runs work on a connection that sees what templates may see */
export function templateDatabase(
  withConnection: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T>,
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
        }
      }),
  }
}

const fractional = /^(FLOAT|DOUBLE)/

/** The binding's classes come as an argument: loading them takes long, and few templates query. */
type Api = typeof import('@duckdb/node-api')

function plainValue(api: Api, value: DuckDBValue, isFraction: boolean): unknown {
  // The binding gives whole numbers of less than 64 bits as number, as it gives fractions.
  if (typeof value === 'number') return isFraction ? value : BigInt(value)
  if (value instanceof api.DuckDBDecimalValue) return value.toDouble()
  if (value instanceof api.DuckDBTimestampValue || value instanceof api.DuckDBTimestampTZValue) {
    return new Date(Number(value.micros / 1000n))
  }
  if (value instanceof api.DuckDBDateValue) return value.toString()
  if (value instanceof api.DuckDBListValue)
    return value.items.map((item) => plainValue(api, item, isFraction))
  return value
}
