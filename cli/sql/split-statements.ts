/** The statements of a text, split at the semicolons that are not inside something. */
import { isBlank, type SqlToken, tokenizeSql } from '../../core/sql-tokens.ts'

export type Statement = {
  /** Without the semicolon. */
  readonly sql: string
  /** Where it starts in the text, from 0; token offsets count from the text's start too. */
  readonly start: number
  /** Line breaks in the text before it, so that DuckDB's messages count from the top. */
  readonly linesBefore: number
  /** What is neither space nor comment. */
  readonly tokens: readonly SqlToken[]
}

/** Splits a text; statements without a word in them are left out. */
export function splitStatements(text: string): Statement[] {
  const groups: SqlToken[][] = [[]]
  for (const token of tokenizeSql(text)) {
    if (token.kind === 'operator' && token.text === ';') groups.push([])
    else groups.at(-1)?.push(token)
  }
  return groups.flatMap((all) => {
    const tokens = all.filter((token) => !isBlank(token))
    const [first] = tokens
    if (first === undefined) return []
    const sql = all.map((token) => token.text).join('')
    const start = all[0]?.start ?? 0
    const linesBefore = text.slice(0, start).split('\n').length - 1
    return [{ sql, start, linesBefore, tokens }]
  })
}

/** Tells whether a text typed so far ends with a semicolon, or holds nothing to run. */
export function isComplete(text: string): boolean {
  const tokens = tokenizeSql(text)
  if (tokens.some((token) => !token.closed)) return false
  const last = tokens.findLast((token) => !isBlank(token))
  return last === undefined || last.text === ';'
}
