/** A table as text, the way dbt prints it: a line a row, columns as wide as their widest value. */
import { Float, isNumber, toText } from '../jinja/values.ts'

/** Values longer than this are cut. */
const maxWidth = 20

/**
 * @param maxRows,maxColumns what goes beyond is three dots
 * @returns lines without a newline at the end
 */
export function printTable(
  columns: readonly { readonly name: string }[],
  rows: readonly (readonly unknown[])[],
  maxRows: number,
  maxColumns: number,
): string {
  const hasMore = columns.length > maxColumns
  const names = columns.slice(0, maxColumns).map(({ name }) => name)
  const header = [...names, ...(hasMore ? ['...'] : [])].map(cut)
  const shown = rows.slice(0, maxRows).map((row) => {
    const values = row
      .slice(0, maxColumns)
      .map((value) => cut(value === null ? '' : printed(value)))
    return [...values, ...(hasMore ? ['...'] : [])]
  })
  if (rows.length > maxRows) shown.push(header.map(() => '...'))
  const widths = header.map((name, at) =>
    Math.max(name.length, ...shown.map((row) => row[at]?.length ?? 0)),
  )
  const isRight = names.map((_, at) => rows.some((row) => isNumber(row[at]) && row[at] !== null))
  const line = (cells: readonly string[], right: readonly boolean[] = []) =>
    `| ${cells.map((cell, at) => pad(cell, widths[at] ?? 0, right[at] === true)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(header, isRight), rule, ...shown.map((row) => line(row, isRight))].join('\n')
}

function printed(value: unknown): string {
  return value instanceof Float ? String(value.value) : toText(value)
}

function cut(text: string): string {
  return text.length > maxWidth ? `${text.slice(0, maxWidth - 3)}...` : text
}

function pad(text: string, width: number, isRight: boolean): string {
  return isRight ? text.padStart(width) : text.padEnd(width)
}
