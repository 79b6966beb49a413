/** What running needs of an engine. Implementations stand in `transform/adapters/`. */
import type { Row } from '../../core/clients/duckdb.ts'
import type { TemplateDatabase } from '../stdlib/database.ts'

type TransactionOptions = {
  /** Kept with the commit, where the engine keeps such things. */
  readonly message: string
  readonly signal?: AbortSignal
}

export interface Adapter {
  readonly kind: 'ducklake' | 'duckdb'
  /** Name under which the database is attached. */
  readonly catalog: string
  /** Whether the runner keeps its own tables, schema `ops`, in this database. */
  readonly keepsHistory: boolean
  /** What is committed at once: the run, or each node where the engine cannot do better. */
  readonly unit: 'run' | 'node'
  /**
   * Runs `work` in one transaction and commits it; when another writer won the race, all of it is rolled back and
   * `work` is called again. Whatever `work` throws rolls back and is passed on.
   */
  transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions): Promise<T>
  /** The newest committed state, where the engine counts them. */
  snapshot(): Promise<number | undefined>
  /** Tells a lost race or an outage, which ends the transaction, from a statement that is wrong. */
  isOutage(error: unknown): boolean
}

/** One transaction of an adapter. */
export interface Session {
  /** Answers the queries of templates: they see what this transaction has written. */
  readonly database: TemplateDatabase
  /** Runs a statement. @returns rows written, 0 when it writes none */
  execute(sql: string): Promise<number>
  query(sql: string): Promise<Row[]>
  /** Ends a node where each is committed by itself: commits what it wrote, or undoes it. */
  settle(keep: boolean): Promise<void>
  /** Whether an error has made the transaction useless. */
  isLost(): Promise<boolean>
  /** Stops the statement that is running, which then fails. */
  interrupt(): void
  /** The committed state that this transaction reads. */
  snapshot(): Promise<number | undefined>
  /** Whether tables can still be read as they were in a committed state. */
  hasSnapshot(snapshot: number): Promise<boolean>
  /**
   * Identity of each table, `schema.name` → an id that changes when the table is replaced; what this transaction
   * itself has changed is not seen. Undefined where the engine has no such ids.
   */
  tableIds(snapshot: number | undefined): Promise<ReadonlyMap<string, string> | undefined>
}
