/** Results on stdout: a table for a terminal, NDJSON for a pipe, or what `--format` says. */

export type OutputFormat = 'table' | 'csv' | 'json' | 'ndjson'

export type OutputRow = Readonly<Record<string, unknown>>

/** Prints rows; `columns` fixes their order (default: the keys of the first row). */
export function printRows(
  rows: readonly OutputRow[],
  format: string | undefined,
  columns: readonly string[] = Object.keys(rows[0] ?? {}),
): void {
  process.stdout.write(renderRows(rows, outputFormat(format), columns))
}

/** The format that was asked for, or the one that fits where stdout goes. */
export function outputFormat(asked: string | undefined): OutputFormat {
  switch (asked) {
    case 'table':
    case 'csv':
    case 'json':
    case 'ndjson':
      return asked
    default:
      return process.stdout.isTTY ? 'table' : 'ndjson'
  }
}

/** The rows as text, with a line break at the end. */
export function renderRows(
  rows: readonly OutputRow[],
  format: OutputFormat,
  columns: readonly string[],
): string {
  switch (format) {
    case 'table':
      return renderTable(rows, columns)
    case 'csv':
      return renderCsv(rows, columns)
    case 'json':
      return `${JSON.stringify(
        rows.map((row) => pick(row, columns)),
        jsonValue,
        2,
      )}\n`
    case 'ndjson':
      return rows.map((row) => `${JSON.stringify(pick(row, columns), jsonValue)}\n`).join('')
    default:
      return format satisfies never
  }
}

function pick(row: OutputRow, columns: readonly string[]): OutputRow {
  return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]))
}

/** BIGINT as a number where JSON can hold it exactly, else as text. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

function renderTable(rows: readonly OutputRow[], columns: readonly string[]): string {
  const cells = rows.map((row) => columns.map((column) => cellText(row[column])))
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column), ...cells.map((line) => displayWidth(line[index] ?? ''))),
  )
  const numeric = columns.map((column) => rows.every((row) => isNumber(row[column] ?? 0)))
  const line = (values: readonly string[]) =>
    values
      .map((text, index) => {
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)))
        return numeric[index] ? padding + text : text + padding
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return `${[line(columns), rule, ...cells.map(line)].join('\n')}\n`
}

function renderCsv(rows: readonly OutputRow[], columns: readonly string[]): string {
  const line = (values: readonly string[]) => `${values.map(csvField).join(',')}\n`
  return (
    line(columns) +
    rows.map((row) => line(columns.map((column) => cellText(row[column], '')))).join('')
  )
}

/** A field of CSV, quoted where RFC 4180 needs it. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function cellText(value: unknown, absent = '∅'): string {
  if (value === null || value === undefined) return absent
  if (typeof value === 'object') return JSON.stringify(value, jsonValue)
  return String(value)
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Columns a text takes on a terminal: East Asian wide characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  // Almost every cell is plain ASCII, and the segmenter is a hundred times slower.
  if (/^[ -~]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        segment,
      )
        ? 2
        : 1
  }
  return width
}
