/**
 * A quick reader of the YAML that people write for dbt: maps and lists by indentation or in brackets, scalars of all
 * kinds. Anchors, tags, merged maps and whatever looks wrong are left to the full reader, which is some twenty times
 * slower and tells what is wrong.
 */
import {
  type Cursor,
  code,
  endLine,
  isBlank,
  lineEnd,
  nextContent,
  skipSpaces,
  UnusualYaml,
} from './yaml-cursor.ts'
import { readFlow } from './yaml-flow.ts'
import { foldLines, readBlockScalar, readQuoted } from './yaml-quoted.ts'
import { resolveScalar } from './yaml-scalar.ts'

export type QuickYaml = Pick<Cursor, 'places' | 'duplicates'> & { readonly value: unknown }

/** The document, or nothing when the full reader has to look at it. Line breaks of the text must be `\n`. */
export function readQuickly(text: string): QuickYaml | undefined {
  if (/^(?:---|\.\.\.|%)/m.test(text)) return undefined
  const cursor: Cursor = { text, at: 0, places: new Map(), duplicates: [] }
  try {
    const indent = nextContent(cursor)
    const value = indent === -1 ? null : readNode(cursor, indent, -1)
    if (nextContent(cursor) !== -1) return undefined
    return { value, places: cursor.places, duplicates: cursor.duplicates }
  } catch (error) {
    if (error instanceof UnusualYaml) return undefined
    throw error
  }
}

/**
 * What begins at the cursor; the cursor ends at the start of a line, or at the end of one.
 * @param indent column of the cursor
 * @param parent column of what holds it
 */
function readNode(cursor: Cursor, indent: number, parent: number): unknown {
  const first = cursor.text.charCodeAt(cursor.at)
  if (first === code.dash && isBlank(cursor.text, cursor.at + 1)) return readList(cursor, indent)
  const key = readKey(cursor)
  if (key !== undefined) return readMap(cursor, indent, key)
  return readScalar(cursor, parent)
}

function readList(cursor: Cursor, indent: number): unknown[] {
  const items: unknown[] = []
  const offsets: number[] = []
  cursor.places.set(items, { keys: [], offsets })
  do {
    const dash = cursor.at
    cursor.at += 1
    skipSpaces(cursor)
    if (isLineOver(cursor)) {
      items.push(readBelow(cursor, indent, false, offsets))
    } else {
      offsets.push(cursor.at)
      items.push(readNode(cursor, indent + cursor.at - dash, indent))
    }
  } while (nextContent(cursor) === indent && isDash(cursor))
  backToLine(cursor)
  return items
}

type Key = { readonly name: string; readonly offset: number }

function readMap(cursor: Cursor, indent: number, first: Key): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  const keys: string[] = []
  const offsets: number[] = []
  cursor.places.set(map, { keys, offsets })
  let key: Key | undefined = first
  while (key !== undefined) {
    const { name, offset } = key
    if (name === '__proto__' || name === '<<') throw new UnusualYaml()
    if (Object.hasOwn(map, name)) cursor.duplicates.push({ key: name, offset })
    keys.push(name)
    offsets.push(offset)
    skipSpaces(cursor)
    map[name] = isLineOver(cursor) ? readBelow(cursor, indent, true) : readScalar(cursor, indent)
    if (nextContent(cursor) !== indent) break
    if (isDash(cursor)) throw new UnusualYaml()
    key = readKey(cursor)
    if (key === undefined) throw new UnusualYaml()
  }
  backToLine(cursor)
  return map
}

/** What stands on the lines below a key or a dash: deeper, or for a key a list at its own column. */
function readBelow(
  cursor: Cursor,
  indent: number,
  isOfKey: boolean,
  offsets: number[] = [],
): unknown {
  const dash = cursor.at
  cursor.at = lineEnd(cursor.text, dash)
  const below = nextContent(cursor)
  const isListOfKey = isOfKey && below === indent && isDash(cursor)
  if (below > indent || isListOfKey) {
    offsets.push(cursor.at)
    return isListOfKey ? readList(cursor, below) : readNode(cursor, below, indent)
  }
  offsets.push(dash)
  backToLine(cursor)
  return null
}

function isLineOver({ text, at }: Cursor): boolean {
  const next = text.charCodeAt(at)
  return next === code.newline || next === code.hash || at >= text.length
}

