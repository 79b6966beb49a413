/**
 * What a macro does outside of a run: each statement is committed by itself, but from the first that asks for a
 * transaction on, all that follow are in it until the macro commits, or ends.
 */
import type { TemplateDatabase } from '../stdlib/database.ts'
import type { OpenSession } from './adapter.ts'

export type MacroTransaction = {
  /** For templates: `adapter.commit()` and `statement(auto_begin=true)` reach the transaction. */
  readonly database: TemplateDatabase
  /** Commits what is open, if anything is. */
  commit(): Promise<void>
  /** Undoes what is open; does not fail. */
  rollback(): Promise<void>
}

/** @param message kept with each commit, where the engine keeps such things */
export function openTransaction(
  session: OpenSession,
  database: TemplateDatabase,
  message: string,
): MacroTransaction {
  let isOpen = false
  const begin = async () => {
    if (isOpen) return
    await session.begin()
    isOpen = true
  }
  const commit = async () => {
    if (!isOpen) return
    isOpen = false
    await session.commit({ message })
  }
  const rollback = async () => {
    isOpen = false
    await session.rollback()
  }
  return { database: { ...database, begin, commit }, commit, rollback }
}
