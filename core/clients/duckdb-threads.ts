/**
 * DuckDB's own threads, beside those of the connections. Each task of a query wakes one of them up, which for small
 * queries costs more CPU than it does work. So they can rest until a statement takes long while a core is free; what
 * runs then already is shared with them too.
 */
import type { DuckDBConnection } from '@duckdb/node-api'

/** How long a statement runs alone, in milliseconds. */
const patience = 20

type Statement = { readonly since: number }

export class DuckdbThreads {
  readonly #connect: () => Promise<DuckDBConnection>
  readonly #running = new Set<Statement>()
  #timer: NodeJS.Timeout | undefined

  constructor(connect: () => Promise<DuckDBConnection>) {
    this.#connect = connect
  }

  /** Lets them rest until a statement of `during` needs them, or until the end of what is returned. */
  async rest(): Promise<AsyncDisposable> {
    await this.#onConnection(async (connection) => {
      const threads = await numberOf(connection, 'threads')
      // Else there are none, or somebody has said how many there shall be.
      if (threads < 2 || (await numberOf(connection, 'external_threads')) !== 1) return
      await connection.run(`set external_threads = ${threads}`)
      this.#timer = setInterval(() => this.#look(threads), patience / 2).unref()
    })
    return { [Symbol.asyncDispose]: () => this.#wake() }
  }

  /** Runs a statement, with the threads' help if it takes long. */
  async during<T>(sql: string, run: () => Promise<T>): Promise<T> {
    if (this.#timer === undefined) return await run()
    // Of a setting: DuckDB refuses to have fewer threads than it counts as those of connections.
    if (sql.length < 1_000 && /\bthreads\b/i.test(sql)) await this.#wake()
    const statement = { since: performance.now() }
    this.#running.add(statement)
    try {
      return await run()
    } finally {
      this.#running.delete(statement)
    }
  }

  #look(cores: number): void {
    const [oldest] = this.#running
    if (oldest === undefined || this.#running.size >= cores) return
    if (performance.now() - oldest.since >= patience) void this.#wake()
  }

  async #wake(): Promise<void> {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#onConnection((connection) => connection.run('reset external_threads'))
  }

  /** Does not fail: with a configuration that is locked, all stays as it is. */
  async #onConnection(work: (connection: DuckDBConnection) => Promise<unknown>): Promise<void> {
    let connection: DuckDBConnection | undefined
    try {
      connection = await this.#connect()
      await work(connection)
    } catch {
    } finally {
      connection?.closeSync()
    }
  }
}

async function numberOf(connection: DuckDBConnection, setting: string): Promise<number> {
  const result = await connection.run(`select current_setting('${setting}')`)
  return Number(result.getChunk(0).getRows()[0]?.[0])
}
