/** A DuckDB session on what was built: `from marts.users` works, and unless it may write it really cannot. */
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBValue,
  ResultReturnType,
} from '@duckdb/node-api'
import { queryRows, type Row } from '../../core/clients/duckdb.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { assertReadingType, assertReadingWords, explainedTokens } from './read-only.ts'
import type { ResultRows } from './render-result.ts'
import type { Statement } from './split-statements.ts'

/** What a session works on. */
type SessionDatabase = {
  readonly connection: DuckDBConnection
  /** Its name in DuckDB, whose tables a name without a catalog means. */
  readonly catalog: string
  /** Its errors as ours, or without what they must not show. */
  readonly explain: (error: unknown) => unknown
  readonly close: () => void
}

/** What a statement gave: rows to read, a count of changed rows, or nothing to show. */
export type Outcome =
  | { readonly kind: 'rows'; readonly rows: ResultRows }
  | { readonly kind: 'changed'; readonly rowCount: bigint }
  | { readonly kind: 'done' }

export class Session implements AsyncDisposable {
  readonly #database: SessionDatabase
  readonly #connection: DuckDBConnection
  readonly #write: boolean
  #stopping: NodeJS.Timeout | undefined

  constructor(database: SessionDatabase, write: boolean) {
    this.#database = database
    this.#connection = database.connection
    this.#write = write
  }

  get catalog(): string {
    return this.#database.catalog
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
    this.#database.close()
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
      throw explainSqlError(error, this.#database.explain(error))
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

function explainSqlError(error: unknown, explained: unknown): unknown {
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
