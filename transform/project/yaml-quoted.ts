/** Quoted scalars and block scalars of YAML. */
import { type Cursor, code, lineEnd, UnusualYaml } from './yaml-cursor.ts'

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}
const escaped = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|\n[ \t]*|([^xuU]))/g

/** The text in quotes at the cursor, which moves behind the closing one. */
export function readQuoted(cursor: Cursor): string {
  return cursor.text.charCodeAt(cursor.at) === code.singleQuote
    ? readSingle(cursor)
    : readDouble(cursor)
}

function readSingle(cursor: Cursor): string {
  const { text } = cursor
  let end = text.indexOf("'", cursor.at + 1)
  while (end !== -1 && text.charCodeAt(end + 1) === code.singleQuote)
    end = text.indexOf("'", end + 2)
  if (end === -1) throw new UnusualYaml()
  const body = text.slice(cursor.at + 1, end)
  cursor.at = end + 1
  return foldLines(body).replaceAll("''", "'")
}

function readDouble(cursor: Cursor): string {
  const { text } = cursor
  let end = cursor.at + 1
  for (; text.charCodeAt(end) !== code.doubleQuote; end += 1) {
    if (end >= text.length) throw new UnusualYaml()
    if (text[end] === '\\') end += 1
  }
  const body = text.slice(cursor.at + 1, end)
  cursor.at = end + 1
  if (!body.includes('\\')) return foldLines(body)
  // Escapes that fold with the lines around them are too rare to be worth the care.
  if (body.includes('\n')) throw new UnusualYaml()
  return body.replace(escaped, (whole, two, four, eight, one) => {
    const point: unknown = two ?? four ?? eight
    if (typeof point === 'string') return String.fromCodePoint(Number.parseInt(point, 16))
    const plain = escapes[String(one)]
    if (plain === undefined) throw new UnusualYaml(whole)
    return plain
  })
}

/** Line breaks inside quotes and plain text: one is a space, each further one stays. */
export function foldLines(body: string): string {
  if (!body.includes('\n')) return body
  return body.replace(/[ \t]*\n[ \t]*(?:\n[ \t]*)*/g, (gap) => {
    const breaks = gap.split('\n').length - 1
    return breaks === 1 ? ' ' : '\n'.repeat(breaks - 1)
  })
}

const header = /[|>](?:([-+])([1-9])?|([1-9])([-+])?)?[ ]*(?:[ ]#[^\n]*)?(?:\n|$)/y

/**
 * The text of `|` or `>`, whose header is at the cursor; the cursor moves to the start of the line behind it.
 * @param parent how far the key or dash that holds the scalar is indented; -1 for a whole document
 */
export function readBlockScalar(cursor: Cursor, parent: number): string {
  header.lastIndex = cursor.at
  const found = header.exec(cursor.text)
  if (found === null) throw new UnusualYaml()
  const isFolded = cursor.text.charCodeAt(cursor.at) === code.greater
  const chomping = found[1] ?? found[4] ?? ''
  const said = found[2] ?? found[3]
  cursor.at = header.lastIndex
  const indent = said === undefined ? undefined : Math.max(parent, 0) + Number(said)
  const lines = takeLines(cursor, parent, indent)
  const trailing = countTrailing(lines)
  const content = lines.slice(0, lines.length - trailing)
  const body = isFolded ? fold(content) : content.join('\n')
  if (chomping === '-') return body
  // The last line of a file has no line break to give when the file does not end with one.
  const isCut = trailing === 0 && cursor.at === cursor.text.length && !cursor.text.endsWith('\n')
  const end = content.length > 0 && !isCut ? '\n' : ''
  return chomping === '+' ? body + end + '\n'.repeat(trailing) : body + end
}

/** The lines of a block scalar without their indentation; lines of blanks alone are empty. */
function takeLines(cursor: Cursor, parent: number, said: number | undefined): string[] {
  const { text } = cursor
  const lines: string[] = []
  let indent = said
  let leading = 0
  while (cursor.at < text.length) {
    const end = lineEnd(text, cursor.at)
    let first = cursor.at
    while (text.charCodeAt(first) === code.space) first += 1
    const width = first - cursor.at
    const isBlankLine = first >= end
    if (isBlankLine && indent === undefined) leading = Math.max(leading, width)
    if (!isBlankLine && indent === undefined) {
      if (width <= parent) break
      if (leading > width || text.charCodeAt(first) === code.tab) throw new UnusualYaml()
      indent = width
    }
    if (!isBlankLine && indent !== undefined && width < indent) {
      if (width > parent) throw new UnusualYaml()
      break
    }
    lines.push(indent === undefined ? '' : text.slice(Math.min(cursor.at + indent, end), end))
    cursor.at = end + 1
  }
  cursor.at = Math.min(cursor.at, text.length)
  return lines
}

function countTrailing(lines: readonly string[]): number {
  return lines.length - 1 - lines.findLastIndex((line) => line !== '')
}

/** One line break between two lines that begin with text is a space; all others stay. */
function fold(lines: readonly string[]): string {
  const first = Math.max(
    lines.findIndex((line) => line !== ''),
    0,
  )
  let folded = '\n'.repeat(first) + (lines[first] ?? '')
  let isText = /^[^ \t]/.test(lines[first] ?? '')
  let breaks = 0
  for (const line of lines.slice(first + 1)) {
    if (line === '') {
      breaks += 1
      continue
    }
    const startsText = !/^[ \t]/.test(line)
    const keepsBreak = !(isText && startsText)
    if (breaks === 0) folded += keepsBreak ? '\n' : ' '
    else folded += '\n'.repeat(keepsBreak ? breaks + 1 : breaks)
    folded += line
    isText = startsText
    breaks = 0
  }
  return folded
}
