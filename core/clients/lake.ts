/**
 * The one module that owns the lake (DuckLake on a PostgreSQL or SQLite catalog). Attach, transactions with
 * retry, snapshots, file registration and upkeep are here; nobody else writes DuckLake's SQL.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type Clock, systemClock } from '../clock.ts'
import { findCause, MillraceError, messageOf } from '../errors.ts'
import { withLockFile } from '../lock-file.ts'
import { problem } from '../problems.ts'
import { quoteLiteral } from '../sql.ts'
import type { Duckdb } from './duckdb.ts'
import { loadExtension } from './duckdb-extensions.ts'
import { attachSql, extensionsOf, type LakeOptions, lakeName } from './lake/attach.ts'
import { explainLakeError, isLakeConflict } from './lake/failures.ts'
import { type RegisterRequest, registerFiles } from './lake/register-files.ts'
import { announceBuild } from './lake/running-builds.ts'
import {
  countSnapshotsAndFiles,
  currentSnapshot,
  type LakeRelation,
  type LakeTable,
  listFiles,
  listRelations,
  listTables,
  readsItsFuture,
  rowWatermark,
  snapshotTime,
} from './lake/snapshots.ts'

export type TransactionOptions = {
  /** Shown by `lake.snapshots()`, as are the author (default `millrace`) and `extra`, kept as JSON. */
  readonly message?: string
  readonly author?: string | undefined
  /** Asked for when the work is done, just before the commit. */
  readonly extra?: (() => object | undefined) | undefined
  /** Whether upkeep is to keep out of its way as long as it lasts. */
  readonly isBuild?: boolean
  /** Tries in all when others commit in between. Default 20. */
  readonly maxAttempts?: number
  readonly signal?: AbortSignal
}

const maxBegins = 3

export class Lake {
  readonly options: LakeOptions
  readonly duckdb: Duckdb
  readonly #clock: Clock

  constructor(duckdb: Duckdb, options: LakeOptions, clock: Clock) {
    this.duckdb = duckdb
    this.options = options
    this.#clock = clock
  }

  /** A connection that sees the lake as `lake`; close it with `closeSync()`. */
  connect(): Promise<DuckDBConnection> {
    return this.duckdb.connect()
  }

