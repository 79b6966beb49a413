/** `:named` parameters become `$1`, `$2`, …; values never enter the text. */
import { tokenizeSql } from '../../core/sql-tokens.ts'

export type BoundSql = {
  readonly text: string
  /** Names in the order of `$1`, `$2`, …, each once. */
  readonly names: readonly string[]
  /** The place in the given SQL of an offset in `text`; both from 0. */
  readonly sourceOffset: (offset: number) => number
}

/**
 * Puts numbered placeholders where the names stand.
 * @param castOf the SQL type of a name, so that the server never has to guess one
 */
export function bindParameters(sql: string, castOf: (name: string) => string): BoundSql {
  const names: string[] = []
  const shifts: { readonly bound: number; readonly source: number }[] = []
  let text = ''
  for (const token of tokenizeSql(sql)) {
    shifts.push({ bound: text.length, source: token.start })
    if (token.kind !== 'parameter') {
      text += token.text
      continue
    }
    const name = token.text.slice(1)
    if (!names.includes(name)) names.push(name)
    text += `$${names.indexOf(name) + 1}::${castOf(name)}`
  }
  return { text, names, sourceOffset: (offset) => sourceOffset(shifts, offset) }
}

function sourceOffset(
  shifts: readonly { readonly bound: number; readonly source: number }[],
  offset: number,
): number {
  const before = shifts.findLast(({ bound }) => bound <= offset) ?? { bound: 0, source: 0 }
  return before.source + (offset - before.bound)
}
