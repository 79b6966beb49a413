/** Python source → tokens, as far as finding calls in it needs. */

export type PythonToken = {
  readonly kind: 'name' | 'number' | 'string' | 'f-string' | 'mark'
  /** What a string says; what the source says for anything else. */
  readonly text: string
  readonly offset: number
}

const pattern = new RegExp(
  [
    /(?<gap>[ \t\f\r\n]+|\\\r?\n|#[^\n]*)/,
    /(?<prefix>[rRbBuUfFtT]{0,2})(?<quote>'''|"""|'|")/,
    /(?<name>[\p{L}_][\p{L}\p{N}_]*)/u,
    /(?<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?|0[xXoObB][\da-fA-F_]+)/,
    /(?<mark>[\s\S])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'uy',
)
const hexadecimal = /0[xXoObB][\da-fA-F_]+/y

/** Tokens in order, without comments; a string that never ends takes the rest. */
export function readPythonTokens(source: string): PythonToken[] {
  const tokens: PythonToken[] = []
  let at = 0
  const add = (kind: PythonToken['kind'], text: string, end: number) => {
    tokens.push({ kind, text, offset: at })
    at = end
  }
  while (at < source.length) {
    pattern.lastIndex = at
    const groups = pattern.exec(source)?.groups ?? {}
    const { gap, prefix = '', quote, name, number } = groups
    if (gap !== undefined) {
      at += gap.length
    } else if (quote !== undefined) {
      const start = at + prefix.length + quote.length
      const end = endOfString(source, start, quote)
      const body = source.slice(start, end)
      const isFormatted = /[ft]/i.test(prefix)
      const text = isFormatted || /r/i.test(prefix) ? body : readEscapes(body)
      add(isFormatted ? 'f-string' : 'string', text, end + quote.length)
    } else if (name !== undefined) {
      add('name', name, at + name.length)
    } else if (number !== undefined) {
      hexadecimal.lastIndex = at
      const text = hexadecimal.exec(source)?.[0] ?? number
      add('number', text, at + text.length)
    } else {
      add('mark', source[at] ?? '', at + 1)
    }
  }
  return tokens
}

function endOfString(source: string, from: number, quote: string): number {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1
    else if (source.startsWith(quote, at)) return at
  }
  return source.length
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
  '0': '\0',
}

function readEscapes(body: string): string {
  if (!body.includes('\\')) return body
  const escaped = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g
  return body.replace(escaped, (whole, two, four, eight, one) => {
    const point: unknown = two ?? four ?? eight
    if (typeof point === 'string') return String.fromCodePoint(Number.parseInt(point, 16))
    return escapes[String(one)] ?? whole
  })
}
