/** The buffers of one Arrow column: a bit for each value that is there, and the values. */
import type { ColumnKind } from '../sources/column-kind.ts'
import type { TextRow } from '../sources/postgres-exports.ts'
import { type NativeValue, nativeReader } from './native-value.ts'

export type ColumnBuffers = {
  readonly data: ArrayBufferView
  readonly nullBitmap: Uint8Array
  readonly nullCount: number
  /** Only of text and bytes. */
  readonly valueOffsets?: Int32Array
}

/** Reads the column at `index` of the rows. */
export function buffersOf(
  kind: ColumnKind,
  rows: readonly TextRow[],
  index: number,
): ColumnBuffers {
  const nullBitmap = new Uint8Array(paddedBytes(rows.length))
  let nullCount = 0
  for (let row = 0; row < rows.length; row++) {
    if (rows[row]?.[index] === null) nullCount++
    else setBit(nullBitmap, row)
  }
  return { ...valuesOf(kind, rows, index), nullBitmap, nullCount }
}

function valuesOf(kind: ColumnKind, rows: readonly TextRow[], index: number) {
  const length = rows.length
  const read = nativeReader(kind)
  const each = (take: (value: NativeValue, row: number) => void) => {
    for (let row = 0; row < length; row++) {
      const text = rows[row]?.[index]
      if (text !== null && text !== undefined) take(read(text), row)
    }
  }
  switch (kind.name) {
    case 'int16':
      return fill(new Int16Array(length), each)
    case 'int32':
    case 'date':
      return fill(new Int32Array(length), each)
    case 'float32':
      return fill(new Float32Array(length), each)
    case 'float64':
      return fill(new Float64Array(length), each)
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      const data = new BigInt64Array(length)
      each((value, row) => {
        if (typeof value === 'bigint') data[row] = value
      })
      return { data }
    }
    case 'decimal': {
      const words = new BigInt64Array(length * 2)
      each((value, row) => {
        if (typeof value !== 'bigint') return
        words[row * 2] = BigInt.asIntN(64, value)
        words[row * 2 + 1] = value >> 64n
      })
      return { data: new Uint32Array(words.buffer) }
    }
    case 'boolean': {
      const data = new Uint8Array(paddedBytes(length))
      each((value, row) => {
        if (value === true) setBit(data, row)
      })
      return { data }
    }
    case 'uuid': {
      const data = new Uint8Array(length * 16)
      each((value, row) => {
        if (value instanceof Uint8Array) data.set(value, row * 16)
      })
      return { data }
    }
    default:
      return variableBytes(length, each)
  }
}

type Each = (take: (value: NativeValue, row: number) => void) => void
type NumberArray = Int16Array | Int32Array | Float32Array | Float64Array

function fill(data: NumberArray, each: Each) {
  each((value, row) => {
    if (typeof value === 'number') data[row] = value
  })
  return { data }
}

/** Values one behind the other, and where each ends. */
function variableBytes(length: number, each: Each) {
  const ends = new Int32Array(length + 1)
  const chunks: Uint8Array[] = []
  each((value, row) => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    if (!(bytes instanceof Uint8Array)) return
    chunks.push(bytes)
    ends[row + 1] = bytes.length
  })
  for (let row = 0; row < length; row++) ends[row + 1] = (ends[row + 1] ?? 0) + (ends[row] ?? 0)
  return { data: Buffer.concat(chunks), valueOffsets: ends }
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7))
}

/** Arrow's buffers end at a multiple of 64 bits. */
function paddedBytes(bits: number): number {
  return ((bits + 63) >> 6) << 3
}
