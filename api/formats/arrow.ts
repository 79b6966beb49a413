/** The streaming format of Arrow IPC: a schema, record batches, an end mark. */
import {
  AsyncByteQueue,
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow'
import type { TextRow } from '../sources/postgres-exports.ts'
import { buffersOf } from './arrow-buffers.ts'
import type { EncodedColumn, RowEncoder } from './row-encoder.ts'

/** Takes what the writer gives away. */
class ByteSink extends AsyncByteQueue {
  #chunks: Uint8Array[] = []

  override write(value: Uint8Array): void {
    this.#chunks.push(value)
  }

  drain(): Uint8Array {
    const bytes = Buffer.concat(this.#chunks)
    this.#chunks = []
    return bytes
  }
}

const batchRows = 4096
const batchBytes = 4 * 1024 ** 2

/** Encodes rows with one text for each column. */
export function createArrowEncoder(columns: readonly EncodedColumn[]): RowEncoder {
  const fields = columns.map(({ name, kind }) => new Field(name, arrowTypeOf(kind), true))
  const schema = new Schema(fields)
  const sink = new ByteSink()
  const writer = new RecordBatchStreamWriter()
  writer.reset(sink, schema)
  let batch: TextRow[] = []
  let bytes = 0

  function flush(): void {
    if (batch.length === 0) return
    const length = batch.length
    const children = columns.map(({ kind }, index) =>
      makeColumn(fields[index]?.type ?? new Utf8(), kind, batch, index),
    )
    writer.write(
      new RecordBatch(
        schema,
        makeData({ type: new Struct(fields), length, nullCount: 0, children }),
      ),
    )
    batch = []
    bytes = 0
  }

  return {
    begin: () => sink.drain(),
    encode(rows) {
      for (const row of rows) {
        batch.push(row)
        for (const text of row) bytes += text?.length ?? 0
        if (batch.length >= batchRows || bytes >= batchBytes) flush()
      }
      return sink.drain()
    },
    finish() {
      flush()
      writer.finish()
      return sink.drain()
    },
  }
}

function makeColumn(
  type: DataType,
  kind: EncodedColumn['kind'],
  rows: readonly TextRow[],
  index: number,
) {
  const { data, nullBitmap, nullCount, valueOffsets } = buffersOf(kind, rows, index)
  const shared = { type, length: rows.length, nullCount, nullBitmap, data }
  // The type and its buffers are made from the same kind, which the overloads of makeData cannot see.
  return makeData((valueOffsets === undefined ? shared : { ...shared, valueOffsets }) as never)
}

function arrowTypeOf(kind: EncodedColumn['kind']): DataType {
  switch (kind.name) {
    case 'int16':
      return new Int16()
    case 'int32':
      return new Int32()
    case 'int64':
      return new Int64()
    case 'decimal':
      return new Decimal(kind.scale, kind.precision, 128)
    case 'float32':
      return new Float32()
    case 'float64':
      return new Float64()
    case 'boolean':
      return new Bool()
    case 'date':
      return new DateDay()
    case 'time':
      return new TimeMicrosecond()
    case 'timestamp':
      return new TimestampMicrosecond()
    case 'timestamptz':
      return new TimestampMicrosecond('UTC')
    case 'uuid':
      return new FixedSizeBinary(16)
    case 'bytes':
      return new Binary()
    default:
      return new Utf8()
  }
}
