/**
 * The unflushed records of one partition, outside of the JavaScript heap: bytes are copied into segments, numbers
 * into typed arrays. A message of the Kafka client keeps its whole fetch response alive; a copy does not.
 */
import { crc32 } from 'node:zlib'

export type KafkaRecord = {
  readonly offset: number
  /** Milliseconds since 1970; negative when the producer gave none. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export type LastOfInterval = {
  readonly offset: number
  readonly leaderEpoch: number | null
  readonly crc: string
}

const segmentBytes = 1024 * 1024
const fieldsPerRecord = 6
/** Six 8-byte numbers a record, see `append`. */
const recordOverheadBytes = fieldsPerRecord * 8
const absent = -1

export class RecordBuffer {
  #segments: Buffer[] = []
  #used = segmentBytes
  #fields = new Float64Array(fieldsPerRecord * 1024)
  #count = 0
  #allocated = 0
  #leaderEpoch: number | null = null

  get count(): number {
    return this.#count
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#allocated + this.#count * recordOverheadBytes
  }

  append(record: KafkaRecord, leaderEpoch: number | null = null): void {
    const keyBytes = record.key?.length ?? 0
    const valueBytes = record.value?.length ?? 0
    const segment = this.#segmentFor(keyBytes + valueBytes)
    const start = this.#used
    record.key?.copy(segment, start)
    record.value?.copy(segment, start + keyBytes)
    this.#used += keyBytes + valueBytes
    this.#grow()
    const base = this.#count * fieldsPerRecord
    this.#fields[base] = record.offset
    this.#fields[base + 1] = record.timestampMs
    this.#fields[base + 2] = this.#segments.length - 1
    this.#fields[base + 3] = start
    this.#fields[base + 4] = record.key === null ? absent : keyBytes
    this.#fields[base + 5] = record.value === null ? absent : valueBytes
    this.#count += 1
    this.#leaderEpoch = leaderEpoch
  }

  /** The record at an index below `count`; key and value are views, valid as long as the buffer. */
  at(index: number): KafkaRecord {
    const base = index * fieldsPerRecord
    const segment = this.#segments[this.#field(base + 2)]
    const start = this.#field(base + 3)
    const keyBytes = this.#field(base + 4)
    const valueBytes = this.#field(base + 5)
    const valueStart = start + Math.max(0, keyBytes)
    return {
      offset: this.#field(base),
      timestampMs: this.#field(base + 1),
      key: view(segment, start, keyBytes),
      value: view(segment, valueStart, valueBytes),
    }
  }

  /** What the ledger keeps of the last record, or undefined without records. */
  last(): LastOfInterval | undefined {
    if (this.#count === 0) return undefined
    const record = this.at(this.#count - 1)
    return { offset: record.offset, leaderEpoch: this.#leaderEpoch, crc: recordCrc(record) }
  }

  #field(index: number): number {
    return this.#fields[index] ?? 0
  }

  #segmentFor(bytes: number): Buffer {
    const current = this.#segments.at(-1)
    if (current !== undefined && this.#used + bytes <= current.length) return current
    const size = Math.max(segmentBytes, bytes)
    const segment = Buffer.allocUnsafeSlow(size)
    this.#segments.push(segment)
    this.#allocated += size
    this.#used = 0
    return segment
  }

  #grow(): void {
    if ((this.#count + 1) * fieldsPerRecord <= this.#fields.length) return
    const larger = new Float64Array(this.#fields.length * 2)
    larger.set(this.#fields)
    this.#fields = larger
  }
}

function view(segment: Buffer | undefined, start: number, bytes: number): Buffer | null {
  if (bytes === absent || segment === undefined) return null
  return segment.subarray(start, start + bytes)
}

/**
 * CRC-32 (hex) of what a record holds: key and value, each after its length as int32 (-1 when null), then the
 * timestamp as int64. kafkajs does not hand out the CRC of Kafka's own batches, so this one stands in the ledger.
 */
export function recordCrc(record: Omit<KafkaRecord, 'offset'>): string {
  const lengths = Buffer.alloc(16)
  lengths.writeInt32BE(record.key?.length ?? absent, 0)
  lengths.writeInt32BE(record.value?.length ?? absent, 4)
  lengths.writeBigInt64BE(BigInt(record.timestampMs), 8)
  let crc = crc32(lengths.subarray(0, 4))
  if (record.key !== null) crc = crc32(record.key, crc)
  crc = crc32(lengths.subarray(4, 8), crc)
  if (record.value !== null) crc = crc32(record.value, crc)
  return crc32(lengths.subarray(8), crc).toString(16).padStart(8, '0')
}
