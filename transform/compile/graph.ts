/**
 * The parsed project: every resource, what each depends on, and what is wrong. Plain data without SQL that a
 * database would see: that is rendered when it is needed.
 */
import type { MillraceError } from '../../core/errors.ts'
import type { Position } from '../../core/problems.ts'
import type { Column, Config } from '../project/project.ts'
import type { RefCall, SourceCall } from './ask-memo.ts'

/** The physical thing a node is. */
export type Relation = {
  readonly catalog: string
  readonly schema: string
  readonly name: string
}

/** What every resource has. */
type ResourceBase = {
  /** `model.<package>.<name>`, `seed.…`, `test.…`: dbt's `unique_id`. */
  readonly id: string
  readonly name: string
  readonly package: string
  /** Relative to the root project, for messages and for reading it. */
  readonly file: string
  /** Relative to its own package: dbt's `original_file_path`. */
  readonly originalFile: string
  /** Relative to the folder of its kind (`models`, `tests`, …): dbt's `path`. */
  readonly path: string
  /** Project, folders and name: what a folder selector matches. */
  readonly fqn: readonly string[]
  readonly tags: readonly string[]
  readonly group?: string | undefined
  readonly meta: Config
  readonly description: string
  /** Ids of the docs blocks that its description names. */
  readonly docBlocks: readonly string[]
  /** Everything said about the node, in dbt's order of precedence, without the defaults that nobody said. */
  readonly config: Config
}

/** What has code of its own: dbt's `nodes`. */
type NodeBase = ResourceBase & {
  /** Ids of the nodes, sources and functions it reads, sorted. */
  readonly dependencies: readonly string[]
  /** Ids of the macros it calls while it is parsed, sorted. */
  readonly macros: readonly string[]
  readonly refs: readonly RefCall[]
  readonly sources: readonly SourceCall[]
  /** What its code names by `metric()` and `function()`: a name, or package and name. */
  readonly metrics: readonly (readonly string[])[]
  readonly functions: readonly (readonly string[])[]
  readonly columns: readonly Column[]
  /** Configs as they were written, templates in them and all. */
  readonly unrenderedConfig: Config
  /** The schema file that describes it. */
  readonly patch: { readonly package: string; readonly file: string } | undefined
  readonly rawCode: string
  /** SHA-256 in hex, as dbt takes it. */
  readonly checksum: string
  readonly language: 'sql' | 'python'
}

export type ModelNode = NodeBase & {
  readonly kind: 'model'
  readonly relation: Relation
  readonly materialized: string
  /** Undefined for a model without versions. */
  readonly version: string | number | undefined
  readonly latestVersion: string | number | undefined
  readonly access: string
  readonly deprecationDate: string | undefined
  readonly constraints: readonly Config[]
  readonly timeSpine: Config | undefined
  /** Upstreams that it reads through `new_rows()`. */
  readonly newRowsOf: readonly string[]
}

export type SeedNode = NodeBase & {
  readonly kind: 'seed'
  readonly relation: Relation
  readonly absolutePath: string
  /** A large file is not read: its path stands for it. */
  readonly checksumName?: 'path' | undefined
  /** The file holds nothing, not even the names of columns. */
  readonly isEmpty?: true | undefined
}

export type SnapshotNode = NodeBase & {
  readonly kind: 'snapshot'
  readonly relation: Relation
}

/** A query that is compiled and never run. */
export type AnalysisNode = NodeBase & { readonly kind: 'analysis'; readonly relation: Relation }

/** A line of `on-run-start` or `on-run-end`. */
export type OperationNode = NodeBase & {
  readonly kind: 'operation'
  readonly relation: Relation
  readonly when: 'on-run-start' | 'on-run-end'
  readonly index: number
}

export type FunctionNode = NodeBase & {
  readonly kind: 'function'
  readonly relation: Relation
  readonly arguments: readonly Config[]
  readonly returns: Config
}

export type Severity = 'error' | 'warn'

export type TestNode = NodeBase & {
  readonly kind: 'test'
  /** Where its failures are kept, when they are. */
  readonly relation: Relation
  readonly severity: Severity
  /** Undefined for a singular test. */
  readonly generic: GenericTest | undefined
}

export type GenericTest = {
  readonly test: string
  /** The package named before the dot in the schema file. */
  readonly namespace: string | undefined
  readonly column: string | undefined
  /** The node or source it was written for. */
  readonly subject: string
  readonly arguments: Config
}

