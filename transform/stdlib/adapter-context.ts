/** What `adapter` stands on: a database or none, macros by name, and facts of the engine. */
import { problem } from '../../core/problems.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { Arguments, HostFunction } from '../jinja/values.ts'
import { TemplateFault } from '../jinja/values.ts'
import type { QueryResult, TemplateDatabase } from './database.ts'
import { RelationValue } from './relation.ts'

/** Facts of the target that templates ask for; everything may be left out. */
export type EngineFacts = {
  /** Folder or URL of files that models write; default `.`. */
  readonly externalRoot?: string | undefined
  /** Catalogs that are lakes; without it the engine is asked. */
  readonly duckLakes?: readonly string[] | undefined
  /** Absolute path of the project, for files of seeds. */
  readonly root?: string | undefined
}

export type AdapterContext = {
  readonly execute: boolean
  /** The catalog of relations that name none. */
  readonly catalog: string
  readonly database: TemplateDatabase | undefined
  readonly dispatch: (args: Arguments) => unknown
  /** The macro that a name means where the template stands. */
  readonly macro: (name: string) => HostFunction | undefined
  readonly engine: EngineFacts
  /** Behaviour flags of the project file that are on. */
  readonly behavior: ReadonlySet<string>
  readonly md5: (text: string) => string
  /** ISO 8601. */
  readonly startedAt: string
  readonly invocationId: string
  readonly print: (text: string) => void
  readonly warnOnce: (reason: string) => void
}

/** @throws `model/no-database`, or a fault with DuckDB's reason */
export async function ask({ database }: AdapterContext, sql: string): Promise<QueryResult> {
  if (database === undefined) throw problem('model/no-database', { sql })
  try {
    return await database.query(sql)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TemplateFault(`the query failed: ${reason}`, { cause })
  }
}

/** Calls a macro as a project sees it: its own where it has one. */
export async function callMacro(
  { macro }: AdapterContext,
  name: string,
  ...positional: readonly unknown[]
): Promise<unknown> {
  const found = macro(name)
  if (found === undefined) throw problem('model/unknown-macro', { name, nearest: undefined })
  return await found.call({ positional, named: new Map() })
}

/** The condition that a column holds a name, in any case. */
export function isNamed(column: string, name: string): string {
  return `lower(${column}) = ${quoteLiteral(name.toLowerCase())}`
}

export function relationArgument(name: string, value: unknown): RelationValue {
  if (value instanceof RelationValue) return value
  throw new TemplateFault(`${name}() takes a relation, such as ref('x') or this`)
}
