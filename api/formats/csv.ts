/**
 * CSV by RFC 4180 with a header line; lines end with LF, as those of psql. NULL is empty, the empty text is `""`. Times
 * are ISO 8601 with T, instants with Z.
 */
import type { KindName } from '../sources/column-kind.ts'
import type { EncodedColumn, RowEncoder } from './row-encoder.ts'

type ToField = (text: string) => string

/**
 * Encodes rows with one text for each column.
 * @param escapeFormulas puts `'` before text that a spreadsheet would run as a formula
 */
export function createCsvEncoder(
  columns: readonly EncodedColumn[],
  escapeFormulas: boolean,
): RowEncoder {
  const toFields = columns.map(({ kind }) => fieldOf(kind.name, escapeFormulas))
  const header = columns.map(({ name }) => quote(escapeFormulas ? withoutFormula(name) : name))
  return {
    begin: () => Buffer.from(`${header.join(',')}\n`),
    encode: (rows) => {
      let lines = ''
      for (const row of rows) {
        for (let index = 0; index < toFields.length; index++) {
          const text = row[index]
          if (index > 0) lines += ','
          if (text !== null && text !== undefined) lines += toFields[index]?.(text)
        }
        lines += '\n'
      }
      return Buffer.from(lines)
    },
    finish: () => new Uint8Array(),
  }
}

function fieldOf(kind: KindName, escapeFormulas: boolean): ToField {
  switch (kind) {
    case 'timestamp':
      return (text) => text.replace(' ', 'T')
    case 'timestamptz':
      // The session's zone is UTC.
      return (text) => text.replace(' ', 'T').replace('+00', 'Z')
    case 'text':
    case 'json':
    case 'array':
    case 'other':
      return escapeFormulas ? (text) => quote(withoutFormula(text)) : quote
    default:
      return (text) => text
  }
}

function quote(text: string): string {
  if (text !== '' && !/[",\r\n]/.test(text)) return text
  return `"${text.replaceAll('"', '""')}"`
}

function withoutFormula(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}
