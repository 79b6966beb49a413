/** Text → tokens. Whitespace control is settled here: the parser never sees `-` or `+` marks. */
import { SyntaxFault } from './syntax-fault.ts'

export type Token = {
  readonly kind:
    | 'text'
    | 'output-begin'
    | 'output-end'
    | 'tag-begin'
    | 'tag-end'
    | 'name'
    | 'string'
    | 'integer'
    | 'float'
    | 'operator'
    | 'end'
  readonly value: string
  readonly at: number
}

const rawTag = /\{%([-+]?)\s*(raw|docs\s+\w+)\s*([-+]?)%\}/y
const space = /\s+/y
const plainName = /[A-Za-z_][A-Za-z_0-9]*/y
const name = /[\p{L}_][\p{L}\p{N}_]*/uy
const number = /\d+(?:_\d+)*(\.\d+(?:_\d+)*)?([eE][+-]?\d+)?/y
const string = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y
const longOperators: ReadonlySet<string> = new Set(['**', '//', '==', '!=', '<=', '>='])
const outputEnd = /([-+]?)\}\}/y
const tagEnd = /([-+]?)%\}/y
const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** @throws SyntaxFault with the offset of what is wrong */
export function tokenize(template: string): Token[] {
  // Jinja drops one newline at the end of a file.
  const source = template.replace(/\r?\n$/, '')
  const tokens: Token[] = []
  let position = 0
  let trimNext = false

  const pushText = (from: number, to: number, trimEnd: boolean) => {
    let text = source.slice(from, to)
    if (trimNext) text = text.trimStart()
    if (trimEnd) text = text.trimEnd()
    trimNext = false
    if (text !== '') tokens.push({ kind: 'text', value: text, at: from })
  }

  while (position < source.length) {
    const begin = nextBegin(source, position)
    if (begin === -1) {
      pushText(position, source.length, false)
      break
    }
    const trimEnd = source[begin + 2] === '-'
    pushText(position, begin, trimEnd)
    const opener = source[begin + 1]
    if (opener === '#') {
      const end = source.indexOf('#}', begin + 2)
      if (end === -1) throw new SyntaxFault('this comment is never closed with #}', begin)
      trimNext = source[end - 1] === '-'
      position = end + 2
      continue
    }
    const raw = match(rawTag, source, begin)
    if (raw !== undefined) {
      position = pushRaw(source, begin, raw, tokens, (trim) => {
        trimNext = trim
      })
      continue
    }
    const kind = opener === '{' ? 'output' : 'tag'
    tokens.push({ kind: `${kind}-begin`, value: '', at: begin })
    const marked = trimEnd || source[begin + 2] === '+'
    const end = pushExpression(source, begin, begin + (marked ? 3 : 2), kind, tokens)
    trimNext = end.trim
    position = end.position
  }
  tokens.push({ kind: 'end', value: '', at: source.length })
  return tokens
}

function nextBegin(source: string, from: number): number {
  for (let at = source.indexOf('{', from); at !== -1; at = source.indexOf('{', at + 1)) {
    const next = source[at + 1]
    if (next === '{' || next === '%' || next === '#') return at
  }
  return -1
}

/** `raw` gives its text to the output; `docs` becomes a tag whose body is one text. */
function pushRaw(
  source: string,
  begin: number,
  raw: RegExpExecArray,
  tokens: Token[],
  setTrim: (trim: boolean) => void,
): number {
  const [whole, , head = '', trimMark] = raw
  const tag = head.startsWith('docs') ? 'docs' : 'raw'
  const start = begin + whole.length
  const closing = new RegExp(`\\{%([-+]?)\\s*end${tag}\\s*([-+]?)%\\}`, 'g')
  closing.lastIndex = start
  const close = closing.exec(source)
  if (close === null) throw new SyntaxFault(`this ${tag} block is never closed`, begin)
  let text = source.slice(start, close.index)
  if (trimMark === '-') text = text.trimStart()
  if (close[1] === '-') text = text.trimEnd()
  if (tag === 'docs') {
    tokens.push({ kind: 'tag-begin', value: '', at: begin })
    tokens.push({ kind: 'name', value: 'docs', at: begin })
    tokens.push({ kind: 'name', value: head.replace(/^docs\s+/, ''), at: begin })
    tokens.push({ kind: 'tag-end', value: '', at: begin })
  }
  if (text !== '') tokens.push({ kind: 'text', value: text, at: start })
  if (tag === 'docs') {
    tokens.push({ kind: 'tag-begin', value: '', at: close.index })
    tokens.push({ kind: 'name', value: 'enddocs', at: close.index })
    tokens.push({ kind: 'tag-end', value: '', at: close.index })
  }
  setTrim(close[2] === '-')
  return closing.lastIndex
}