function isDash({ text, at }: Cursor): boolean {
  return text.charCodeAt(at) === code.dash && isBlank(text, at + 1)
}

/** Back to the start of a line whose content somebody else reads. */
function backToLine(cursor: Cursor): void {
  if (cursor.at < cursor.text.length) cursor.at = cursor.text.lastIndexOf('\n', cursor.at - 1) + 1
}

const plainKey =
  /[^\s[\]{}#&*!|>'"%@`?,:-](?:[^\n:#]|:(?=[^\s])|(?<=[^\s])#)*(?<=\S)(?= *:(?:[ \n]|$))/y

/** The key at the cursor, which moves behind its colon; nothing when there is none. */
function readKey(cursor: Cursor): Key | undefined {
  const { text } = cursor
  const offset = cursor.at
  const first = text.charCodeAt(offset)
  let name: string
  if (first === code.doubleQuote || first === code.singleQuote) {
    name = readQuoted(cursor)
  } else {
    plainKey.lastIndex = offset
    if (!plainKey.test(text)) return undefined
    cursor.at = plainKey.lastIndex
    name = text.slice(offset, cursor.at)
  }
  skipSpaces(cursor)
  if (text.charCodeAt(cursor.at) !== code.colon || !isBlank(text, cursor.at + 1)) {
    cursor.at = offset
    return undefined
  }
  if (text.slice(offset, cursor.at).includes('\n')) throw new UnusualYaml()
  cursor.at += 1
  return { name, offset }
}

function readScalar(cursor: Cursor, parent: number): unknown {
  const first = cursor.text.charCodeAt(cursor.at)
  if (first === code.bar || first === code.greater) return readBlockScalar(cursor, parent)
  if (first === code.doubleQuote || first === code.singleQuote) {
    const value = readQuoted(cursor)
    endLine(cursor)
    return value
  }
  if (first === code.openBracket || first === code.openBrace) {
    const value = readFlow(cursor)
    endLine(cursor)
    return value
  }
  return resolveScalar(readPlain(cursor, parent))
}

const firstOfPlain = /[^\s[\]{}#&*!|>'"%@`,?:-]|[-?:](?=\S)/y

/** Plain text with the deeper lines that go on with it, folded into one line. */
function readPlain(cursor: Cursor, parent: number): string {
  const { text } = cursor
  firstOfPlain.lastIndex = cursor.at
  if (!firstOfPlain.test(text)) throw new UnusualYaml()
  const start = cursor.at
  let end = plainEnd(text, start)
  cursor.at = lineEnd(text, end)
  let hasComment = end !== cursor.at && text.slice(end, cursor.at).includes('#')
  for (;;) {
    const line = cursor.at
    const indent = nextContentOfPlain(cursor)
    if (indent <= parent) {
      cursor.at = line
      break
    }
    if (hasComment) throw new UnusualYaml()
    const from = cursor.at
    end = plainEnd(text, from)
    cursor.at = lineEnd(text, end)
    hasComment = end !== cursor.at && text.slice(end, cursor.at).includes('#')
  }
  return foldLines(text.slice(start, end))
}

/** Indentation of the next line that is not blank; -1 at the end of the text and before a comment. */
function nextContentOfPlain(cursor: Cursor): number {
  const { text } = cursor
  cursor.at += 1
  while (cursor.at < text.length) {
    const start = cursor.at
    skipSpaces(cursor)
    const next = text.charCodeAt(cursor.at)
    if (next === code.newline) cursor.at += 1
    else if (next === code.tab) throw new UnusualYaml()
    else if (next === code.hash) return -1
    else if (cursor.at < text.length) return cursor.at - start
  }
  return -1
}

/** Where a line of plain text ends: before a comment and the blanks that go with it. */
function plainEnd(text: string, from: number): number {
  const line = lineEnd(text, from)
  let end = line
  for (let at = from; at < line; at += 1) {
    const next = text.charCodeAt(at)
    if (next === code.tab || (next === code.colon && isBlank(text, at + 1))) throw new UnusualYaml()
    if (next === code.hash && text.charCodeAt(at - 1) === code.space) {
      end = at
      break
    }
  }
  while (text.charCodeAt(end - 1) === code.space) end -= 1
  return end
}
