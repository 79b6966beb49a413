/** What schema files say about models, seeds, snapshots, analyses, functions, macros and singular tests. */
import type { Position } from '../../core/problems.ts'

/** Values as YAML gives them; any text among them may hold Jinja. */
export type Config = Readonly<Record<string, unknown>>

/** What every entry of a schema file has. */
export type Entry = {
  readonly package: string
  readonly name: string
  /** The schema file, relative to the project: dbt's `original_file_path`, and `patch_path` after `<package>://`. */
  readonly file: string
  /** Folders between the folder that was searched and the schema file, outermost first. */
  readonly folders: readonly string[]
  readonly description: string
  /** `config:` together with the keys that may stand beside it (`meta`, `docs`, `group`, `contract`, `access`). */
  readonly config: Config
  /**
   * What goes into `unrendered_config`: compiling renders `config` and leaves this. As in dbt, groups, exposures and
   * the like have here what stands under `config:` alone.
   */
  readonly unrendered: Config
  readonly at: Position
}

export type Column = {
  readonly name: string
  readonly description: string
  readonly dataType: string | undefined
  /** `meta` of the column and of its config, the config's winning. */
  readonly meta: Config
  /** `tags` of the column and of its config. */
  readonly tags: readonly string[]
  readonly quote: boolean | undefined
  /** As written: maps with `type` and what belongs to it. */
  readonly constraints: readonly Config[]
  readonly config: Config
  readonly docs: Config
  readonly granularity: string | undefined
  /** Type of the dimension, or a map in the manifest's shape: the newer form of semantic models. */
  readonly dimension: string | Config | undefined
  readonly entity: string | Config | undefined
  /** Keys of the user's own, such as `policy_tags`: dbt keeps them in the manifest. */
  readonly extra: Config
}

/** A generic data test as a schema file asks for it. */
export type TestDeclaration = {
  readonly test: string
  readonly name: string | undefined
  readonly description: string
  readonly column: string | undefined
  readonly arguments: Config
  readonly config: Config
  /** Same as `config`, and stays as written when compiling renders that. */
  readonly unrendered: Config
  readonly at: Position
}

/** `versions:` of a model, as their numbers or names are written. */
export type VersionName = string | number

/** What a schema file says about a model or a seed. */
export type Properties = Entry & {
  readonly kind: 'model' | 'seed'
  readonly columns: readonly Column[]
  readonly tests: readonly TestDeclaration[]
  /** Constraints of the whole model, as written. */
  readonly constraints: readonly Config[]
  readonly deprecationDate: string | undefined
  readonly quoteColumns: boolean | undefined
  /** `standard_granularity_column` and `custom_granularities`, as written. */
  readonly timeSpine: Config | undefined
  /** Empty for a model without versions. */
  readonly versions: readonly ModelVersion[]
  /** The one that a `ref()` without a version means. */
  readonly latestVersion: string | undefined
  /** `latest_version` with its type, for the manifest; the highest version when nothing is said. */
  readonly latest: VersionName | undefined
}

/** One version of a model, with what it inherits filled in. */
export type ModelVersion = {
  readonly version: string
  /** `v` with its type, for the manifest. */
  readonly v: VersionName
  /** Name of its file without `.sql`; default `<model>_v<version>`. */
  readonly definedIn: string | undefined
  readonly description: string
  readonly config: Config
  readonly unrendered: Config
  readonly columns: readonly Column[]
  readonly tests: readonly TestDeclaration[]
  readonly constraints: readonly Config[]
  readonly deprecationDate: string | undefined
  readonly at: Position
}

/** What a schema file says about a snapshot; with `relation` it is the snapshot itself. */
export type SnapshotProperties = Entry & {
  readonly columns: readonly Column[]
  readonly tests: readonly TestDeclaration[]
  /** `ref('x')` or `source('s', 'x')`, as written. */
  readonly relation: string | undefined
  /** All of the schema file, for the checksum of a snapshot that it defines. */
  readonly fileText: string
}

export type AnalysisProperties = Entry & { readonly columns: readonly Column[] }

/** A singular test described under `data_tests:` at the top of a schema file. */
export type SingularTestProperties = Entry

export type MacroProperties = Entry & {
  readonly arguments: readonly MacroArgument[]
  readonly docs: Config
  readonly meta: Config
}

type MacroArgument = {
  readonly name: string
  readonly type: string | undefined
  readonly description: string
}

export type FunctionProperties = Entry & {
  readonly columns: readonly Column[]
  readonly arguments: readonly FunctionArgument[]
  readonly returns: FunctionReturns | undefined
  readonly overloads: readonly FunctionOverload[]
}

export type FunctionArgument = {
  readonly name: string
  readonly dataType: string
  readonly description: string | undefined
  /** Undefined without a default. */
  readonly defaultValue: unknown
}

export type FunctionReturns = {
  readonly dataType: string
  readonly description: string | undefined
}

/** The same function for other arguments; its body is a file of its own. */
type FunctionOverload = {
  readonly definedIn: string
  readonly arguments: readonly FunctionArgument[]
  readonly returns: FunctionReturns | undefined
  readonly description: string | undefined
}