/** Tokens up to the end of one `{{ }}` or `{% %}`; an end mark inside brackets belongs to the expression. */
function pushExpression(
  source: string,
  begin: number,
  from: number,
  kind: 'output' | 'tag',
  tokens: Token[],
): { position: number; trim: boolean } {
  const endMark = kind === 'output' ? outputEnd : tagEnd
  const open: string[] = []
  let position = from
  for (;;) {
    position = skipSpace(source, position)
    if (position >= source.length) break
    if (open.length === 0 && '-+}%'.includes(source.charAt(position))) {
      const end = match(endMark, source, position)
      if (end !== undefined) {
        tokens.push({ kind: `${kind}-end`, value: '', at: position })
        return { position: position + end[0].length, trim: end[1] === '-' }
      }
    }
    const at = position
    position = pushToken(source, at, tokens)
    if (position === at + 1) matchBrackets(source.charAt(at), open, at)
  }
  const closing = kind === 'output' ? '}}' : '%}'
  throw new SyntaxFault(
    `this ${kind === 'output' ? '{{' : '{%'} is never closed with ${closing}`,
    begin,
  )
}

function skipSpace(source: string, at: number): number {
  const code = source.charCodeAt(at)
  // Most tokens have none before them, and asking a pattern costs more than the look.
  if (code > 32 && code < 128) return at
  return at + (match(space, source, at)?.[0].length ?? 0)
}

function matchBrackets(sign: string, open: string[], at: number): void {
  const closer = closers[sign]
  if (closer !== undefined) open.push(closer)
  else if (sign === ')' || sign === ']' || sign === '}') {
    const expected = open.pop()
    if (expected === sign) return
    const hint = expected === undefined ? 'nothing is open' : `${expected} was expected`
    throw new SyntaxFault(`unexpected ${sign}: ${hint}`, at)
  }
}

/** Adds the token that begins at `at`; returns where it ends. */
function pushToken(source: string, at: number, tokens: Token[]): number {
  const first = source.charAt(at)
  if (first === "'" || first === '"') {
    const quoted = match(string, source, at)?.[0]
    if (quoted === undefined) throw new SyntaxFault(`unexpected character ${first}`, at)
    tokens.push({ kind: 'string', value: unescapeText(quoted.slice(1, -1)), at })
    return at + quoted.length
  }
  const word = readName(source, at)
  if (word !== undefined) {
    tokens.push({ kind: 'name', value: word, at })
    return at + word.length
  }
  const digits = match(number, source, at)
  if (digits !== undefined) {
    const isFloat = digits[1] !== undefined || digits[2] !== undefined
    const value = digits[0].replaceAll('_', '')
    tokens.push({ kind: isFloat ? 'float' : 'integer', value, at })
    return at + digits[0].length
  }
  const value = readOperator(source, at, first)
  if (value === undefined) throw new SyntaxFault(`unexpected character ${first}`, at)
  tokens.push({ kind: 'operator', value, at })
  return at + value.length
}

/** Nearly all names are ASCII, and a pattern for those is several times faster. */
function readName(source: string, at: number): string | undefined {
  const plain = match(plainName, source, at)?.[0]
  const next = source.charCodeAt(at + (plain?.length ?? 0))
  return next > 127 ? match(name, source, at)?.[0] : plain
}

function readOperator(source: string, at: number, first: string): string | undefined {
  const pair = source.slice(at, at + 2)
  if (longOperators.has(pair)) return pair
  return '-+*/%~<>=()[]{},.:|'.includes(first) ? first : undefined
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
  '\n': '',
}

function unescapeText(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])/g,
    (whole: string, escaped: string) => {
      if (escaped.length > 1) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
      return escapes[escaped] ?? whole
    },
  )
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(source) ?? undefined
}
