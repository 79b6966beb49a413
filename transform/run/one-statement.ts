/** A model is one query: a second statement would run beside it, and a `commit` would publish half of a run. */
import { problem } from '../../core/problems.ts'
import { isBlank, tokenizeSql } from '../../core/sql-tokens.ts'
import type { RunnableNode } from '../plan/plan-run.ts'

/**
 * Semicolons at the end are let pass.
 * @param sql what a model or snapshot has rendered to
 * @throws `model/many-statements`
 */
export function requireOneStatement({ name, file }: RunnableNode, sql: string): void {
  // Looking for the character costs nothing; reading the text is left to those that have it.
  if (!sql.includes(';')) return
  let end: number | undefined
  for (const token of tokenizeSql(sql)) {
    const isEnd = token.kind === 'operator' && token.text === ';'
    if (isEnd) end ??= token.start
    else if (end !== undefined && !isBlank(token)) {
      const line = sql.slice(0, end).split('\n').length
      throw problem('model/many-statements', { node: name, line }, { at: { file } })
    }
  }
}
