/** A result as pieces of text, a chunk of rows at a time, so that its size does not matter. */
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { csvField, displayWidth } from '../output.ts'
import { jsonOf, textOf } from './values.ts'

export type TextFormat = 'table' | 'csv' | 'json' | 'ndjson'

/** The part of DuckDB's result that is needed here. */
export type ResultRows = {
  readonly columns: readonly string[]
  readonly types: readonly DuckDBType[]
  /** The next rows, or undefined at the end. */
  readonly next: () => Promise<RowChunk | undefined>
}

type RowChunk = { readonly rowCount: number; readonly rows: () => DuckDBValue[][] }

export type RenderOptions = {
  /** Rows of a table that are shown; the others are only counted. */
  readonly displayLimit?: number | undefined
  /** Columns of the terminal; a cell is cut at it. */
  readonly width?: number | undefined
  /** Ends a table with `(3 rows)`. */
  readonly footer?: boolean
}

/** Renders all rows in the given format. */
export function renderResult(
  result: ResultRows,
  format: TextFormat,
  options: RenderOptions = {},
): AsyncGenerator<string> {
  switch (format) {
    case 'csv':
      return renderCsv(result)
    case 'json':
      return renderJson(result)
    case 'ndjson':
      return renderNdjson(result)
    case 'table':
      return isPlan(result) ? renderPlan(result) : renderTable(result, options)
    default:
      return format satisfies never
  }
}

/** EXPLAIN draws its own boxes. */
function isPlan({ columns }: ResultRows): boolean {
  return columns.length === 2 && columns[1] === 'explain_value'
}

async function* renderPlan({ next }: ResultRows): AsyncGenerator<string> {
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    for (const [, plan] of chunk.rows()) yield `${String(plan).trimEnd()}\n`
  }
}

/** NULL is an empty field, the empty string is `""`. */
async function* renderCsv({ columns, types, next }: ResultRows): AsyncGenerator<string> {
  yield `${columns.map(csvField).join(',')}\n`
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    const lines = chunk
      .rows()
      .map((row) => row.map((value, column) => csvCell(value, types[column])))
    yield lines.map((cells) => `${cells.join(',')}\n`).join('')
  }
}

function csvCell(value: DuckDBValue, type: DuckDBType | undefined): string {
  if (value === null || type === undefined) return ''
  const text = textOf(value, type)
  return text === '' ? '""' : csvField(text)
}

async function* renderNdjson(result: ResultRows): AsyncGenerator<string> {
  for await (const objects of jsonObjects(result)) yield objects.map((line) => `${line}\n`).join('')
}

async function* renderJson(result: ResultRows): AsyncGenerator<string> {
  let separator = '[\n  '
  for await (const objects of jsonObjects(result)) {
    if (objects.length === 0) continue
    yield separator + objects.join(',\n  ')
    separator = ',\n  '
  }
  yield separator.startsWith('[') ? '[]\n' : '\n]\n'
}

async function* jsonObjects({ columns, types, next }: ResultRows): AsyncGenerator<string[]> {
  const names = columns.map((column) => JSON.stringify(column))
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    yield chunk.rows().map((row) => {
      const members = row.map((value, column) => `${names[column]}:${jsonOf(value, types[column])}`)
      return `{${members.join(',')}}`
    })
  }
}

/** Widths are measured on the first rows; a longer cell further down moves the rest of its line. */
const measuredRows = 2000
/** How long rows that are not shown are counted. */
const countMs = 2000

async function* renderTable(result: ResultRows, options: RenderOptions): AsyncGenerator<string> {
  const { columns, types, next } = result
  const limit = options.displayLimit ?? Number.POSITIVE_INFINITY
  const first: string[][] = []
  let chunk = await next()
  let total = 0
  while (chunk !== undefined && first.length < Math.min(limit, measuredRows)) {
    total += chunk.rowCount
    first.push(...chunk.rows().map((row) => tableCells(row, types)))
    chunk = await next()
  }
  const layout = layoutOf(columns, types, first, options.width)
  yield layout.head
  for (const cells of first.slice(0, limit)) yield layout.line(cells)
  const until = Date.now() + countMs
  for (; chunk !== undefined; chunk = await next()) {
    if (total >= limit && Date.now() > until) break
    if (total < limit) {
      const cells = chunk.rows().map((row) => tableCells(row, types))
      yield cells
        .slice(0, limit - total)
        .map(layout.line)
        .join('')
    }
    total += chunk.rowCount
  }
  const hidden = total - Math.min(total, limit)
  const least = chunk === undefined ? '' : 'at least '
  if (hidden > 0) yield `… ${least}${hidden} more ${hidden === 1 ? 'row' : 'rows'}\n`
  else if (options.footer === true) yield `(${total} ${total === 1 ? 'row' : 'rows'})\n`
}

function tableCells(row: readonly DuckDBValue[], types: readonly DuckDBType[]): string[] {
  return row.map((value, column) => {
    const type = types[column]
    return value === null || type === undefined ? '∅' : visible(textOf(value, type))
  })
}

/** Control characters would break the table, or command the terminal. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function layoutOf(
  columns: readonly string[],
  types: readonly DuckDBType[],
  rows: readonly (readonly string[])[],
  terminalWidth: number | undefined,
) {
  const most = Math.max(10, terminalWidth ?? Number.POSITIVE_INFINITY)
  const names = columns.map(visible)
  const widths = names.map((name, column) => {
    const longest = rows.reduce((max, row) => Math.max(max, displayWidth(row[column] ?? '')), 0)
    return Math.min(most, Math.max(displayWidth(name), longest))
  })
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) => {
      const cut = cutTo(cell, most)
      const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cut)))
      return isNumeric(types[column]) ? padding + cut : cut + padding
    })
    return `${padded.join('  ').trimEnd()}\n`
  }
  const rule = `${widths.map((width) => '─'.repeat(width)).join('  ')}\n`
  return { head: line(names) + rule, line }
}

function cutTo(text: string, width: number): string {
  if (text.length <= width && displayWidth(text) <= width) return text
  let cut = ''
  let used = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += displayWidth(segment)
    if (used >= width) break
    cut += segment
  }
  return `${cut}…`
}

function isNumeric(type: DuckDBType | undefined): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*|BIGNUM)$/.test(String(type))
}
