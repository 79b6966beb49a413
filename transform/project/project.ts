/** A project folder as plain data: what `load` finds and `compile` works from. */
import type { MillraceError } from '../../core/errors.ts'
import type { ProjectFiles } from './project-files.ts'
import type { Exposure, Group, Reference, Selector, UnitTest } from './project-others.ts'
import type {
  AnalysisProperties,
  Config,
  FunctionProperties,
  MacroProperties,
  Properties,
  SingularTestProperties,
  SnapshotProperties,
} from './project-properties.ts'
import type { Metric, SavedQuery, SemanticModel } from './project-semantic.ts'
import type { SourceTable } from './project-sources.ts'

export type { SeedFile, SqlFile } from './project-files.ts'
export type { Group } from './project-others.ts'
export type {
  Column,
  Config,
  Properties,
  TestDeclaration,
} from './project-properties.ts'
export type { SourceTable } from './project-sources.ts'

/** `dbt_project.yml`. Text may hold Jinja. */
export type ProjectSettings = {
  readonly name: string
  readonly file: string
  /** All of dbt_project.yml, for the checksum of what stands in it. */
  readonly fileText: string
  readonly version: string | undefined
  /** Name of the profile of profiles.yml. */
  readonly profile: string | undefined
  readonly requireDbtVersion: readonly string[]
  readonly modelPaths: readonly string[]
  readonly seedPaths: readonly string[]
  readonly testPaths: readonly string[]
  readonly macroPaths: readonly string[]
  readonly snapshotPaths: readonly string[]
  readonly analysisPaths: readonly string[]
  readonly functionPaths: readonly string[]
  readonly docsPaths: readonly string[]
  readonly assetPaths: readonly string[]
  readonly targetPath: string
  readonly logPath: string
  /** Folder of installed packages. */
  readonly packagesPath: string
  /** What `clean` removes; undefined when nothing is said, which means the target folder. */
  readonly cleanTargets: readonly string[] | undefined
  readonly vars: Config
  /** Where `adapter.dispatch` looks for macros of a package. */
  readonly dispatch: readonly Config[]
  /** `database`, `schema`, `identifier`: which names are quoted. */
  readonly quoting: Config
  /** Text, a map with `comment`, `append`, `job-label`, null for none; undefined for dbt's own comment. */
  readonly queryComment: unknown
  readonly flags: Config
  /** SQL before and after a run, as written. */
  readonly onRunStart: readonly string[]
  readonly onRunEnd: readonly string[]
  /** Whether other projects may refer to protected models here: no when true. */
  readonly restrictAccess: boolean
  readonly dbtCloud: Config
  /** Per-folder configs as written, by resource; marks `+` are kept. */
  readonly configs: Readonly<Record<ConfigKind, Config>>
}

/** Keys of dbt_project.yml that hold per-folder configs. */
export type ConfigKind =
  | 'models'
  | 'seeds'
  | 'snapshots'
  | 'tests'
  | 'sources'
  | 'exposures'
  | 'metrics'
  | 'semanticModels'
  | 'savedQueries'
  | 'unitTests'
  | 'functions'
  | 'analyses'

/** What one folder with a `dbt_project.yml` holds, or a project with all of its packages. */
export type Resources = ProjectFiles & {
  readonly properties: readonly Properties[]
  readonly snapshotProperties: readonly SnapshotProperties[]
  readonly analysisProperties: readonly AnalysisProperties[]
  readonly functionProperties: readonly FunctionProperties[]
  readonly testProperties: readonly SingularTestProperties[]
  readonly macroProperties: readonly MacroProperties[]
  readonly sources: readonly SourceTable[]
  readonly groups: readonly Group[]
  readonly exposures: readonly Exposure[]
  readonly unitTests: readonly UnitTest[]
  readonly metrics: readonly Metric[]
  readonly semanticModels: readonly SemanticModel[]
  readonly savedQueries: readonly SavedQuery[]
  readonly references: readonly Reference[]
}

export type Project = Resources & {
  readonly root: string
  readonly settings: ProjectSettings
  /** Settings of each package; what the packages define stands among the project's own. */
  readonly packages: readonly ProjectSettings[]
  /** Those of the project itself; packages have no say. */
  readonly selectors: readonly Selector[]
  /** Errors: the project cannot be built until they are gone. */
  readonly problems: readonly MillraceError[]
  readonly warnings: readonly MillraceError[]
}
