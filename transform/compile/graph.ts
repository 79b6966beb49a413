/** The compiled project: nodes, what each depends on, and what is wrong. Plain data, ready to be written as JSON. */
import type { MillraceError } from '../../core/errors.ts'
import type { Column, Config } from '../project/project.ts'

/** The physical thing a node is. */
export type Relation = {
  readonly catalog: string
  readonly schema: string
  readonly name: string
}

type NodeBase = {
  /** `model.<project>.<name>`, `seed.…`, `test.…`, as in dbt. */
  readonly id: string
  readonly name: string
  readonly package: string
  /** Relative to the project. */
  readonly file: string
  /** Project, folders and name: what a folder selector matches. */
  readonly fqn: readonly string[]
  readonly tags: readonly string[]
  readonly description: string
  /** Everything said about the node: project file, schema file and header, in dbt's order of precedence. */
  readonly config: Config
  /** Ids of the nodes and sources it reads, sorted. */
  readonly dependencies: readonly string[]
}

export type ModelNode = NodeBase & {
  readonly kind: 'model'
  readonly relation: Relation
  readonly materialized: string
  readonly columns: readonly Column[]
  readonly rawSql: string
  /** The query of a full build. */
  readonly sql: string
  /** Upstreams that it reads through `new_rows()`. */
  readonly newRowsOf: readonly string[]
}

export type SeedNode = NodeBase & {
  readonly kind: 'seed'
  readonly relation: Relation
  readonly columns: readonly Column[]
  readonly absolutePath: string
}

export type Severity = 'error' | 'warn'

export type TestNode = NodeBase & {
  readonly kind: 'test'
  /** A query whose rows are the failures. */
  readonly sql: string
  readonly severity: Severity
  /** Undefined for a singular test. */
  readonly generic: GenericTest | undefined
}

type GenericTest = {
  readonly test: string
  readonly column: string | undefined
  /** The node or source it was written for. */
  readonly subject: string
  readonly arguments: Config
}

export type SourceNode = {
  readonly kind: 'source'
  readonly id: string
  readonly source: string
  readonly name: string
  readonly package: string
  readonly file: string
  readonly fqn: readonly string[]
  readonly tags: readonly string[]
  readonly description: string
  readonly config: Config
  readonly columns: readonly Column[]
  readonly relation: Relation
}

export type GraphNode = ModelNode | SeedNode | TestNode

export type Graph = {
  readonly project: string
  /** Folder for what is written out, relative to the project. */
  readonly targetPath: string
  readonly nodes: ReadonlyMap<string, GraphNode>
  readonly sources: ReadonlyMap<string, SourceNode>
  readonly problems: readonly MillraceError[]
  readonly warnings: readonly MillraceError[]
}

/** A config as text, or undefined when it is not set. */
export function textConfig(config: Config, key: string): string | undefined {
  const value = config[key]
  return value === undefined || value === null ? undefined : String(value)
}
