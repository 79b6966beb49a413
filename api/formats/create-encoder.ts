/** The encoder of each format that is streamed. */
import { createArrowEncoder } from './arrow.ts'
import { createCsvEncoder } from './csv.ts'
import type { FormatName } from './format.ts'
import { createNdjsonEncoder } from './ndjson.ts'
import { createParquetEncoder } from './parquet.ts'
import type { EncodedColumn, RowEncoder } from './row-encoder.ts'

export type StreamedFormat = Exclude<FormatName, 'json'>

/** NDJSON takes rows with one text, the object; the others one text for each column. */
export function createEncoder(
  format: StreamedFormat,
  columns: readonly EncodedColumn[],
  escapeFormulas: boolean,
): RowEncoder {
  switch (format) {
    case 'ndjson':
      return createNdjsonEncoder()
    case 'csv':
      return createCsvEncoder(columns, escapeFormulas)
    case 'parquet':
      return createParquetEncoder(columns)
    case 'arrow':
      return createArrowEncoder(columns)
    default:
      return format satisfies never
  }
}
