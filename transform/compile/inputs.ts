/** What compiling needs beyond the project, all of it passed in: compiling reads no clock, disk or environment. */
import type { Config } from '../project/project.ts'
import type { EngineFacts } from '../stdlib/adapter-context.ts'
import type { TemplateDatabase } from '../stdlib/database.ts'
import type { AskMemo } from './ask-memo.ts'
import type { Graph, SelectableNode } from './graph.ts'

export type Target = {
  readonly name: string
  /** The catalog that relations live in. */
  readonly database: string
  /** Schema of nodes that name none. */
  readonly schema: string
  readonly type: 'duckdb'
  readonly threads: number
  /** Name of the dbt profile; by default that of the target. */
  readonly profileName?: string
  /** The database's file as the profile says it. */
  readonly path?: string
  /** What else the profile says of the connection and is no secret, under dbt's keys. */
  readonly connection?: Config
}

export type CompileInputs = {
  readonly target: Target
  /** From `--vars`; they win over dbt_project.yml. */
  readonly vars: Config
  readonly environment: Readonly<Record<string, string | undefined>>
  /** MD5 in hex, for the names of tests; passed in because compiling uses no Node built-ins. */
  readonly md5: (text: string) => string
  /** SHA-256 in hex, for checksums. */
  readonly sha256: (text: string) => string
  /** ISO 8601. */
  readonly startedAt: string
  readonly invocationId: string
  readonly fullRefresh: boolean
  /** Answers the queries of templates; without it, a template that asks is a problem. */
  readonly database?: TemplateDatabase
  /** A node as templates see it in `graph`, in the shape of dbt's manifest. */
  readonly describeNode?: (node: SelectableNode, graph: Graph) => Config
  /** Flags of the command line and of the project file, in any case; the command line's win. */
  readonly flags?: Config
  /** Ids of the nodes that a run works on. */
  readonly selectedResources?: readonly string[]
  readonly engine?: EngineFacts
  /** Receives what templates `log()` with `info=True`. */
  readonly log?: (message: string) => void
  /** Receives what templates `print()`; by default `log` does. */
  readonly print?: (text: string) => void
  /** Receives what templates `log()` without it. */
  readonly debug?: (message: string) => void
  /** Told each name that a template looks up: what it read decides when it has to be parsed again. */
  readonly noteName?: (name: string) => void
  /** What templates asked for before. */
  readonly asks?: AskMemo
}
