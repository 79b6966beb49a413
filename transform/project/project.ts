/** A project folder as plain data: what `load` finds and `compile` works from. */
import type { MillraceError } from '../../core/errors.ts'
import type { Position } from '../../core/problems.ts'

/** Values as YAML gives them. */
export type Config = Readonly<Record<string, unknown>>

/** One file of SQL: a model, a macro file or a singular test. */
export type SqlFile = {
  readonly name: string
  readonly package: string
  /** Relative to the project, with `/`. */
  readonly file: string
  /** Folders between the resource's root and the file, outermost first. */
  readonly folders: readonly string[]
  readonly text: string
}

export type SeedFile = Omit<SqlFile, 'text'> & {
  /** Where DuckDB reads it. */
  readonly absolutePath: string
}

export type Column = {
  readonly name: string
  readonly description: string
  readonly dataType: string | undefined
  readonly meta: Config
}

/** A generic data test as a schema file asks for it. */
export type TestDeclaration = {
  readonly test: string
  readonly name: string | undefined
  readonly column: string | undefined
  readonly arguments: Config
  readonly config: Config
  readonly at: Position
}

/** What a schema file says about a model or a seed. */
export type Properties = {
  readonly package: string
  readonly kind: 'model' | 'seed'
  readonly name: string
  readonly description: string
  readonly config: Config
  readonly columns: readonly Column[]
  readonly tests: readonly TestDeclaration[]
  /** Empty for a model without versions. */
  readonly versions: readonly ModelVersion[]
  /** The one that a `ref()` without a version means. */
  readonly latestVersion: string | undefined
  readonly at: Position
}

/** One version of a model, with what it inherits filled in. */
export type ModelVersion = {
  readonly version: string
  /** Name of its file without `.sql`; default `<model>_v<version>`. */
  readonly definedIn: string | undefined
  readonly description: string
  readonly config: Config
  readonly columns: readonly Column[]
  readonly tests: readonly TestDeclaration[]
  readonly at: Position
}

export type Group = { readonly package: string; readonly name: string; readonly at: Position }

/** A `ref(…)` or `source(…)` that an exposure or a unit test names. */
export type Reference = {
  readonly kind: 'exposure' | 'unit test'
  readonly name: string
  readonly package: string
  readonly call: string
  readonly at: Position
}

export type SourceTable = {
  readonly source: string
  readonly name: string
  readonly package: string
  readonly database: string | undefined
  readonly schema: string
  readonly identifier: string
  readonly description: string
  readonly config: Config
  readonly columns: readonly Column[]
  readonly tests: readonly TestDeclaration[]
  readonly file: string
  /** Folders between the model folder and the schema file. */
  readonly folders: readonly string[]
  readonly at: Position
}

/** `dbt_project.yml`. */
export type ProjectSettings = {
  readonly name: string
  readonly file: string
  readonly modelPaths: readonly string[]
  readonly seedPaths: readonly string[]
  readonly testPaths: readonly string[]
  readonly macroPaths: readonly string[]
  readonly docsPaths: readonly string[]
  readonly targetPath: string
  /** Folder of installed packages. */
  readonly packagesPath: string
  readonly vars: Config
  /** Where `adapter.dispatch` looks for macros of a package. */
  readonly dispatch: readonly Config[]
  /** Per-folder configs as written, by resource. */
  readonly configs: { readonly models: Config; readonly seeds: Config; readonly tests: Config }
}

/** `{% docs name %}` of a Markdown file. */
export type DocsBlock = { readonly package: string; readonly name: string; readonly text: string }

export type Project = {
  readonly root: string
  readonly settings: ProjectSettings
  /** Settings of each package; what the packages define stands among the project's own below. */
  readonly packages: readonly ProjectSettings[]
  readonly models: readonly SqlFile[]
  readonly seeds: readonly SeedFile[]
  readonly macros: readonly SqlFile[]
  readonly tests: readonly SqlFile[]
  readonly properties: readonly Properties[]
  readonly sources: readonly SourceTable[]
  readonly docs: readonly DocsBlock[]
  readonly groups: readonly Group[]
  readonly references: readonly Reference[]
  /** Errors: the project cannot be built until they are gone. */
  readonly problems: readonly MillraceError[]
  readonly warnings: readonly MillraceError[]
}
