/**
 * The statements of an endpoint. Each reads the versions of its tables along with the rows, so that no answer is labelled
 * with another version than its own, and gives one row: PostgreSQL joins the JSON of all rows.
 */
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import { ledgerQuery } from '../sources/ledger.ts'
import type { EndpointFacts, ReadRelation } from './facts.ts'
import type { PageSpec } from './header.ts'
import type { Endpoint } from './parse-endpoint.ts'

/** An alias that no column may have, because it would be taken for the row. */
export const rowAlias = 'millrace_answer'

export type StatementKind = {
  readonly isMasked: boolean
  /** Rows that are given; one more is read, to see that there are more. */
  readonly limit: number
  /** The page begins after the keys that are bound after the parameters. */
  readonly isContinued?: boolean
}

/**
 * Lines before the author's SQL. A masked table is a common table expression under the name of the table, so whatever
 * the SQL does with it, it finds NULL in those columns; PostgreSQL plans it like the table itself.
 */
export function maskPrefix(
  { relations, schema }: EndpointFacts,
  maskOf: typeof maskedTable,
): string {
  // Only a name without schema can be taken by another table; check-endpoints.ts refuses the rest.
  const masked = relations.filter((one) => one.personal.length > 0 && one.schema === schema)
  if (masked.length === 0) return ''
  return `with ${masked.map((relation) => maskOf(relation)).join(',\n')}\n`
}

/** The table with NULL in its columns with personal data. */
export function maskedTable({ schema, name, columns, personal }: ReadRelation): string {
  const list = columns.map((column) => {
    const quoted = quoteIdent(column.name)
    return personal.includes(column.name) ? `null::${column.type} as ${quoted}` : quoted
  })
  const from = `${quoteIdent(schema)}.${quoteIdent(name)}`
  return `${quoteIdent(name)} as not materialized (select ${list.join(', ')} from ${from})`
}

/** Columns: JSON (of the only row, or of all rows with commas between), state, more rows are there, page keys. */
export function statementOf(endpoint: Endpoint, facts: EndpointFacts, kind: StatementKind): string {
  const prefix = kind.isMasked ? maskPrefix(facts, maskedTable) : ''
  const state = stateExpression(facts)
  const { shape, page } = endpoint.header
  const answer = `(\n${endpoint.sql.text}\n) as ${rowAlias}`
  if (shape === 'object') {
    return `${prefix}select to_json(${rowAlias})::text, ${state} from ${answer} limit 2`
  }
  const keys = (page?.by ?? []).map((_, index) => `k${index}`)
  const rows = page === undefined ? `${answer}` : pageRows(endpoint, facts, page, kind)
  // Of one row: the cast of the others is never made.
  const last = keys
    .map((key) => `, max(${key}::text) filter (where place = ${kind.limit})`)
    .join('')
  return `${prefix}select string_agg(doc, ',') filter (where place <= ${kind.limit}), ${state}, (count(*) > ${kind.limit})::text${last}
from (
  select to_json(${rowAlias})::text as doc, row_number() over () as place${keyColumns(page)}
  from ${rows}
  limit ${kind.limit + 1}
) as answer_rows`
}

/** On the lake, where times and numbers that are none have to be written as JSON has them. */
export function lakeStatementOf(
  { sql }: Endpoint,
  { columns }: EndpointFacts,
  limit: number,
): string {
  const written = columns.flatMap(({ name, kind }) => {
    const column = quoteIdent(name)
    const iso = `strftime(${column}::timestamp, '%Y-%m-%dT%H:%M:%S.%f')`
    switch (kind.name) {
      case 'timestamp':
        return [`${iso} as ${column}`]
      case 'timestamptz':
        return [`${iso} || 'Z' as ${column}`]
      case 'float32':
      case 'float64':
        return [`case when isfinite(${column}) then ${column} end as ${column}`]
      default:
        return []
    }
  })
  const shown = written.length === 0 ? '*' : `* replace (${written.join(', ')})`
  return `select to_json(${rowAlias})::varchar from (select ${shown} from (\n${sql.text}\n)) as ${rowAlias} limit ${limit + 1}`
}

function keyColumns(page: PageSpec | undefined): string {
  const keys = (page?.by ?? []).map((name, index) => `, ${keyOf(name)} as k${index}`)
  return keys.join('')
}

function keyOf(name: string): string {
  return `${rowAlias}.${quoteIdent(name)}`
}

function pageRows(
  { sql }: Endpoint,
  { columns }: EndpointFacts,
  { by, descending }: PageSpec,
  { isContinued }: StatementKind,
): string {
  const keys = by.map(keyOf).join(', ')
  const bound = by.map((name, index) => {
    const type = columns.find((column) => column.name === name)?.type ?? 'text'
    return `$${sql.names.length + index + 1}::text::${type}`
  })
  const after = isContinued ? ` and (${keys}) ${descending ? '<' : '>'} (${bound.join(', ')})` : ''
  const present = by.map((name) => `${keyOf(name)} is not null`).join(' and ')
  const order = by.map((name) => `${keyOf(name)}${descending ? ' desc' : ''}`).join(', ')
  return `(select * from (\n${sql.text}\n) as ${rowAlias} where ${present}${after} order by ${order}) as ${rowAlias}`
}

/**
 * One line for each relation that is read, in their order: `version contract date time source`, empty where the ledger
 * does not know it (yet). Plain text joined of one look-up each is the quickest that was measured. Without a ledger: NULL
 * as long as there is none.
 */
export function stateExpression({ relations, hasLedger }: EndpointFacts): string {
  if (!hasLedger) return `(${ledgerQuery})::text`
  if (relations.length === 0) return 'null::text'
  const lines = relations.map(
    ({ schema, name }) => `coalesce((select coalesce(version, snapshot) || ' ' ||
    coalesce(jsonb_hash_extended(contract, 0), 0) || ' ' || coalesce(as_of::text, '- -') || ' ' || source_uuid
  from millrace.published where schema_name = ${quoteLiteral(schema)} and table_name = ${quoteLiteral(name)}), '')`,
  )
  return `(${lines.join(" || E'\\n' || ")})`
}
