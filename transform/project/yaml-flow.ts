/** Lists in `[…]` and maps in `{…}` of YAML. */
import { type Cursor, code, isBlank, lineEnd, UnusualYaml } from './yaml-cursor.ts'
import { foldLines, readQuoted } from './yaml-quoted.ts'
import { resolveScalar } from './yaml-scalar.ts'

/** The list or map whose bracket is at the cursor, which moves behind the closing one. */
export function readFlow(cursor: Cursor): unknown {
  return cursor.text.charCodeAt(cursor.at) === code.openBracket ? readList(cursor) : readMap(cursor)
}

function readList(cursor: Cursor): unknown[] {
  const items: unknown[] = []
  const offsets: number[] = []
  cursor.places.set(items, { keys: [], offsets })
  cursor.at += 1
  for (skipGap(cursor); !takes(cursor, code.closeBracket); skipGap(cursor)) {
    offsets.push(cursor.at)
    items.push(readItem(cursor))
    skipGap(cursor)
    // `[a: b]` is a list of a map: unusual enough to leave it to the full reader.
    if (cursor.text.charCodeAt(cursor.at) === code.colon) throw new UnusualYaml()
    endItem(cursor, code.closeBracket)
  }
  return items
}

function readMap(cursor: Cursor): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  const keys: string[] = []
  const offsets: number[] = []
  cursor.places.set(map, { keys, offsets })
  cursor.at += 1
  for (skipGap(cursor); !takes(cursor, code.closeBrace); skipGap(cursor)) {
    const offset = cursor.at
    const key = readFlowKey(cursor)
    skipGap(cursor)
    const value = takes(cursor, code.colon) ? readValue(cursor) : null
    if (key === '__proto__' || key === '<<') throw new UnusualYaml()
    if (Object.hasOwn(map, key)) cursor.duplicates.push({ key, offset })
    keys.push(key)
    offsets.push(offset)
    map[key] = value
    skipGap(cursor)
    endItem(cursor, code.closeBrace)
  }
  return map
}

function readValue(cursor: Cursor): unknown {
  skipGap(cursor)
  const next = cursor.text.charCodeAt(cursor.at)
  return next === code.comma || next === code.closeBrace ? null : readItem(cursor)
}

function readFlowKey(cursor: Cursor): string {
  const next = cursor.text.charCodeAt(cursor.at)
  if (next === code.doubleQuote || next === code.singleQuote) return readQuoted(cursor)
  return readPlain(cursor)
}

function readItem(cursor: Cursor): unknown {
  const next = cursor.text.charCodeAt(cursor.at)
  if (next === code.doubleQuote || next === code.singleQuote) return readQuoted(cursor)
  if (next === code.openBracket || next === code.openBrace) return readFlow(cursor)
  return resolveScalar(readPlain(cursor))
}

const plain = /[^\s,[\]{}#&*!|>'"%@`?:-](?:[^\n,[\]{}:#]|:(?![\s,[\]{}]|$)|(?<! )#)*/y
/** Scalars that begin with a dash, a colon or a question mark that blanks do not follow. */
const marked = /[-:?](?![\s,[\]{}]|$)(?:[^\n,[\]{}:#]|:(?![\s,[\]{}]|$)|(?<! )#)*/y

/** Text without quotes up to what ends it, its lines folded into one. */
function readPlain(cursor: Cursor): string {
  const { text } = cursor
  const start = cursor.at
  const pattern = /[-:?]/.test(text[start] ?? '') ? marked : plain
  pattern.lastIndex = start
  if (!pattern.test(text)) throw new UnusualYaml()
  cursor.at = pattern.lastIndex
  while (text.charCodeAt(cursor.at) === code.newline) {
    const before = cursor.at
    skipGap(cursor)
    const next = text[cursor.at] ?? ''
    const isComment = text.slice(before, cursor.at).includes('#')
    if (isComment || ',[]{}:'.includes(next)) {
      if (isComment && !',[]{}:'.includes(next)) throw new UnusualYaml()
      return foldLines(text.slice(start, before)).trimEnd()
    }
    plain.lastIndex = cursor.at
    if (!plain.test(text)) throw new UnusualYaml()
    cursor.at = plain.lastIndex
  }
  return foldLines(text.slice(start, cursor.at).trimEnd())
}

/** Moves over blanks, line breaks and comments. */
function skipGap(cursor: Cursor): void {
  const { text } = cursor
  for (;;) {
    const next = text.charCodeAt(cursor.at)
    if (next === code.space || next === code.newline) cursor.at += 1
    else if (next === code.hash && isBlank(text, cursor.at - 1)) {
      cursor.at = lineEnd(text, cursor.at)
    } else if (next === code.tab || cursor.at >= text.length) throw new UnusualYaml()
    else return
  }
}

function takes(cursor: Cursor, wanted: number): boolean {
  const isThere = cursor.text.charCodeAt(cursor.at) === wanted
  if (isThere) cursor.at += 1
  return isThere
}

/** A comma, or the bracket that is taken in the next round. */
function endItem(cursor: Cursor, closing: number): void {
  if (takes(cursor, code.comma)) return
  if (cursor.text.charCodeAt(cursor.at) !== closing) throw new UnusualYaml()
}
