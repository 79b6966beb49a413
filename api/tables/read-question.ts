/** The query string of `/api/tables/{name}`, checked against the table and against what the caller may see. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Principal } from '../access/principal.ts'
import type { FormatName } from '../formats/format.ts'
import type { Condition } from './condition.ts'
import { maxCursorLength } from './cursor.ts'
import { completeOrder, type OrderTerm, parseOrder } from './order.ts'
import { type ColumnOf, parseFilter, parseLogic } from './parse-filter.ts'
import type { PublishedTable, TableColumn } from './published-table.ts'

export type SelectedColumn = TableColumn & {
  /** Comes as null. */
  readonly isMasked: boolean
}

export type Question = {
  readonly select: readonly SelectedColumn[]
  readonly filters: readonly Condition[]
  /** As the caller gave it. */
  readonly order: readonly OrderTerm[]
  /** Completed by the key; undefined when there is none that the caller may see. */
  readonly totalOrder: readonly OrderTerm[] | undefined
  readonly limit: number | undefined
  readonly cursor: string | undefined
  readonly count: 'exact' | 'estimated' | undefined
  readonly escapeFormulas: boolean
  /** What a cursor of this question is good for. */
  readonly scope: string
}

const ownParameters = [
  'select',
  'order',
  'limit',
  'cursor',
  'count',
  'format',
  'escape_formulas',
  'or',
  'and',
]
const repeatable = ['or', 'and']
const maxFilters = 100

/**
 * Reads the parameters; what does not begin with the name of one is a filter on a column.
 * @throws `api/unknown-parameter`, `api/invalid-parameter`, `api/unknown-column`, `api/masked-column`, `api/invalid-filter`
 */
export function readQuestion(
  table: PublishedTable,
  principal: Pick<Principal, 'seesPersonalData'>,
  query: URLSearchParams,
  format: FormatName,
): Question {
  const isMasked = ({ pii }: TableColumn) => pii && !principal.seesPersonalData
  const columns = new Map(table.columns.map((column) => [column.name, column]))
  const known: ColumnOf = (name) => columns.get(name) ?? refuseColumn(table, name)
  const visible: ColumnOf = (name) => {
    const column = known(name)
    if (isMasked(column)) throw problem('api/masked-column', { column: name })
    return column
  }
  const single = (name: string) => readSingle(query, name)
  refuseForFormat(query, format)
  const orderText = single('order')
  const order = orderText === undefined ? [] : parseOrder(orderText, visible)
  const key = table.key.map(known)
  const hasKey = key.length > 0 && !key.some(isMasked)
  const filterTexts = filtersOf(query)
  return {
    select: readSelect(table, single('select'), known).map((column) => ({
      ...column,
      isMasked: isMasked(column),
    })),
    filters: filterTexts.map(([name, text]) => readFilter(table, name, text, visible)),
    order,
    totalOrder: hasKey ? completeOrder(order, key) : undefined,
    limit: readLimit(single('limit')),
    cursor: readCursor(single('cursor')),
    count: readChoice('count', single('count'), ['exact', 'estimated']),
    escapeFormulas:
      readChoice('escape_formulas', single('escape_formulas'), ['true', 'false']) === 'true',
    scope: JSON.stringify([
      table.schema,
      table.name,
      completeOrder(order, key).map((term) => [
        term.column.name,
        term.column.postgresType,
        term.isDescending,
        term.nullsFirst,
      ]),
      filterTexts.map((filter) => filter.join('=')).sort(),
      principal.seesPersonalData,
    ]),
  }
}

function refuseColumn(table: PublishedTable, column: string): never {
  const names = table.columns.map(({ name }) => name)
  throw problem('api/unknown-column', {
    column,
    table: table.name,
    nearest: nearest(column, names),
  })
}

function refuseForFormat(query: URLSearchParams, format: FormatName): void {
  // The first was taken, and something between may have looked at the last.
  readSingle(query, 'format')
  const refuse = (name: string, only: FormatName) => {
    if (format === only || !query.has(name)) return
    throw problem('api/invalid-parameter', { name, reason: `is only for ${only}` })
  }
  refuse('count', 'json')
  refuse('escape_formulas', 'csv')
}

function readSingle(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1) {
    throw problem('api/invalid-parameter', { name, reason: 'is given more than once' })
  }
  return values[0]
}

/** Every parameter that is not one of ours, and the logical ones. */
function filtersOf(query: URLSearchParams): [string, string][] {
  const filters = [...query].filter(
    ([name]) => !ownParameters.includes(name) || repeatable.includes(name),
  )
  if (filters.length > maxFilters) {
    const reason = `there are more than ${maxFilters} of them`
    throw problem('api/invalid-parameter', { name: 'filters', reason })
  }
  return filters
}

function readFilter(
  table: PublishedTable,
  name: string,
  text: string,
  visible: ColumnOf,
): Condition {
  if (name === 'or' || name === 'and') return parseLogic(name, text, visible)
  const names = table.columns.map((column) => column.name)
  if (!names.includes(name)) {
    // It may be a misspelt column or a misspelt parameter.
    const known = ownParameters.concat(names)
    throw problem('api/unknown-parameter', { name, known, nearest: nearest(name, known) })
  }
  return parseFilter(name, text, visible)
}

function readSelect(
  table: PublishedTable,
  text: string | undefined,
  known: ColumnOf,
): readonly TableColumn[] {
  if (text === undefined || text === '*') return table.columns
  const names = text.split(',')
  if (names.includes('')) {
    throw problem('api/invalid-parameter', { name: 'select', reason: 'names no column' })
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    const reason = `names ${twice} more than once`
    throw problem('api/invalid-parameter', { name: 'select', reason })
  }
  return names.map(known)
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const limit = /^\d{1,12}$/.test(text) ? Number(text) : 0
  if (limit >= 1) return limit
  throw problem('api/invalid-parameter', { name: 'limit', reason: 'is not a number from 1' })
}

function readCursor(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (text.length > maxCursorLength) throw problem('api/invalid-cursor', {})
  return text
}

function readChoice<Choice extends string>(
  name: string,
  text: string | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  if (text === undefined) return undefined
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  const reason = `is none of ${choices.join(', ')}`
  throw problem('api/invalid-parameter', { name, reason })
}
