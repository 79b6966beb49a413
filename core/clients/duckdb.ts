/**
 * DuckDB inside this process: one instance, many connections. Extensions come from a directory that set-up
 * filled; nothing is downloaded at run time. Start Node with UV_THREADPOOL_SIZE=16: each running query holds
 * a libuv thread, and with the default of 4 a fifth query waits for the others.
 */
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api'
import { findCause, messageOf } from '../errors.ts'
import { problem } from '../problems.ts'
import { duckdbVersion, loadAll, planLoading } from './duckdb-extensions.ts'
import { DuckdbThreads } from './duckdb-threads.ts'

export type DuckdbOptions = {
  /** A database file; default: in memory. */
  readonly path?: string
  /** Holds `v<version>/<platform>/<name>.duckdb_extension`. */
  readonly extensionDirectory: string
  /** Loaded at once, where they are there; `loadExtension` says which one is not. */
  readonly extensions?: readonly string[]
  readonly memoryLimit?: string | undefined
  readonly threads?: number | undefined
  readonly tempDirectory?: string | undefined
  readonly maxTempSize?: string | undefined
  /** More settings of the instance, by DuckDB's names; they win over those above. */
  readonly config?: Readonly<Record<string, string>>
}

/** A row as JavaScript values: BIGINT is `bigint`, DECIMAL and timestamps are DuckDB's own value objects. */
export type Row = Record<string, DuckDBValue>

export class Duckdb {
  readonly #instance: DuckDBInstance
  #onConnect: readonly string[] = []
  readonly extensionDirectory: string
  readonly threads: DuckdbThreads

  constructor(instance: DuckDBInstance, extensionDirectory: string) {
    this.#instance = instance
    this.extensionDirectory = extensionDirectory
    this.threads = new DuckdbThreads(() => instance.connect())
  }

  /** A new connection; close it with `closeSync()`. */
  async connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect()
    await connection.run(`set timezone = 'UTC'`)
    for (const statement of this.#onConnect) await connection.run(statement)
    return connection
  }

  /** Statements that every connection made from now on runs first. */
  onConnect(statements: readonly string[]): void {
    this.#onConnect = statements
  }

  /** Runs `work` on a connection of its own. */
  async withConnection<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.connect()
    try {
      return await work(connection)
    } finally {
      connection.closeSync()
    }
  }

  /**
   * Does what `close` would do at a stretch: takes the log of a file into the file, unless somebody writes.
   * @returns once it has begun, on a thread of its own; `ended` does not fail
   */
  async beginCheckpoint(): Promise<{ readonly ended: Promise<void> }> {
    const connection = await this.#instance.connect()
    const ended = connection.run('checkpoint').then(
      () => connection.closeSync(),
      () => connection.closeSync(),
    )
    return { ended }
  }

  close(): void {
    this.#instance.closeSync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

/** Opens the process's DuckDB. @throws `lake/version-mismatch` */
export async function openDuckdb(options: DuckdbOptions): Promise<Duckdb> {
  // Loaded here because it takes long, and much that imports this file never opens a database.
  const { DuckDBInstance, version } = await import('@duckdb/node-api')
  const actual = version().replace(/-.*$/, '').replace(/^v/, '')
  if (actual !== duckdbVersion) {
    throw problem('lake/version-mismatch', { expected: duckdbVersion, actual })
  }
  const settings: Record<string, string> = {
    extension_directory: options.extensionDirectory,
    autoinstall_known_extensions: 'false',
  }
  if (options.memoryLimit !== undefined) settings['memory_limit'] = options.memoryLimit
  if (options.threads !== undefined) settings['threads'] = String(options.threads)
  if (options.tempDirectory !== undefined) settings['temp_directory'] = options.tempDirectory
  if (options.maxTempSize !== undefined) settings['max_temp_directory_size'] = options.maxTempSize
  const { path = ':memory:', extensionDirectory, extensions = [], config = {} } = options
  const loading = planLoading(extensionDirectory, extensions, config)
  Object.assign(settings, config, loading.settings)
  const instance = await DuckDBInstance.create(path, settings)
  try {
    await loadAll(instance, extensionDirectory, loading)
  } catch (error) {
    instance.closeSync()
    throw error
  }
  return new Duckdb(instance, extensionDirectory)
}

/** All rows of a query, as objects. */
export async function queryRows(
  connection: DuckDBConnection,
  sql: string,
  parameters?: Record<string, DuckDBValue>,
): Promise<Row[]> {
  const result = await connection.run(sql, parameters)
  const names = result.deduplicatedColumnNames()
  // The result is all there; each fetch would go through another thread, and the last one finds nothing.
  const chunks = Array.from({ length: result.chunkCount }, (_, index) => result.getChunk(index))
  return chunks.flatMap((chunk) => chunk.getRowObjects(names))
}

/** The first column of the first row, or undefined without rows. */
export async function queryValue(
  connection: DuckDBConnection,
  sql: string,
  parameters?: Record<string, DuckDBValue>,
): Promise<DuckDBValue | undefined> {
  const reader = await connection.runAndReadAll(sql, parameters)
  return reader.getRows()[0]?.[0]
}

/** Tells a full disk from other failures. DuckDB reports it as an IO error without a code. */
export function isOutOfSpace(error: unknown): boolean {
  const full =
    /no space left on device|out of disk space|disk quota exceeded|max_temp_directory_size/i
  return findCause(error, (cause) => full.test(cause.message)) !== undefined
}

/** An error of DuckDB as one of ours, when it says something a reader can act on; else itself. */
export function explainDuckdbError(error: unknown, where: string): unknown {
  if (!(error instanceof Error)) return error
  if (isOutOfSpace(error)) {
    return problem('lake/out-of-space', { where, reason: messageOf(error) }, { cause: error })
  }
  return error
}
