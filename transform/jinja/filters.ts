/** Jinja's filters, and dbt's `as_*`. */
import { applyBinary } from './arithmetic.ts'
import { bindNamed } from './call-arguments.ts'
import { formatPercent } from './format-text.ts'
import { toTitle } from './methods.ts'
import { toJson } from './to-json.ts'
import {
  type Arguments,
  compareValues,
  Float,
  isEqual,
  isNumber,
  isTruthy,
  itemsOf,
  lengthOf,
  numberOf,
  TemplateFault,
  Tuple,
  toRepr,
  toText,
  Undefined,
} from './values.ts'

/** What a filter may ask of the runtime: other filters, tests and attributes. */
interface FilterHost {
  filter(name: string, value: unknown, args: Arguments): unknown
  test(name: string, value: unknown, args: Arguments): boolean
  attribute(value: unknown, name: string): unknown
}

type Named = Readonly<Record<string, unknown>>
type Filter = (value: unknown, args: Arguments, host: FilterHost) => unknown

/** The filter of that name. */
export function findFilter(name: string): Filter | undefined {
  return filters.get(name)
}

export function filterNames(): readonly string[] {
  return [...filters.keys()]
}

/** A filter whose arguments have names. */
function named(
  name: string,
  parameters: readonly string[],
  apply: (value: unknown, args: Named, host: FilterHost) => unknown,
): [string, Filter] {
  return [name, (value, args, host) => apply(value, bindNamed(name, parameters, args), host)]
}

const numberArgument = (value: unknown, fallback: number) =>
  value === undefined || value === null ? fallback : numberOf(value)
const textArgument = (value: unknown, fallback: string) =>
  value === undefined || value === null ? fallback : toText(value)

const byDefault = (value: unknown, { default_value: fallback = '', boolean }: Named) =>
  value instanceof Undefined || (boolean === true && !isTruthy(value)) ? fallback : value

/** `a.b.0` walked from a value. */
function reach(value: unknown, path: unknown, host: FilterHost): unknown {
  if (typeof path === 'number') return itemsOf(value)[path] ?? new Undefined(String(path))
  return toText(path)
    .split('.')
    .reduce<unknown>((current, part) => {
      return /^\d+$/.test(part) ? itemsOf(current)[Number(part)] : host.attribute(current, part)
    }, value)
}

/** Sort keys: letters are compared without case, as Jinja does by default. */
function sortKey(value: unknown, args: Named, host: FilterHost): unknown {
  const key = args['attribute'] == null ? value : reach(value, args['attribute'], host)
  return typeof key === 'string' && args['case_sensitive'] !== true ? key.toLowerCase() : key
}

function sort(value: unknown, args: Named, host: FilterHost): unknown[] {
  const sign = args['reverse'] === true ? -1 : 1
  return [...itemsOf(value)].sort(
    (a, b) => sign * compareValues(sortKey(a, args, host), sortKey(b, args, host)),
  )
}

function unique(value: unknown, args: Named, host: FilterHost): unknown[] {
  const seen: unknown[] = []
  return itemsOf(value).filter((item) => {
    const key = sortKey(item, args, host)
    if (seen.some((known) => isEqual(known, key))) return false
    seen.push(key)
    return true
  })
}

function extreme(sign: number): (value: unknown, args: Named, host: FilterHost) => unknown {
  return (value, args, host) => {
    const [first, ...rest] = itemsOf(value)
    if (first === undefined) return new Undefined('the largest of nothing')
    return rest.reduce((best, item) => {
      const order = compareValues(sortKey(item, args, host), sortKey(best, args, host))
      return sign * order > 0 ? item : best
    }, first)
  }
}

function groupBy(value: unknown, args: Named, host: FilterHost): Tuple[] {
  const groups: { key: unknown; items: unknown[] }[] = []
  for (const item of sort(value, { attribute: args['attribute'] }, host)) {
    const key = reach(item, args['attribute'], host)
    const last = groups.at(-1)
    if (last !== undefined && isEqual(last.key, key)) last.items.push(item)
    else groups.push({ key, items: [item] })
  }
  return groups.map(({ key, items }) => new Tuple([key, items], ['grouper', 'list']))
}

/** A number of rows or columns, within what a template that means well asks for. */
function countOf(filter: string, value: unknown, least = 1): number {
  const count = Math.trunc(numberOf(value))
  if (count >= least && count <= 100_000) return count
  throw new TemplateFault(`${filter}() takes a number from ${least} to 100000, not ${count}`)
}

