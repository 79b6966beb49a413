/**
 * The statements of a question. Each reads the table's state and its rows at once, so rows are never labelled with the
 * version of others: the first row holds the state, the rest the rows; no row at all means that the table is not served.
 */
import { quoteIdent, quoteRelation } from '../../core/sql.ts'
import type { ParameterValue } from '../sql-endpoint/parse-value.ts'
import { stateStatement } from './catalog-query.ts'
import { type Binder, conditionToSql, createBinder } from './condition.ts'
import type { CursorValues } from './cursor.ts'
import { afterToSql, type OrderTerm, orderToSql } from './order.ts'
import type { PublishedTable } from './published-table.ts'
import type { Question, SelectedColumn } from './read-question.ts'

export type Statement = { readonly text: string; readonly values: readonly ParameterValue[] }

/** What a page reads: rows from a place on, in an order, up to limits. */
export type PageRange = {
  readonly order: readonly OrderTerm[]
  readonly after: CursorValues | undefined
  readonly limit: number
  /** Rows after these bytes come as null; the first one always comes. */
  readonly maxBytes: number
}

/** First row: state, total or null. Then: null, the row as JSON or null, and the values of each order term. */
export function pageStatement(
  table: PublishedTable,
  question: Question,
  range: PageRange,
): Statement {
  const binder = createBinder()
  const relation = quoteRelation(table.schema, table.name)
  const total =
    question.count === 'exact'
      ? `(select count(*) from ${relation} ${whereOf(question, binder)})::text`
      : 'null::text'
  const keys = range.order.map((_, index) => `k${index}`)
  const keyColumns = range.order.map(
    ({ column }, index) => `, t.${quoteIdent(column.name)}::text as k${index}`,
  )
  const text = `select (${stateStatement(table.schema, table.name)}) as state, ${total} as doc${keys.map(() => ', null::text').join('')}
union all
select null::text, case when coalesce(sum(octet_length(doc)) over (
    rows between unbounded preceding and 1 preceding), 0) < ${range.maxBytes} then doc end${keys.map((key) => `, ${key}`).join('')}
from (
  select ${rowToJson(table)} as doc${keyColumns.join('')}
  from (
    select ${innerColumns(question, range.order)}
    from ${relation} ${whereOf(question, binder, range)}
    ${orderToSql(range.order)} limit ${range.limit + 1}
  ) t ${lateralRow(table, question.select)}
) page`
  return { text, values: binder.values }
}

/** First row: state and nulls. Then one text for each row (its JSON), or one for each column. */
export function exportStatement(
  table: PublishedTable,
  question: Question,
  range: Omit<PageRange, 'limit' | 'maxBytes'> & { readonly limit: number | undefined },
  shape: 'json' | 'columns',
): Statement {
  const binder = createBinder()
  const relation = quoteRelation(table.schema, table.name)
  const columns = shape === 'json' ? [rowToJson(table)] : question.select.map(toText)
  const lateral = shape === 'json' ? lateralRow(table, question.select) : ''
  const limit = range.limit === undefined ? '' : `limit ${range.limit}`
  const padding = columns.slice(1).map(() => ', null::text')
  const text = `select (${stateStatement(table.schema, table.name)})${padding.join('')}
union all
select ${columns.join(', ')}
from (
  select ${innerColumns(question, range.order)}
  from ${relation} ${whereOf(question, binder, range)}
  ${orderToSql(range.order)} ${limit}
) t ${lateral}`
  return { text, values: binder.values }
}

/** The planner's guess of how many rows the filters leave, as JSON text. */
export function estimateStatement(table: PublishedTable, question: Question): Statement {
  const binder = createBinder()
  const relation = quoteRelation(table.schema, table.name)
  const text = `explain (format json) select 1 from ${relation} ${whereOf(question, binder)}`
  return { text, values: binder.values }
}

function whereOf(
  question: Question,
  binder: Binder,
  range?: { readonly order: readonly OrderTerm[]; readonly after: CursorValues | undefined },
): string {
  const conditions = question.filters.map((filter) => conditionToSql(filter, binder))
  if (range?.after !== undefined) conditions.push(afterToSql(range.order, range.after, binder))
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`
}

/** The columns that are read: those that are shown and those of the order. */
function innerColumns({ select }: Question, order: readonly OrderTerm[]): string {
  const shown = select.filter(({ isMasked }) => !isMasked).map(({ name }) => name)
  const names = new Set([...shown, ...order.map(({ column }) => column.name)])
  return names.size === 0 ? '1' : [...names].map(quoteIdent).join(', ')
}

/** The row that is shown, under a name that no column has: that would be taken for the column. */
function lateralRow(table: PublishedTable, select: readonly SelectedColumn[]): string {
  const columns = select.map(({ name, isMasked }) =>
    isMasked ? `null as ${quoteIdent(name)}` : `t.${quoteIdent(name)}`,
  )
  return `cross join lateral (select ${columns.join(', ')}) ${rowName(table)}`
}

function rowToJson(table: PublishedTable): string {
  return `to_json(${rowName(table)})::text`
}

function rowName({ columns }: PublishedTable): string {
  let name = 'shown_row'
  while (columns.some((column) => column.name === name)) name += '_'
  return name
}

/** One column as text that `formats/` reads. */
function toText({ name, kind, isMasked }: SelectedColumn): string {
  if (isMasked) return 'null::text'
  const column = `t.${quoteIdent(name)}`
  return kind.name === 'array' ? `to_json(${column})::text` : `${column}::text`
}
