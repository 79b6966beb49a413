/** What templates may ask of the database while they run. */

export type QueryResult = {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /**
   * Values in column order: whole numbers as bigint, fractions as number, decimals as text with all
   * their digits, timestamps and dates as `Date` or
   * text, lists as arrays, anything else as text.
   */
  readonly rows: readonly (readonly unknown[])[]
  /** Rows that the last statement wrote, 0 when it wrote none. */
  readonly rowsChanged?: number
}

export interface TemplateDatabase {
  /** Runs one or more statements and gives the last one's rows. @throws DuckDB's error */
  query(sql: string): Promise<QueryResult>
  /** Begins a transaction unless one is open; there is none where templates run inside of the run's. */
  begin?(): Promise<void>
  /** Commits what `begin()` began; nothing where nothing is open. */
  commit?(): Promise<void>
}
