/** Parquet, one row group after the other; the event loop is never held longer than one of them takes. */
import { constants, zstdCompressSync } from 'node:zlib'
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import { type NativeValue, nativeReader } from './native-value.ts'
import type { EncodedColumn, RowEncoder } from './row-encoder.ts'

/** The quickest level of zstd is native, quicker than snappy in JavaScript, and packs better. */
const compress = (bytes: Uint8Array) =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })

type ColumnElement = Omit<SchemaElement, 'name' | 'repetition_type'>

/** Small enough for the event loop, large enough for readers and for dictionaries. */
const groupRows = 4096
const groupBytes = 4 * 1024 ** 2

/** Encodes rows with one text for each column. */
export function createParquetEncoder(columns: readonly EncodedColumn[]): RowEncoder {
  const output = new ByteWriter()
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, kind }): SchemaElement => {
      return { name, repetition_type: 'OPTIONAL', ...elementOf(kind) }
    }),
  ]
  const writer = new ParquetWriter({
    writer: output,
    schema,
    createdBy: 'millrace',
    codec: 'ZSTD',
    compressors: { ZSTD: compress },
  })
  const readers = columns.map(({ kind }) => nativeReader(kind))
  let group: (NativeValue | null)[][] = columns.map(() => [])
  let bytes = 0

  function flush(): void {
    if ((group[0]?.length ?? 0) === 0) return
    const columnData = columns.map(({ name, kind }, index) => {
      // The bounds of text cost more than they save a reader.
      const statistics = elementOf(kind).converted_type !== 'UTF8'
      return { name, data: group[index] ?? [], statistics }
    })
    void writer.write({ columnData, rowGroupSize: groupRows * 2 })
    group = columns.map(() => [])
    bytes = 0
  }

  /** What was written since the last time; the writer goes on counting from the begin of the file. */
  function drain(): Uint8Array {
    const written = output.getBytes().slice()
    output.index = 0
    return written
  }

  return {
    begin: drain,
    encode(rows) {
      for (const row of rows) {
        for (let index = 0; index < readers.length; index++) {
          const text = row[index] ?? null
          if (text !== null) bytes += text.length
          group[index]?.push(text === null ? null : (readers[index]?.(text) ?? null))
        }
        if ((group[0]?.length ?? 0) >= groupRows || bytes >= groupBytes) flush()
      }
      return drain()
    },
    finish() {
      flush()
      void writer.finish()
      return drain()
    },
  }
}

function elementOf(kind: EncodedColumn['kind']): ColumnElement {
  switch (kind.name) {
    case 'int16':
      return { type: 'INT32', converted_type: 'INT_16' }
    case 'int32':
      return { type: 'INT32' }
    case 'int64':
      return { type: 'INT64' }
    case 'decimal':
      return decimalElement(kind)
    case 'float32':
      return { type: 'FLOAT' }
    case 'float64':
      return { type: 'DOUBLE' }
    case 'boolean':
      return { type: 'BOOLEAN' }
    case 'date':
      return { type: 'INT32', converted_type: 'DATE' }
    case 'time':
      return { type: 'INT64', converted_type: 'TIME_MICROS' }
    case 'timestamp':
      return { type: 'INT64', logical_type: timestampType(false) }
    case 'timestamptz':
      return { type: 'INT64', logical_type: timestampType(true) }
    case 'uuid':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } }
    case 'bytes':
      return { type: 'BYTE_ARRAY' }
    default:
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8' }
  }
}

function timestampType(isAdjustedToUTC: boolean) {
  return { type: 'TIMESTAMP', isAdjustedToUTC, unit: 'MICROS' } as const
}

/** Up to 18 digits fit 64 bits; more take 16 bytes. */
function decimalElement({ precision, scale }: { precision: number; scale: number }): ColumnElement {
  const decimal = { converted_type: 'DECIMAL', precision, scale } as const
  if (precision <= 18) return { type: 'INT64', ...decimal }
  return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, ...decimal }
}
