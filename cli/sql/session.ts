/** A DuckDB session on the lake: `from marts.users` works, and unless it may write it really cannot. */
import { existsSync } from 'node:fs'
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBValue,
  ResultReturnType,
} from '@duckdb/node-api'
import { queryRows, type Row } from '../../core/clients/duckdb.ts'
import type { LakeOptions } from '../../core/clients/lake/attach.ts'
import { explainLakeError } from '../../core/clients/lake/failures.ts'
import type { Lake } from '../../core/clients/lake.ts'
import type { Config } from '../../core/config.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { lakeOptionsOf, openConfiguredLake } from '../context.ts'
import { assertReadingType, assertReadingWords, explainedTokens } from './read-only.ts'
import type { ResultRows } from './render-result.ts'
import type { Statement } from './split-statements.ts'

export type SessionOptions = {
  readonly write: boolean
  readonly at?: NonNullable<LakeOptions['at']> | undefined
}

/** What a statement gave: rows to read, a count of changed rows, or nothing to show. */
export type Outcome =
  | { readonly kind: 'rows'; readonly rows: ResultRows }
  | { readonly kind: 'changed'; readonly rowCount: bigint }
  | { readonly kind: 'done' }

export class Session implements AsyncDisposable {
  readonly #lake: Lake
  readonly #connection: DuckDBConnection
  readonly #write: boolean
  #stopping: NodeJS.Timeout | undefined

  constructor(lake: Lake, connection: DuckDBConnection, write: boolean) {
    this.#lake = lake
    this.#connection = connection
    this.#write = write
  }

  /**
   * Runs one statement; its rows are computed while they are read.
   * @throws `lake/read-only`, `lake/sql-failed`, `cli/interrupted`
   */
  async run(statement: Statement): Promise<Outcome> {
    return await this.#explained(async () => {
      if (this.#stopping !== undefined) throw interrupted()
      const result = await this.#stream(statement)
      if (result === undefined || result.returnType === ResultReturnType.NOTHING) {
        return { kind: 'done' }
      }
      if (result.returnType === ResultReturnType.CHANGED_ROWS) {
        const [row] = await result.getRows()
        return { kind: 'changed', rowCount: BigInt(String(row?.[0] ?? 0)) }
      }
      return { kind: 'rows', rows: this.#rowsOf(result) }
    })
  }

  /** Writes a query's rows as a Parquet file. @throws as `run`, `cli/not-a-query` */
  async writeParquet(statement: Statement, file: string): Promise<void> {
    const [first] = statement.tokens
    if (!/^(select|from|with|values|table|pivot|unpivot|\()$/i.test(first?.text ?? '')) {
      throw problem('cli/not-a-query', { statement: first?.text ?? '' })
    }
    const { quoteLiteral } = await import('../../core/sql.ts')
    await this.#explained(async () => {
      if (!this.#write) await this.#assertReading(statement)
      const options = 'format parquet, compression zstd'
      const copy = `copy (${statement.sql}\n) to ${quoteLiteral(file)} (${options})`
      await this.#connection.run('\n'.repeat(statement.linesBefore) + copy)
    })
  }

  /** Rows of a query of our own. */
  query(sql: string): Promise<Row[]> {
    return this.#explained(() => queryRows(this.#connection, sql))
  }

  /** Stops the statement that runs and refuses further ones until `resume()`. */
  interrupt(): void {
    this.#connection.interrupt()
    // DuckDB forgets an interrupt that comes between preparing and running, so it is said again.
    this.#stopping ??= setInterval(() => this.#connection.interrupt(), 50).unref()
  }

