/** What templates ask while they are rendered, answered by a connection that is opened when one asks. */
import {
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api'
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
        return {
          columns: reader
            .columnNames()
            .map((name, at) => ({ name, type: String(types[at] ?? 'VARCHAR') })),
          rows: reader.getRows().map((row) => {
            return row.map((value, at) => plainValue(value, fractional.test(String(types[at]))))
          }),
        }
      }),
  }
}

const fractional = /^(FLOAT|DOUBLE)/

function plainValue(value: DuckDBValue, isFraction: boolean): unknown {
  // The binding gives whole numbers of less than 64 bits as number, as it gives fractions.
  if (typeof value === 'number') return isFraction ? value : BigInt(value)
  if (value instanceof DuckDBDecimalValue) return value.toDouble()
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return new Date(Number(value.micros / 1000n))
  }
  if (value instanceof DuckDBDateValue) return value.toString()
  if (value instanceof DuckDBListValue)
    return value.items.map((item) => plainValue(item, isFraction))
  return value
}
