/** Files of a project that are read as they are: SQL, Python, CSV and the blocks of Markdown. */
import type { Position } from '../../core/problems.ts'

/** One file of SQL: a model, an analysis, a macro file or a singular test. */
export type SqlFile = {
  readonly name: string
  readonly package: string
  /** Relative to the project, with `/`: dbt's `original_file_path`. */
  readonly file: string
  /** Folders between the resource's root and the file, outermost first. */
  readonly folders: readonly string[]
  readonly text: string
}

export type SeedFile = Omit<SqlFile, 'text'> & {
  /** Where DuckDB reads it. */
  readonly absolutePath: string
  /**
   * What dbt makes a seed's checksum of: its text without the blanks around it; undefined for a file of more than
   * 1 MiB, of which dbt takes the path.
   */
  readonly text: string | undefined
}

/** One `{% snapshot name %}` block; a file may hold several. */
export type SnapshotBlock = SqlFile & {
  /** The file's name without its ending: dbt puts it into the fqn, before the block's name. */
  readonly fileName: string
  /** All of the file: dbt's checksum of a snapshot is that of its file. */
  readonly fileText: string
  /** Where the block's tag stands. */
  readonly at: Position
}

/** A literal of Python that stands as an argument. */
export type PythonLiteral =
  | string
  | number
  | boolean
  | null
  | readonly PythonLiteral[]
  | { readonly [key: string]: PythonLiteral }

/** `dbt.ref('a', 'b', v=2)`, `dbt.source(…)`, `dbt.config(…)` or `dbt.config.get('key')`. */
export type PythonCall = {
  readonly function: 'ref' | 'source' | 'config' | 'config.get' | 'config.meta_get'
  readonly positional: readonly PythonLiteral[]
  readonly named: Readonly<Record<string, PythonLiteral>>
  readonly at: Position
}

/** A model written in Python, with the calls that say what it reads. */
export type PythonFile = SqlFile & { readonly calls: readonly PythonCall[] }

/** The body of a user-defined function. */
export type FunctionFile = SqlFile & { readonly language: 'sql' | 'python' | 'javascript' }

/** Rows for unit tests: a CSV or SQL file of `<test-path>/fixtures`. */
export type Fixture = SqlFile & { readonly format: 'csv' | 'sql' }

/** `{% docs name %}` of a Markdown file. */
export type DocsBlock = {
  readonly package: string
  readonly name: string
  /** A template that knows no names. */
  readonly text: string
  /** The Markdown file, relative to the project. */
  readonly file: string
  /** Where the block's tag stands. */
  readonly at: Position
  /** The file's path below the folder that was searched: dbt's `path`. */
  readonly path: string
}

/** The files of a project or package by what they are, or those of a project with all of its packages. */
export type ProjectFiles = {
  readonly models: readonly SqlFile[]
  readonly pythonModels: readonly PythonFile[]
  readonly seeds: readonly SeedFile[]
  readonly snapshots: readonly SnapshotBlock[]
  readonly analyses: readonly SqlFile[]
  readonly functions: readonly FunctionFile[]
  readonly macros: readonly SqlFile[]
  readonly tests: readonly SqlFile[]
  readonly fixtures: readonly Fixture[]
  readonly docs: readonly DocsBlock[]
}
