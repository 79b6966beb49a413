/** A place in a YAML text and what has been found so far, shared by the parts of the quick reader. */

/** Where the keys of a map or the items of a list stand, as offsets into the text. */
type Places = { readonly keys: readonly string[]; readonly offsets: readonly number[] }

export type Cursor = {
  readonly text: string
  /** Offset of what is read next. */
  at: number
  /** By map or list. */
  readonly places: Map<object, Places>
  /** Keys that stand twice in one map; the later one counts. */
  readonly duplicates: { readonly key: string; readonly offset: number }[]
}

/** Thrown on anything that the quick reader leaves to the full one, mistakes included. */
export class UnusualYaml extends Error {}

export const code = {
  tab: 9,
  newline: 10,
  space: 32,
  doubleQuote: 34,
  hash: 35,
  singleQuote: 39,
  comma: 44,
  dash: 45,
  colon: 58,
  openBracket: 91,
  closeBracket: 93,
  openBrace: 123,
  bar: 124,
  closeBrace: 125,
  greater: 62,
} as const

/** Moves behind spaces on this line. */
export function skipSpaces(cursor: Cursor): void {
  while (cursor.text.charCodeAt(cursor.at) === code.space) cursor.at += 1
}

/** Moves to the end of the line, over spaces and a comment; anything else there is unusual. */
export function endLine(cursor: Cursor): void {
  skipSpaces(cursor)
  const next = cursor.text.charCodeAt(cursor.at)
  if (next === code.newline || cursor.at >= cursor.text.length) return
  if (next !== code.hash) throw new UnusualYaml()
  cursor.at = lineEnd(cursor.text, cursor.at)
}

/** Offset of the line break at or behind a place, or of the end of the text. */
export function lineEnd(text: string, from: number): number {
  const found = text.indexOf('\n', from)
  return found === -1 ? text.length : found
}

/** Moves to the first character of the next line with content, and tells how far it is indented; -1 at the end. */
export function nextContent(cursor: Cursor): number {
  const { text } = cursor
  while (cursor.at < text.length) {
    const start = cursor.at
    skipSpaces(cursor)
    const next = text.charCodeAt(cursor.at)
    if (next === code.hash) cursor.at = lineEnd(text, cursor.at) + 1
    else if (next === code.newline) cursor.at += 1
    else if (next === code.tab) throw new UnusualYaml()
    else if (cursor.at < text.length) return cursor.at - start
  }
  return -1
}

/** Whether a space, a line break or the end follows. */
export function isBlank(text: string, at: number): boolean {
  const next = text.charCodeAt(at)
  return next === code.space || next === code.newline || at >= text.length
}
