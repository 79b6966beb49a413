/** `'%s' % x` and `'{}'.format(x)`. */
import {
  type Arguments,
  Float,
  itemsOf,
  numberOf,
  TemplateFault,
  Tuple,
  toRepr,
  toText,
} from './values.ts'

/** Python's `text % values`. */
export function formatPercent(text: string, values: unknown): string {
  const list = values instanceof Tuple ? [...values.items] : [values]
  let used = 0
  const result = text.replace(
    /%(?:\((\w+)\))?([-+ 0#]*)(\d+|\*)?(?:\.(\d+))?([a-zA-Z%])/g,
    (_, key?: string, flags = '', width?: string, precision?: string, kind = 's') => {
      if (kind === '%') return '%'
      const value = key === undefined ? list[used++] : lookUp(values, key)
      if (key === undefined && used > list.length) {
        throw new TemplateFault('there are not enough values for this format')
      }
      return pad(convert(value, kind, precision, flags), flags, width)
    },
  )
  if (used < list.length && !(values instanceof Map)) {
    throw new TemplateFault('there are more values than places in this format')
  }
  return result
}

function lookUp(values: unknown, key: string): unknown {
  return values instanceof Map ? values.get(key) : undefined
}

function convert(value: unknown, kind: string, precision: string | undefined, flags: string) {
  const digits = precision === undefined ? undefined : Number(precision)
  const sign = (text: string) => (flags.includes('+') && !text.startsWith('-') ? `+${text}` : text)
  switch (kind) {
    case 's':
      return digits === undefined ? toText(value) : toText(value).slice(0, digits)
    case 'r':
      return toRepr(value)
    case 'd':
    case 'i':
      return sign(String(Math.trunc(numberOf(value))))
    case 'f':
    case 'F':
      return sign(numberOf(value).toFixed(digits ?? 6))
    case 'e':
      return sign(
        numberOf(value)
          .toExponential(digits ?? 6)
          .replace(/e([+-])(\d)$/, 'e$10$2'),
      )
    case 'x':
      return Math.trunc(numberOf(value)).toString(16)
    case 'X':
      return Math.trunc(numberOf(value)).toString(16).toUpperCase()
    case 'g':
      return toText(value)
    default:
      throw new TemplateFault(`%${kind} is no format`)
  }
}

function pad(text: string, flags: string, width: string | undefined): string {
  const size = Math.min(Number(width ?? 0), 10_000)
  if (flags.includes('-')) return text.padEnd(size)
  if (!flags.includes('0')) return text.padStart(size)
  const sign = /^[+-]/.test(text) ? text.slice(0, 1) : ''
  return sign + text.slice(sign.length).padStart(size - sign.length, '0')
}

/** Python's `text.format(…)`: `{}`, `{0}`, `{name}`, `{name.key}`, `{:>8}`, `{:.2f}`, `{:,}`. */
export function formatBraces(text: string, args: Arguments): string {
  let next = 0
  return text.replace(
    /\{\{|\}\}|\{([^{}:!]*)(?:!([rs]))?(?::([^{}]*))?\}/g,
    (whole: string, field?: string, conversion?: string, spec = '') => {
      if (whole === '{{') return '{'
      if (whole === '}}') return '}'
      const [head = '', ...path] = (field ?? '')
        .split(/[.[\]]+/)
        .filter((part, i) => i === 0 || part)
      let value: unknown
      if (head === '') value = args.positional[next++]
      else if (/^\d+$/.test(head)) value = args.positional[Number(head)]
      else value = args.named.get(head)
      if (value === undefined) throw new TemplateFault(`format() has no value for {${field ?? ''}}`)
      for (const part of path) {
        value = value instanceof Map ? value.get(part) : itemsOf(value)[Number(part)]
      }
      return applySpec(conversion === 'r' ? toRepr(value) : value, spec)
    },
  )
}

function applySpec(value: unknown, spec: string): string {
  const parts = /^(?:(.)?([<>^]))?([+])?(0)?(\d+)?(,)?(?:\.(\d+))?([a-z%])?$/.exec(spec)
  if (parts === null) throw new TemplateFault(`{:${spec}} is no format`)
  const [, fill, align, plus, zero, width, comma, precision, kind] = parts
  let text: string
  if (kind === '%') text = `${(numberOf(value) * 100).toFixed(Number(precision ?? 6))}%`
  else if (kind === 'f') text = numberOf(value).toFixed(Number(precision ?? 6))
  else if (precision !== undefined && value instanceof Float) {
    text = numberOf(value).toPrecision(Number(precision))
  } else if (precision !== undefined) text = toText(value).slice(0, Number(precision))
  else text = toText(value)
  if (comma !== undefined) text = text.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  if (plus !== undefined && !text.startsWith('-')) text = `+${text}`
  const size = Math.min(Number(width ?? 0), 10_000)
  const filler = fill ?? (zero === undefined ? ' ' : '0')
  const isRight = align === '>' || (align === undefined && typeof value !== 'string')
  if (align === '^') {
    const before = Math.max(0, Math.floor((size - text.length) / 2))
    return (filler.repeat(before) + text).padEnd(size, filler)
  }
  return isRight ? text.padStart(size, filler) : text.padEnd(size, filler)
}
