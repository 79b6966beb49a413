/** A session over one DuckDB connection. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows, type Row } from '../../core/clients/duckdb.ts'
import type { DuckdbThreads } from '../../core/clients/duckdb-threads.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { Relation } from '../compile/graph.ts'
import type { Standing } from '../run/adapter.ts'
import type { TemplateDatabase } from '../stdlib/database.ts'
import { templateDatabase } from './template-database.ts'

export type SpokenFor = {
  readonly node?: string
  readonly database?: TemplateDatabase
}

export class ConnectionSession {
  protected readonly connection: DuckDBConnection
  readonly #threads: DuckdbThreads
  readonly node: string | undefined
  /** Answers templates from inside the transaction. */
  readonly database: TemplateDatabase

  constructor(
    connection: DuckDBConnection,
    threads: DuckdbThreads,
    { node, database }: SpokenFor = {},
  ) {
    this.connection = connection
    this.#threads = threads
    this.node = node
    this.database =
      database ?? templateDatabase((work, sql) => threads.during(sql, () => work(connection)))
  }

  async execute(sql: string): Promise<number> {
    const result = await this.#threads.during(sql, () => this.connection.run(sql))
    if (result.rowsChanged > 0) return result.rowsChanged
    // CREATE TABLE AS gives its rows as a result instead.
    if (result.columnCount !== 1 || result.columnName(0) !== 'Count') return 0
    // Not fetched, which would go through another thread twice.
    return result.rowCount === 0 ? 0 : Number(result.getChunk(0).getRows()[0]?.[0] ?? 0)
  }

  query(sql: string): Promise<Row[]> {
    return this.#threads.during(sql, () => queryRows(this.connection, sql))
  }

  async standing(catalogs: readonly string[]): Promise<Standing> {
    const list = catalogs.map(quoteLiteral).join(', ')
    const relations = await this.query(
      `select table_catalog, table_schema, table_name, table_type from information_schema.tables
       where table_catalog in (${list})`,
    )
    const schemas = await this.query(
      `select catalog_name, schema_name from information_schema.schemata where catalog_name in (${list})`,
    )
    return {
      relations: relations.map((row) => ({
        catalog: String(row['table_catalog']),
        schema: String(row['table_schema']),
        name: String(row['table_name']),
        kind: row['table_type'] === 'VIEW' ? 'view' : 'table',
      })),
      schemas: schemas.map((row) => ({
        catalog: String(row['catalog_name']),
        schema: String(row['schema_name']),
      })),
    }
  }

  async kindOf({ catalog, schema, name }: Relation): Promise<'table' | 'view' | undefined> {
    const [row] = await this.query(
      `select table_type from information_schema.tables
       where lower(table_catalog) = lower(${quoteLiteral(catalog)})
         and lower(table_schema) = lower(${quoteLiteral(schema)}) and lower(table_name) = lower(${quoteLiteral(name)})`,
    )
    if (row === undefined) return undefined
    return row['table_type'] === 'VIEW' ? 'view' : 'table'
  }

  kindBefore(relation: Relation): Promise<'table' | 'view' | undefined> {
    return this.kindOf(relation)
  }

  async columnsIn(
    catalog: string,
    schema: string,
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const rows = await this.query(
      `select table_name, column_name from information_schema.columns
       where table_catalog = ${quoteLiteral(catalog)} and table_schema = ${quoteLiteral(schema)}`,
    )
    const columns = new Map<string, Set<string>>()
    for (const row of rows) {
      const table = String(row['table_name'])
      columns.set(table, (columns.get(table) ?? new Set()).add(String(row['column_name'])))
    }
    return columns
  }

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

  progress(): number | undefined {
    const { percentage } = this.connection.progress
    return percentage < 0 ? undefined : percentage
  }

  begin(): Promise<void> {
    return this.run('begin')
  }

  async rollback(): Promise<void> {
    // After an error of a commit there is no transaction to roll back.
    await this.connection.run('rollback').catch(() => {})
  }

  close(): void {
    this.connection.closeSync()
  }

  protected async run(sql: string): Promise<void> {
    await this.connection.run(sql)
  }
}
