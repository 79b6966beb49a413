/** Source tables, with what they inherit from their source filled in. */
import type { Column, Config, Entry, TestDeclaration } from './project-properties.ts'

export type SourceTable = Entry & {
  readonly source: string
  readonly database: string | undefined
  readonly schema: string
  readonly identifier: string
  readonly columns: readonly Column[]
  readonly tests: readonly TestDeclaration[]
  /** Tags of source and table that stand beside `config:`; the data tests have them too. */
  readonly testTags: readonly string[]
  readonly sourceDescription: string
  /** `meta` of the source alone; `config.meta` has the table's over it. */
  readonly sourceMeta: Config
  readonly loader: string
  /** `database`, `schema`, `identifier`, `column`: the table's over the source's. */
  readonly quoting: Config
  /** Merged as dbt does; null when the file switches it off, undefined when it says nothing. */
  readonly freshness: Freshness | null | undefined
  readonly loadedAtField: string | undefined
  readonly loadedAtQuery: string | undefined
  /** As written; undefined without. */
  readonly external: Config | undefined
  /** `database:` and `schema:` of the source as written, for comparing states. */
  readonly unrenderedDatabase: string | undefined
  readonly unrenderedSchema: string | undefined
}

/** In the manifest's shape: every key present, null where nothing is said. */
export type Freshness = {
  readonly warn_after: FreshnessTime | null
  readonly error_after: FreshnessTime | null
  readonly filter: string | null
}

/** A number and `minute`, `hour` or `day`, unless Jinja still has to say them. */
export type FreshnessTime = { readonly count: unknown; readonly period: unknown }
