/** Rows as text. DuckDB writes the JSON, so that all digits of a BIGINT or DECIMAL stay. */
import type { AnswerFormat } from '../protocol.ts'

export type TextFormat = Exclude<AnswerFormat, 'parquet'>

/** How a format begins, joins its rows and ends. */
type TextShape = {
  readonly start: string
  readonly separator: string
  readonly end: string
  /** One row from what `rowSql` gave. */
  readonly row: (json: string) => string
}

const alias = '__millrace_row'

/**
 * The query that gives one JSON text for each row: an object, for CSV an array of texts. A row that is longer than
 * `maxBytes` comes as NULL.
 */
export function rowSql(sql: string, format: TextFormat, maxBytes: number): string {
  // A line comment may stand at the end of the caller's text.
  const from = `from (\n${sql}\n) as ${alias}`
  const row =
    format === 'csv'
      ? `select to_json([*columns(*)])::varchar as j from (select columns(*)::varchar ${from})`
      : `select to_json(${alias})::varchar as j ${from}`
  return `select case when strlen(j) <= ${maxBytes} then j end from (${row})`
}

/** @param columns names for the header line of CSV */
export function textShape(format: TextFormat, columns: readonly string[]): TextShape {
  switch (format) {
    case 'json':
      return { start: '[', separator: ',\n', end: ']\n', row: withoutNonNumbers }
    case 'ndjson':
      return { start: '', separator: '', end: '', row: (json) => `${withoutNonNumbers(json)}\n` }
    case 'csv':
      return {
        start: csvLine(columns),
        separator: '',
        end: '',
        row: (json) => csvLine(fieldsOf(json)),
      }
    default:
      return format satisfies never
  }
}

/** JSON knows no NaN and no infinity, which DuckDB writes as they are: they become null. */
function withoutNonNumbers(json: string): string {
  if (!/NaN|Infinity/.test(json)) return json
  return json.replaceAll(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g, (token) =>
    token.startsWith('"') ? token : 'null',
  )
}

function fieldsOf(json: string): (string | null)[] {
  // `rowSql` made it: an array of texts.
  return JSON.parse(json) as (string | null)[]
}

/** NULL is an empty field, and an empty text is `""`. */
function csvLine(fields: readonly (string | null)[]): string {
  const cells = fields.map((field) => {
    if (field === null) return ''
    return field === '' || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
  })
  return `${cells.join(',')}\r\n`
}