  /** Runs `work` on a connection of its own, its errors explained. */
  async read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    try {
      return await this.duckdb.withConnection(work)
    } catch (error) {
      throw explainLakeError(error, this.options)
    }
  }

  /**
   * Runs `work` in one transaction and commits it. When another writer won, all of it is rolled back and
   * `work` is called again, so it must read whatever it decides by inside.
   * @throws `lake/conflict` when the tries are used up; whatever `work` throws, after a roll-back
   */
  async transaction<T>(
    work: (transaction: DuckDBConnection) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    const maxAttempts = options.maxAttempts ?? 20
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attemptTransaction(work, options)
      } catch (error) {
        if (!isLakeConflict(error)) throw explainLakeError(error, this.options)
        if (attempt >= maxAttempts) {
          const parameters = { attempts: attempt, reason: messageOf(error) }
          throw problem('lake/conflict', parameters, { cause: error })
        }
        // Full jitter up to 50 ms × attempt: a commit takes 50–100 ms, and equal waits would meet again.
        await this.#clock.sleep(Math.random() * 50 * attempt, options.signal)
      }
    }
  }

  async #attemptTransaction<T>(
    work: (transaction: DuckDBConnection) => Promise<T>,
    options: TransactionOptions,
  ): Promise<T> {
    const connection = await this.connect()
    let unmark = () => {}
    try {
      await this.begin(connection)
      if (options.isBuild) unmark = await announceBuild(connection, this.options.catalog)
      const result = await work(connection)
      await this.commit(connection, options)
      return result
    } catch (error) {
      // A failed COMMIT has rolled back already, and then ROLLBACK says that there is no transaction.
      await connection.run('rollback').catch(() => {})
      throw error
    } finally {
      connection.closeSync()
      unmark()
    }
  }

  /**
   * Begins a transaction whose `now()` is later than everything it reads: histories are written by that time. Another
   * may commit between the beginning and the first look; then it begins anew.
   */
  async begin(connection: DuckDBConnection): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await connection.run('begin')
      const isLate = await readsItsFuture(connection, this.options.catalog)
      // The clocks of two machines may differ; then it stays late, and waiting for it would help nobody.
      if (!isLate || attempt === maxBegins) return
      await connection.run('rollback')
    }
  }

  /**
   * Commits the transaction of a connection. SQLite does not queue writers of other processes, so commits to it take
   * turns by a lock file.
   */
  async commit(connection: DuckDBConnection, options: TransactionOptions): Promise<void> {
    const { catalog } = this.options
    await noteCommit(connection, options)
    if (catalog.kind === 'postgres') {
      await connection.run('commit')
    } else {
      await withLockFile(`${catalog.path}.lock`, async () => {
        await connection.run('commit')
      })
    }
  }

  /** The newest snapshot. */
  currentSnapshot(): Promise<number> {
    return this.read(currentSnapshot)
  }

  /** When a snapshot was committed, as an ISO instant. @throws `lake/unknown-snapshot` */
  snapshotTime(snapshot: number, connection: DuckDBConnection): Promise<string> {
    return snapshotTime(connection, this.options.catalog, snapshot)
  }

  /** The tables at a snapshot, or now. */
  tables(snapshot?: number, connection?: DuckDBConnection): Promise<LakeTable[]> {
    const { catalog } = this.options
    if (connection !== undefined) return listTables(connection, catalog, snapshot)
    return this.read((own) => listTables(own, catalog, snapshot))
  }

  /** The tables and views of the newest snapshot. */
  relations(): Promise<LakeRelation[]> {
    return this.read(async (connection) =>
      listRelations(connection, this.options.catalog, await currentSnapshot(connection)),
    )
  }

  /** One past the largest rowid of a table at a snapshot; 0 when it is empty. */
  rowWatermark(schema: string, table: string, snapshot: number): Promise<bigint> {
    return this.read((connection) => rowWatermark(connection, schema, table, snapshot))
  }

  /** Data files of a table at a snapshot, or now. */
  files(schema: string, table: string, snapshot?: number): ReturnType<typeof listFiles> {
    return this.read((connection) => listFiles(connection, schema, table, snapshot))
  }

  /** How many snapshots there are, and data files that the newest one reads. */
  size(): Promise<{ readonly snapshots: number; readonly files: number }> {
    return this.read(countSnapshotsAndFiles)
  }

  /** Takes Parquet files into a table, inside a transaction. @throws `lake/file-registered` */
  registerFiles(transaction: DuckDBConnection, request: RegisterRequest): Promise<void> {
    return registerFiles(transaction, this.options.catalog, request)
  }

  /** Detaches by closing the DuckDB underneath. */
  close(): void {
    this.duckdb.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

/**
 * Attaches the lake to a DuckDB, creating it at first use.
 * @throws `lake/extension-missing`, `lake/catalog-unreachable`, `lake/no-credentials`, `lake/unknown-snapshot`
 */
export async function openLake(
  duckdb: Duckdb,
  options: LakeOptions,
  clock: Clock = systemClock,
): Promise<Lake> {
  const { catalog, readOnly } = options
  if (catalog.kind === 'sqlite' && readOnly !== true) {
    mkdirSync(dirname(catalog.path), { recursive: true })
  }
  await duckdb.withConnection(async (connection) => {
    for (const extension of extensionsOf(options)) {
      await loadExtension(connection, duckdb.extensionDirectory, extension)
    }
    // The fairest setting measured with several writers: many short retries without growing waits.
    await connection.run('set global ducklake_max_retry_count = 100')
    await connection.run('set global ducklake_retry_wait_ms = 10')
    await connection.run('set global ducklake_retry_backoff = 1')
    for (const statement of attachSql(options)) {
      await attach(connection, statement, options, clock)
    }
  })
  return new Lake(duckdb, options, clock)
}

async function noteCommit(
  connection: DuckDBConnection,
  { message, author = 'millrace', extra }: TransactionOptions,
): Promise<void> {
  if (message === undefined) return
  const parameters = [quoteLiteral(author), quoteLiteral(message)]
  const more = extra?.()
  if (more !== undefined) parameters.push(`extra_info => ${quoteLiteral(JSON.stringify(more))}`)
  await connection.run(`call ${lakeName}.set_commit_message(${parameters.join(', ')})`)
}

/** Two processes that create the same catalog at once collide; the second try finds it made. */
async function attach(
  connection: DuckDBConnection,
  statement: string,
  options: LakeOptions,
  clock: Clock,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.run(statement)
      return
    } catch (error) {
      const racing = /already exists|database is locked|duplicate key|conflict/i
      if (attempt < 10 && findCause(error, (cause) => racing.test(cause.message)) !== undefined) {
        await clock.sleep(50 * attempt)
        continue
      }
      throw explainAttachError(error, options)
    }
  }
}

function explainAttachError(error: unknown, options: LakeOptions): unknown {
  if (options.s3 !== undefined && /Secret Validation Failure/.test(messageOf(error))) {
    return problem('lake/no-credentials', { bucket: options.s3.bucket }, { cause: error })
  }
  const explained = explainLakeError(error, options)
  if (explained instanceof MillraceError || options.at === undefined) return explained
  if (!/snapshot/i.test(messageOf(error))) return explained
  const at = 'snapshot' in options.at ? String(options.at.snapshot) : options.at.time
  return problem('lake/unknown-snapshot', { at }, { cause: error })
}