  /** Takes statements again after an interrupt. */
  resume(): void {
    clearInterval(this.#stopping)
    this.#stopping = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume()
    this.#connection.closeSync()
    this.#lake.close()
  }

  /** Some statements (a dynamic PIVOT) are several to DuckDB; the last one's result counts. */
  async #stream(statement: Statement): Promise<DuckDBResult | undefined> {
    if (!this.#write) await this.#assertReading(statement)
    const parts = await this.#connection.extractStatements(padded(statement))
    let result: DuckDBResult | undefined
    for (let index = 0; index < parts.count; index++) {
      const prepared = await parts.prepare(index)
      if (!this.#write) assertReadingType(prepared.statementType, statement.tokens)
      result = await runPart(prepared, index === parts.count - 1)
    }
    return result
  }

  async #assertReading(statement: Statement): Promise<void> {
    // Parsing has no effects, and a mistyped word is better called a syntax error than a write.
    await this.#connection.extractStatements(padded(statement))
    assertReadingWords(statement.tokens)
    const explained = explainedTokens(statement.tokens)
    if (explained?.[0] === undefined) return
    const inner = statement.sql.slice(explained[0].start - statement.start)
    const parts = await this.#connection.extractStatements(inner)
    for (let index = 0; index < parts.count; index++) {
      const prepared = await parts.prepare(index)
      assertReadingType(prepared.statementType, explained)
    }
  }

  #rowsOf(result: DuckDBResult): ResultRows {
    return {
      columns: result.deduplicatedColumnNames(),
      types: result.columnTypes(),
      next: () =>
        this.#explained(async () => {
          const chunk = await result.fetchChunk()
          if (chunk === null || chunk.rowCount === 0) return undefined
          return { rowCount: chunk.rowCount, rows: () => rowsOf(chunk) }
        }),
    }
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw explainSqlError(error, this.#lake.options)
    }
  }
}

/** Three times as fast as `chunk.getRows()`, which visits every value through a callback. */
function rowsOf(chunk: DuckDBDataChunk): DuckDBValue[][] {
  const columns = chunk.getColumns()
  return Array.from({ length: chunk.rowCount }, (_, row) =>
    columns.map((values) => values[row] ?? null),
  )
}

async function runPart(
  prepared: DuckDBPreparedStatement,
  isLast: boolean,
): Promise<DuckDBResult | undefined> {
  if (isLast) return await prepared.stream()
  await prepared.run()
  return undefined
}

/** Line numbers in DuckDB's messages count from the top of what was given to us. */
function padded(statement: Statement): string {
  return '\n'.repeat(statement.linesBefore) + statement.sql
}

function explainSqlError(error: unknown, options: LakeOptions): unknown {
  const explained = explainLakeError(error, options)
  if (!(explained instanceof Error) || explained instanceof MillraceError) return explained
  const reason = messageOf(explained).replace(/^Failed to extract statements: /, '')
  if (/^INTERRUPT Error/.test(reason)) {
    return interrupted(error)
  }
  return problem('lake/sql-failed', { reason }, { cause: error })
}

function interrupted(cause?: unknown): MillraceError {
  return problem('cli/interrupted', { what: 'The query' }, { cause })
}

/**
 * Attaches the lake and makes it the default database.
 * @throws `cli/no-lake`, `lake/unknown-snapshot`, and what opening the lake throws
 */
export async function openSession(config: Config, options: SessionOptions): Promise<Session> {
  const { write, at } = options
  const { catalog } = await lakeOptionsOf(config)
  if (!write && catalog.kind === 'sqlite' && !existsSync(catalog.path)) {
    throw problem('cli/no-lake', { where: catalog.path })
  }
  const lake = await openOrExplain(config, {
    readOnly: !write,
    ...(at === undefined ? {} : { at }),
  })
  const connection = await lake.connect()
  await connection.run('use lake')
  // Some settings write: the query log and the profiler have files of their own.
  if (!write) await connection.run('set global lock_configuration = true')
  return new Session(lake, connection, write)
}

async function openOrExplain(
  config: Config,
  options: Pick<LakeOptions, 'readOnly' | 'at'>,
): Promise<Lake> {
  try {
    return await openConfiguredLake(config, options)
  } catch (error) {
    if (error instanceof MillraceError) throw error
    const reason = messageOf(error)
    if (/timestamp field format/i.test(reason)) {
      throw problem('cli/bad-arguments', { reason: `--at: ${reason}`, command: 'millrace sql' })
    }
    if (options.readOnly === true && /existing DuckLake|unable to open database/i.test(reason)) {
      const where = config.settings.lake.catalog === 'postgres' ? 'PostgreSQL' : 'the catalog file'
      throw problem('cli/no-lake', { where }, { cause: error })
    }
    throw error
  }
}
