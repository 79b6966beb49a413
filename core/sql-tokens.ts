/**
 * SQL text as tokens, by the lexical rules that PostgreSQL and DuckDB share: enough to find statements and
 * `:named` parameters without being fooled by strings, quoted names, dollar quotes, comments or `::casts`.
 */

export type SqlToken = {
  readonly kind:
    | 'space'
    | 'comment'
    | 'string'
    | 'quoted-name'
    | 'word'
    | 'number'
    | 'parameter'
    | 'operator'
  /** As written; the texts of all tokens joined give the input back. */
  readonly text: string
  /** Offset of the first character, from 0. */
  readonly start: number
  /** False when the text ends inside this string, quoted name or comment. */
  readonly closed: boolean
}

const letter = 'A-Za-z_\\u0080-\\uffff'
type Pattern = {
  readonly kind: SqlToken['kind']
  /** Its first character. */
  readonly first: RegExp
  readonly whole: RegExp
}
/** The first that matches counts. */
const patterns: readonly Pattern[] = [
  { kind: 'space', first: /\s/, whole: /\s+/y },
  { kind: 'comment', first: /-/, whole: /--[^\n]*/y },
  { kind: 'string', first: /'/, whole: /'[^']*(?:''[^']*)*(?:'|$)/y },
  // What goes on in the next line has its rules, too.
  {
    kind: 'string',
    first: /[eE]/,
    whole: /[eE]'(?:[^'\\]|\\.|''|'[^\S\n]*\n\s*')*(?:'|\\?$)/sy,
  },
  { kind: 'quoted-name', first: /"/, whole: /"[^"]*(?:""[^"]*)*(?:"|$)/y },
  { kind: 'parameter', first: /:/, whole: new RegExp(`:[${letter}][${letter}0-9]*`, 'y') },
  {
    kind: 'word',
    first: new RegExp(`[${letter}]`),
    whole: new RegExp(`[${letter}][${letter}0-9$]*`, 'y'),
  },
  { kind: 'number', first: /\d/, whole: /\d+(?:\.\d+)?\w*/y },
  { kind: 'operator', first: /./s, whole: /::|:=|./sy },
]

/** By the code of a first character, one of ASCII: trying them all takes four times as long. */
let byFirst: readonly (readonly Pattern[])[] | undefined

function patternsAt(sql: string, start: number): readonly Pattern[] {
  byFirst ??= Array.from({ length: 128 }, (_, code) =>
    patterns.filter(({ first }) => first.test(String.fromCharCode(code))),
  )
  return byFirst[sql.charCodeAt(start)] ?? patterns
}

const dollarTag = new RegExp(`\\$(?:[${letter}][${letter}0-9]*)?\\$`, 'y')

/** The tokens of a text; every character is in exactly one of them, whatever the text is. */
export function tokenizeSql(sql: string): SqlToken[] {
  const tokens: SqlToken[] = []
  for (let start = 0; start < sql.length; ) {
    const token = blockComment(sql, start) ?? dollarString(sql, start) ?? plainToken(sql, start)
    tokens.push(token)
    start += token.text.length
  }
  return tokens
}

/** Tells whether a token is only spacing or a comment. */
export function isBlank(token: SqlToken): boolean {
  return token.kind === 'space' || token.kind === 'comment'
}

function plainToken(sql: string, start: number): SqlToken {
  for (const { kind, whole } of patternsAt(sql, start)) {
    const text = matchAt(whole, sql, start)
    if (text !== undefined) return { kind, text, start, closed: isClosed(kind, text) }
  }
  return { kind: 'operator', text: sql.slice(start, start + 1), start, closed: true }
}

function isClosed(kind: SqlToken['kind'], text: string): boolean {
  if (kind === 'quoted-name') return text.length > 1 && quotesAtEnd(text, '"')
  if (kind !== 'string') return true
  if (!/^[eE]/.test(text)) return text.length > 1 && quotesAtEnd(text, "'")
  return /^[eE]'(?:[^'\\]|\\.|''|'[^\S\n]*\n\s*')*'$/s.test(text)
}

/** `'it''s'` ends with its closing quote; in `'it''` the last two are one escaped quote. */
function quotesAtEnd(text: string, quote: string): boolean {
  let count = 0
  for (let index = text.length - 1; index > 0 && text[index] === quote; index--) count++
  return count % 2 === 1
}

/** Block comments nest, as the SQL standard says. */
function blockComment(sql: string, start: number): SqlToken | undefined {
  if (!sql.startsWith('/*', start)) return undefined
  const mark = /\/\*|\*\//g
  mark.lastIndex = start
  for (let depth = 0, found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) {
      return { kind: 'comment', text: sql.slice(start, mark.lastIndex), start, closed: true }
    }
  }
  return { kind: 'comment', text: sql.slice(start), start, closed: false }
}

function dollarString(sql: string, start: number): SqlToken | undefined {
  const tag = sql[start] === '$' ? matchAt(dollarTag, sql, start) : undefined
  if (tag === undefined) return undefined
  const end = sql.indexOf(tag, start + tag.length)
  const text = end < 0 ? sql.slice(start) : sql.slice(start, end + tag.length)
  return { kind: 'string', text, start, closed: end >= 0 }
}

function matchAt(pattern: RegExp, sql: string, start: number): string | undefined {
  pattern.lastIndex = start
  return pattern.test(sql) ? sql.slice(start, pattern.lastIndex) : undefined
}
