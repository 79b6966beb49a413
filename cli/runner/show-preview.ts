/** The first rows of a query, as `show` prints them. */
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { type MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { faultInQuery } from '../../core/sql-position.ts'
import { displayWidth } from '../output.ts'
import { jsonOf, textOf } from '../sql/values.ts'

export type Preview = {
  readonly name: string
  readonly columns: readonly string[]
  readonly types: readonly DuckDBType[]
  readonly rows: readonly (readonly DuckDBValue[])[]
}

export type PreviewQuery = {
  readonly name: string
  readonly sql: string
  /** Where it is from. */
  readonly file: string
  /** Where its SQL was written to. */
  readonly compiledPath: string | undefined
}

/** @param limit rows at most; all when it is negative. @throws `cli/show-failed` */
export async function readPreview(
  connection: DuckDBConnection,
  shown: PreviewQuery,
  limit: number,
): Promise<Preview> {
  const { name, sql } = shown
  const query = `select * from (\n${sql.trim().replace(/;\s*$/, '')}\n)`
  const bounded = limit < 0 ? query : `${query} limit ${Math.trunc(limit)}`
  try {
    const reader = await connection.runAndReadAll(bounded)
    const { columnNames, columnTypes } = {
      columnNames: reader.columnNames(),
      columnTypes: reader.columnTypes(),
    }
    return { name, columns: columnNames, types: columnTypes, rows: reader.getRows() }
  } catch (cause) {
    throw previewProblem(shown, bounded, cause)
  }
}

/** Lines are those of the SQL by itself, which is what was compiled. */
function previewProblem(shown: PreviewQuery, sent: string, cause: unknown): MillraceError {
  const { name, sql, file, compiledPath } = shown
  const { reason, line } = faultInQuery(messageOf(cause).trim(), sent, sql)
  const place = compiledPath && [compiledPath, line].filter(Boolean).join(':')
  // Of what has no file of its own the query is the file.
  const at = place === undefined && line !== undefined ? { file, line } : { file }
  return problem('cli/show-failed', { node: name, reason, place }, { cause, at })
}

export function renderPreview(
  preview: Preview,
  output: 'text' | 'json',
  isInline: boolean,
  isQuiet: boolean,
): string {
  if (output === 'json') return renderJson(preview, isInline)
  const title = isInline ? 'Previewing inline node:' : `Previewing node '${preview.name}':`
  return `${isQuiet ? '' : `${title}\n`}${renderTable(preview)}\n`
}

function renderJson({ name, columns, types, rows }: Preview, isInline: boolean): string {
  const objects = rows.map((row) => {
    const fields = columns.map((column, index) => {
      const value = jsonOf(row[index] ?? null, types[index])
      return `      ${JSON.stringify(column)}: ${value}`
    })
    return `    {\n${fields.join(',\n')}\n    }`
  })
  const head = isInline ? '' : `  "node": ${JSON.stringify(name)},\n`
  const list = objects.length === 0 ? '[]' : `[\n${objects.join(',\n')}\n  ]`
  return `{\n${head}  "show": ${list}\n}\n`
}

/** The table of dbt: text to the left, all else to the right, NULL empty. */
function renderTable({ columns, types, rows }: Preview): string {
  const cells = rows.map((row) => row.map((value, index) => cellText(value, types[index])))
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column), ...cells.map((row) => displayWidth(row[index] ?? ''))),
  )
  const line = (values: readonly string[], isHead = false) => {
    const padded = values.map((text, index) => {
      const space = ' '.repeat((widths[index] ?? 0) - displayWidth(text))
      const toLeft = String(types[index]).startsWith('VARCHAR')
      return toLeft || (isHead && rows.length === 0) ? text + space : space + text
    })
    return `| ${padded.join(' | ')} |\n`
  }
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`
  return [line(columns, true), rule, ...cells.map((row) => line(row))].join('')
}

function cellText(value: DuckDBValue | undefined, type: DuckDBType | undefined): string {
  if (value === null || value === undefined || type === undefined) return ''
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return textOf(value, type).replaceAll('\n', ' ')
}