export type SourceNode = ResourceBase & {
  readonly kind: 'source'
  readonly source: string
  readonly columns: readonly Column[]
  readonly relation: Relation
  /**
   * The rest as schema files say it, under dbt's keys; `external_name` is what stands in SQL for a source that is a
   * file, null for a table.
   */
  readonly properties: Config
  readonly unrenderedConfig: Config
}

export type UnitTestNode = ResourceBase & {
  readonly kind: 'unit_test'
  /** Name of the model, and its id once it is known. */
  readonly model: string
  readonly dependencies: readonly string[]
  readonly properties: Config
  readonly version: string | number | undefined
}

/** Resources that are only described: what schema files say of them, under dbt's own keys. */
export type DescribedNode = ResourceBase & {
  readonly kind: 'exposure' | 'metric' | 'semantic_model' | 'saved_query'
  readonly dependencies: readonly string[]
  readonly refs: readonly RefCall[]
  readonly sources: readonly SourceCall[]
  readonly properties: Config
  readonly unrenderedConfig: Config
}

export type GroupNode = {
  readonly kind: 'group'
  readonly id: string
  readonly name: string
  readonly package: string
  readonly file: string
  readonly path: string
  readonly description: string | undefined
  readonly owner: Config
  readonly config: Config
}

export type MacroNode = {
  readonly kind: 'macro'
  readonly id: string
  readonly name: string
  readonly package: string
  readonly file: string
  readonly path: string
  readonly code: string
  readonly description: string
  readonly meta: Config
  readonly docs: Config
  readonly arguments: readonly Config[]
  readonly patch: { readonly package: string; readonly file: string } | undefined
  /** Ids of macros it names. */
  readonly macros: readonly string[]
}

export type DocNode = {
  readonly kind: 'doc'
  readonly id: string
  readonly name: string
  readonly package: string
  readonly file: string
  readonly path: string
  readonly text: string
}

export type GraphNode =
  | ModelNode
  | SeedNode
  | SnapshotNode
  | TestNode
  | AnalysisNode
  | OperationNode
  | FunctionNode

/** What can be selected: everything with edges. */
export type SelectableNode = GraphNode | SourceNode | UnitTestNode | DescribedNode

export type Graph = {
  readonly project: string
  /** The project's folder. */
  readonly root: string
  /** `quoting` of dbt_project.yml, as it is written. */
  readonly quoting: Config
  /** Folder for what is written out, relative to the project. */
  readonly targetPath: string
  /** `flags` of dbt_project.yml, as they are written. */
  readonly flags: Config
  /** Models, seeds, snapshots, tests, analyses, operations, functions; sorted by id. */
  readonly nodes: ReadonlyMap<string, GraphNode>
  readonly sources: ReadonlyMap<string, SourceNode>
  readonly unitTests: ReadonlyMap<string, UnitTestNode>
  /** Exposures, metrics, semantic models, saved queries. */
  readonly described: ReadonlyMap<string, DescribedNode>
  readonly groups: ReadonlyMap<string, GroupNode>
  readonly macros: ReadonlyMap<string, MacroNode>
  readonly docs: ReadonlyMap<string, DocNode>
  /** What `enabled: false` took out, by id. */
  readonly disabled: ReadonlyMap<string, readonly SelectableNode[]>
  readonly selectors: readonly SelectorDefinition[]
  /** `vars` of dbt_project.yml, by package, as they are written. */
  readonly vars: Readonly<Record<string, Config>>
  readonly problems: readonly MillraceError[]
  readonly warnings: readonly MillraceError[]
  /** What fails when its node is rendered; until then it harms nobody. */
  readonly latent: readonly LatentProblem[]
}

export type LatentProblem = {
  /** Id of the node that fails. */
  readonly node: string
  /**
   * Who is sure to come upon it: whoever compiles the node, or only who runs it, for hooks. Undefined when a condition
   * may hold another way then, or a macro go another way.
   */
  readonly certainIn: 'compile' | 'run' | undefined
  readonly problem: MillraceError
}

/** One entry of selectors.yml, its definition untouched. */
export type SelectorDefinition = {
  readonly name: string
  readonly description: string
  readonly isDefault: boolean
  /** `default` is said, whatever it says. */
  readonly saysDefault?: boolean
  readonly definition: unknown
  readonly at: Position
}

/** A config as text, or undefined when it is not set. */
export function textConfig(config: Config, key: string): string | undefined {
  const value = config[key]
  return value === undefined || value === null ? undefined : String(value)
}
