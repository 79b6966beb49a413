/** A transaction's session over one DuckDB connection. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows, type Row } from '../../core/clients/duckdb.ts'
import type { TemplateDatabase } from '../stdlib/database.ts'
import { templateDatabase } from './template-database.ts'

export class ConnectionSession {
  protected readonly connection: DuckDBConnection
  /** Answers templates from inside the transaction. */
  readonly database: TemplateDatabase

  constructor(connection: DuckDBConnection) {
    this.connection = connection
    this.database = templateDatabase((work) => work(connection))
  }

  async execute(sql: string): Promise<number> {
    const reader = await this.connection.runAndReadAll(sql)
    if (reader.rowsChanged > 0) return reader.rowsChanged
    // CREATE TABLE AS gives its rows as a result instead.
    const [only] = reader.columnNames()
    return only === 'Count' ? Number(reader.getRows()[0]?.[0] ?? 0) : 0
  }

  query(sql: string): Promise<Row[]> {
    return queryRows(this.connection, sql)
  }

  /** The transaction is the run's. */
  async settle(_keep: boolean): Promise<void> {}

  async isLost(): Promise<boolean> {
    try {
      await this.connection.run('select 1')
      return false
    } catch {
      return true
    }
  }

  interrupt(): void {
    this.connection.interrupt()
  }
}
