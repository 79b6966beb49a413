/** What templates asked for when they were parsed before: who keeps it decides when it still holds. */
import type { Config } from '../project/project.ts'
import type { MacroLibrary } from './macros.ts'

export type RefCall = { readonly parts: readonly string[]; readonly version: string | undefined }
export type SourceCall = { readonly source: string; readonly table: string }

/** All that a template asked for while it was parsed, as plain data. */
export type Asked = {
  readonly refs: readonly RefCall[]
  readonly sources: readonly SourceCall[]
  readonly functions: readonly (readonly string[])[]
  readonly metrics: readonly (readonly string[])[]
  readonly macros: readonly string[]
  readonly configs: readonly Config[]
  readonly newRowsOf: readonly (RefCall | SourceCall | undefined)[]
}

/** A template about to be parsed. */
export type Question = {
  /** With all that schema files say of the node. */
  readonly source: { readonly kind: string; readonly id: string; readonly text: string }
  /** Configs said outside the template. */
  readonly base: Config
  /** Whether its plain names mean dbt's own, so that a plain template means the same wherever it stands. */
  readonly isPlain: boolean
  readonly library: MacroLibrary
  /** Variables as its package sees them. */
  readonly vars: () => Config
}

export type Answer = {
  readonly asked: Asked
  /** Its header as it is written. */
  readonly header: Config
}

export interface AskMemo<Reads = unknown> {
  find(question: Question): Answer | undefined
  /** Watches what rendering reads from now on. */
  begin(): void
  /** Ends that. @returns what was read, for `keep` */
  end(): Reads
  /** @param reads of `end`; undefined for a template that was not rendered */
  keep(question: Question, answer: Answer, reads: Reads): void
  /** The same variables, watched. */
  watched(vars: Config): Config
  /** Told each macro that is looked for, found or not. */
  macro(owner: string, name: string): void
}
