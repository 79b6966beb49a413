/** What templates may ask of the database while they run. */

export type QueryResult = {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /**
   * Values in column order: whole numbers as bigint, fractions as number, timestamps and dates as `Date` or
   * text, lists as arrays, anything else as text.
   */
  readonly rows: readonly (readonly unknown[])[]
}

export interface TemplateDatabase {
  /** Runs one or more statements and gives the last one's rows. @throws DuckDB's error */
  query(sql: string): Promise<QueryResult>
}
