/** What running needs of an engine. Implementations stand in `transform/adapters/`. */
import type { Row } from '../../core/clients/duckdb.ts'
import type { FileRows, FileRowsRequest } from '../../core/clients/lake/file-rows.ts'
import type { LastChange } from '../../core/clients/lake/last-changes.ts'
import type { Relation } from '../compile/graph.ts'
import type { TemplateDatabase } from '../stdlib/database.ts'

export type TransactionOptions = {
  /** Kept with the commit, where the engine keeps such things. */
  readonly message: string
  readonly author?: string | undefined
  /** Kept as JSON; asked for just before the commit. */
  readonly extra?: (() => object | undefined) | undefined
  /** Whether upkeep is to keep out of its way as long as it lasts. */
  readonly isBuild?: boolean
  readonly signal?: AbortSignal
}

/**
 * What becomes visible at once: the whole run, in one transaction on one connection, or each node by itself, on as
 * many connections as there are threads.
 */
export type PublishMode = 'atomic' | 'per-node'

export interface Adapter {
  readonly kind: 'ducklake' | 'duckdb'
  /** Name under which the database is attached. */
  readonly catalog: string
  /** Whether the runner keeps its own tables, schema `ops`, in this database. */
  readonly keepsHistory: boolean
  /** How runs are published when nobody says it. */
  readonly publish: PublishMode
  /**
   * Runs `work` in one transaction and commits it; when another writer won the race, all of it is rolled back and
   * `work` is called again. Whatever `work` throws rolls back and is passed on.
   */
  transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions): Promise<T>
  /** A connection of its own, whose transactions the caller begins and ends; close it. */
  connect(): Promise<OpenSession>
  /** Lets the engine's threads rest, until a statement takes long or what is returned ends; does not fail. */
  restThreads(): Promise<AsyncDisposable>
  /** The newest committed state, where the engine counts them. */
  snapshot(): Promise<number | undefined>
  /**
   * An error as one of ours when it tells more than that a statement is wrong, such as of what does not answer; else
   * itself.
   */
  explain(error: unknown): unknown
  /** Tells a race with another transaction that was lost: the same again may succeed at once. */
  isConflict(error: unknown): boolean
}

export type Standing = {
  readonly relations: readonly {
    readonly catalog: string
    readonly schema: string
    readonly name: string
    readonly kind: 'table' | 'view'
  }[]
  readonly schemas: readonly { readonly catalog: string; readonly schema: string }[]
}

/** One connection of an adapter, inside a transaction or between two. */
export interface Session {
  /** Id of the node that these statements are for, when there is one. */
  readonly node: string | undefined
  /**
   * The same connection speaking for a node, so that logs name it.
   * @param wrap what stands between its templates and the database
   */
  for(node: string, wrap?: (database: TemplateDatabase) => TemplateDatabase): Session
  /** Answers the queries of templates: they see what this transaction has written. */
  readonly database: TemplateDatabase
  /** Runs a statement. @returns rows written, 0 when it writes none */
  execute(sql: string): Promise<number>
  query(sql: string): Promise<Row[]>
  /** Whether an error has made the transaction useless. */
  isLost(): Promise<boolean>
  /** Stops the statement that is running, which then fails. */
  interrupt(): void
  /** How far the statement that is running has come, 0 to 100; undefined when DuckDB cannot tell. */
  progress(): number | undefined
  /** The committed state that this transaction reads. */
  snapshot(): Promise<number | undefined>
  /** Whether tables can still be read as they were in a committed state. */
  hasSnapshot(snapshot: number): Promise<boolean>
  /**
   * Identity of each table, `schema.name` → an id that changes when the table is replaced; what this transaction
   * itself has changed is not seen. Undefined where the engine has no such ids.
   */
  tableIds(snapshot: number | undefined): Promise<ReadonlyMap<string, string> | undefined>
  /** Rows of a table as the catalog counts them; undefined where it cannot tell. */
  fileRows(request: FileRowsRequest): Promise<FileRows | undefined>
  /** What stands in these databases, and their schemas. */
  standing(catalogs: readonly string[]): Promise<Standing>
  /** What stands at a name, what this transaction itself has made there too. */
  kindOf(relation: Relation): Promise<'table' | 'view' | undefined>
  /** What stood at a name when this transaction began, which a lake's catalog knows at once. */
  kindBefore(relation: Relation): Promise<'table' | 'view' | undefined>
  /** Columns of each table of a schema. */
  columnsIn(catalog: string, schema: string): Promise<ReadonlyMap<string, ReadonlySet<string>>>
  /**
   * In which committed state each relation was changed last, `schema.name` in lower case → it. Undefined where the
   * engine does not tell.
   */
  lastChanges(snapshot: number | undefined): Promise<ReadonlyMap<string, LastChange> | undefined>
}

/** A session whose owner begins and ends its transactions. */
export interface OpenSession extends Session {
  begin(): Promise<void>
  commit(options: TransactionOptions): Promise<void>
  /** Ends a transaction if there is one; does not fail. */
  rollback(): Promise<void>
  close(): void
}