function batch(value: unknown, { linecount, fill_with: fill }: Named): unknown[][] {
  const size = countOf('batch', linecount)
  const items = itemsOf(value)
  const rows: unknown[][] = []
  for (let start = 0; start < items.length; start += size)
    rows.push(items.slice(start, start + size))
  const last = rows.at(-1)
  if (fill !== undefined && fill !== null) while (last && last.length < size) last.push(fill)
  return rows
}

function sliceInto(value: unknown, { slices }: Named): unknown[][] {
  const count = countOf('slice', slices)
  const items = itemsOf(value)
  const size = Math.floor(items.length / count)
  const extra = items.length % count
  let start = 0
  return Array.from({ length: count }, (_, index) => {
    const end = start + size + (index < extra ? 1 : 0)
    const part = items.slice(start, end)
    start = end
    return part
  })
}

function round(value: unknown, { precision, method }: Named): Float {
  const places = numberArgument(precision, 0)
  const factor = 10 ** places
  const number = value instanceof Float ? value : new Float(numberOf(value))
  if (method === 'ceil') return new Float(Math.ceil(number.value * factor) / factor)
  if (method === 'floor') return new Float(Math.floor(number.value * factor) / factor)
  return number.rounded(places)
}

function toInt(value: unknown, { default: fallback = 0 }: Named): unknown {
  if (isNumber(value)) return Math.trunc(numberOf(value))
  const text = toText(value).trim()
  return /^[+-]?\d+(\.\d*)?$/.test(text) ? Math.trunc(Number(text)) : fallback
}

function toFloat(value: unknown, { default: fallback = new Float(0) }: Named): unknown {
  const number = isNumber(value) ? numberOf(value) : Number(toText(value).trim() || Number.NaN)
  return Number.isNaN(number) ? fallback : new Float(number)
}

function indent(value: unknown, { width, first, blank }: Named): string {
  const columns = typeof width === 'string' ? 0 : countOf('indent', width ?? 4, 0)
  const prefix = typeof width === 'string' ? width : ' '.repeat(columns)
  const lines = toText(value).split('\n')
  return lines
    .map((line, index) => {
      if (index === 0) return first === true ? prefix + line : line
      return line === '' && blank !== true ? line : prefix + line
    })
    .join('\n')
}

function map(value: unknown, args: Arguments, host: FilterHost): unknown[] {
  // As in Jinja, which takes None for nothing here.
  if (value === null) return []
  const attribute = args.named.get('attribute')
  const items = itemsOf(value)
  if (attribute !== undefined) {
    const fallback = args.named.get('default')
    return items.map((item) => {
      const found = reach(item, attribute, host)
      return found instanceof Undefined && fallback !== undefined ? fallback : found
    })
  }
  const [name, ...positional] = args.positional
  return items.map((item) => host.filter(toText(name), item, { positional, named: args.named }))
}

/** select, reject, selectattr, rejectattr. */
function choose(keep: boolean, byAttribute: boolean): Filter {
  return (value, args, host) => {
    if (value === null) return []
    const [attribute, rest] = byAttribute
      ? [args.positional[0], args.positional.slice(1)]
      : [undefined, args.positional]
    const [test, ...positional] = rest
    return itemsOf(value).filter((item) => {
      const subject = attribute === undefined ? item : reach(item, attribute, host)
      const holds =
        test === undefined
          ? isTruthy(subject)
          : host.test(toText(test), subject, { positional, named: args.named })
      return holds === keep
    })
  }
}

function join(value: unknown, { d, attribute }: Named, host: FilterHost): string {
  const items = itemsOf(value).map((item) =>
    attribute == null ? item : reach(item, attribute, host),
  )
  return items.map(toText).join(textArgument(d, ''))
}

function sum(value: unknown, { attribute, start = 0 }: Named, host: FilterHost): unknown {
  const items = itemsOf(value).map((item) =>
    attribute == null ? item : reach(item, attribute, host),
  )
  // Python adds whatever adds up, lists for one.
  return items.reduce((result, item) => applyBinary('+', result, item), start)
}

function dictSort(value: unknown, args: Named): Tuple[] {
  if (!(value instanceof Map)) throw new TemplateFault('dictsort needs a dict')
  const side = args['by'] === 'value' ? 1 : 0
  const key = (entry: [unknown, unknown]) => {
    const part = entry[side]
    return typeof part === 'string' && args['case_sensitive'] !== true ? part.toLowerCase() : part
  }
  const sign = args['reverse'] === true ? -1 : 1
  const entries = [...value].sort((a, b) => sign * compareValues(key(a), key(b)))
  return entries.map((entry) => new Tuple(entry))
}

