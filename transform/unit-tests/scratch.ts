/** A DuckDB in memory, opened when it is first needed: unit tests run there and the lake never sees them. */
import type { Row } from '../../core/clients/duckdb.ts'
import { type Duckdb, openDuckdb } from '../../core/clients/duckdb.ts'

export class Scratch implements Disposable {
  #opened: Promise<Duckdb> | undefined
  #connection: ReturnType<Duckdb['connect']> | undefined

  async query(sql: string): Promise<Row[]> {
    this.#connection ??= this.#open().then((duckdb) => duckdb.connect())
    const reader = await (await this.#connection).runAndReadAll(sql)
    return reader.getRowObjects()
  }

  /** Stops the query that is running, which then fails. */
  interrupt(): void {
    this.#connection?.then((connection) => connection.interrupt()).catch(() => {})
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
