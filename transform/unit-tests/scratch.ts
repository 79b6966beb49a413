/** A DuckDB in memory, opened when it is first needed: unit tests run there and the lake never sees them. */
import { type Duckdb, openDuckdb, type Row } from '../../core/clients/duckdb.ts'

export type Answer = {
  readonly rows: readonly Row[]
  /** Of the columns, in their order. */
  readonly types: readonly string[]
}

/**
 * Those that keep a product of two tables from being made, and rows from being read that nobody wants. To plan a query
 * over the few rows of a test with all of them takes longer than to run it: 3.0 ms of CPU instead of 2.2.
 */
const keptOptimizers = new Set([
  ...['filter_pullup', 'filter_pushdown', 'join_order', 'in_clause', 'deliminator'],
  ...['cte_inlining', 'limit_pushdown', 'top_n', 'unused_columns'],
])

export class Scratch implements Disposable {
  #opened: Promise<Duckdb> | undefined
  #connection: ReturnType<Duckdb['connect']> | undefined

  async query(sql: string): Promise<Row[]> {
    return (await this.#read(sql)).getRowObjects()
  }

  /** The same with the types of the columns. */
  async ask(sql: string): Promise<Answer> {
    const reader = await this.#read(sql)
    return { rows: reader.getRowObjects(), types: reader.columnTypes().map(String) }
  }

  async #read(sql: string) {
    this.#connection ??= this.#connect()
    return await (await this.#connection).runAndReadAll(sql)
  }

  /** Stops the query that is running, which then fails. */
  interrupt(): void {
    this.#connection?.then((connection) => connection.interrupt()).catch(() => {})
  }

  async #connect() {
    const connection = await (await this.#open()).connect()
    const found = await connection.runAndReadAll('select name from duckdb_optimizers()')
    const others = found
      .getRows()
      .flatMap(([name]) => (keptOptimizers.has(String(name)) ? [] : name))
    await connection.run(`set disabled_optimizers = '${others.join(',')}'`)
    return connection
  }

  #open(): Promise<Duckdb> {
    // One thread: rows of tests are few, and starting threads takes longer than reading them.
    this.#opened ??= openDuckdb({ extensionDirectory: '', threads: 1 })
    return this.#opened
  }

  [Symbol.dispose](): void {
    this.#opened?.then((duckdb) => duckdb.close()).catch(() => {})
  }
}