function truncate(value: unknown, { length, killwords, end }: Named): string {
  const [text, size, tail] = [toText(value), numberArgument(length, 255), textArgument(end, '...')]
  if (text.length <= size + 5) return text
  const head = text.slice(0, size - tail.length)
  return (killwords === true ? head : head.replace(/\s+\S*$/, '')) + tail
}

function replace(value: unknown, { old, new: next, count }: Named): string {
  const [text, from, to] = [toText(value), textArgument(old, ''), textArgument(next, '')]
  if (count == null) return text.replaceAll(from, () => to)
  const parts = text.split(from)
  const limit = Math.min(numberOf(count), parts.length - 1)
  return [parts.slice(0, limit + 1).join(to), ...parts.slice(limit + 1)].join(from)
}

function reverse(value: unknown): unknown {
  const items = [...itemsOf(value)].reverse()
  return typeof value === 'string' ? items.join('') : items
}

const firstOf = (value: unknown) => itemsOf(value)[0] ?? new Undefined('the first of nothing')
const lastOf = (value: unknown) => itemsOf(value).at(-1) ?? new Undefined('the last of nothing')
const namedEntities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const escapeHtml = (value: unknown) =>
  toText(value).replace(/[&<>"']/g, (character) => {
    return namedEntities[character] ?? `&#${character.charCodeAt(0)};`
  })
const itemPairs = (value: unknown) =>
  value instanceof Map ? [...value].map((entry) => new Tuple(entry)) : []
const trim = (value: unknown, { chars }: Named) => {
  if (chars == null) return toText(value).trim()
  const set = `[${toText(chars).replaceAll(/[\\\]^-]/g, '\\$&')}]+`
  return toText(value).replace(new RegExp(`^${set}|${set}$`, 'g'), '')
}
const identity: Filter = (value) => value

const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  [
    'abs',
    (value) => {
      if (!(value instanceof Float)) return Math.abs(numberOf(value))
      return value.value < 0 ? value.negated() : value
    },
  ],
  named('attr', ['name'], (value, { name }, host) => host.attribute(value, toText(name))),
  ['as_bool', identity],
  ['as_native', identity],
  ['as_number', identity],
  ['as_text', identity],
  named('batch', ['linecount', 'fill_with'], batch),
  [
    'capitalize',
    (value) => toText(value).charAt(0).toUpperCase() + toText(value).slice(1).toLowerCase(),
  ],
  ['count', lengthOf],
  // dbt's own.
  ['is_list', (value) => Array.isArray(value)],
  named('d', ['default_value', 'boolean'], byDefault),
  named('default', ['default_value', 'boolean'], byDefault),
  named('dictsort', ['case_sensitive', 'by', 'reverse'], dictSort),
  ['e', escapeHtml],
  ['escape', escapeHtml],
  ['first', firstOf],
  named('float', ['default'], toFloat),
  [
    'format',
    (value, args) =>
      formatPercent(
        toText(value),
        args.named.size > 0 ? new Map(args.named) : new Tuple(args.positional),
      ),
  ],
  named('groupby', ['attribute', 'default', 'case_sensitive'], groupBy),
  named('indent', ['width', 'first', 'blank'], indent),
  named('int', ['default', 'base'], toInt),
  ['items', itemPairs],
  named('join', ['d', 'attribute'], join),
  ['last', lastOf],
  ['length', lengthOf],
  ['list', (value) => [...itemsOf(value)]],
  ['lower', (value) => toText(value).toLowerCase()],
  ['map', map],
  named('max', ['case_sensitive', 'attribute'], extreme(1)),
  named('min', ['case_sensitive', 'attribute'], extreme(-1)),
  ['pprint', (value) => toRepr(value)],
  ['reject', choose(false, false)],
  ['rejectattr', choose(false, true)],
  named('replace', ['old', 'new', 'count'], replace),
  ['reverse', reverse],
  named('round', ['precision', 'method'], round),
  ['safe', identity],
  ['select', choose(true, false)],
  ['selectattr', choose(true, true)],
  named('slice', ['slices', 'fill_with'], sliceInto),
  named('sort', ['reverse', 'case_sensitive', 'attribute'], sort),
  ['string', (value) => toText(value)],
  named('sum', ['attribute', 'start'], sum),
  ['title', (value) => toTitle(toText(value))],
  named('tojson', ['indent'], (value) => toJson(value, true)),
  named('trim', ['chars'], trim),
  named('truncate', ['length', 'killwords', 'end', 'leeway'], truncate),
  named('unique', ['case_sensitive', 'attribute'], unique),
  ['upper', (value) => toText(value).toUpperCase()],
  ['urlencode', (value) => encodeURIComponent(toText(value)).replaceAll('%2F', '/')],
  ['wordcount', (value) => toText(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0],
])
