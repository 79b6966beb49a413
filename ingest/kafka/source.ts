/** What landing needs of a Kafka client. It trusts no position of the client's: offsets come from the ledger. */
import type { KafkaRecord } from '../landing/record-buffer.ts'

export type SourceBatch = {
  readonly partition: number
  /** The offset that was asked for; records before the first one were compacted, aborted or control records. */
  readonly from: number
  /** The next offset to ask for. */
  readonly end: number
  readonly highWatermark: number
  readonly leaderEpoch: number | null
  /** Empty when all of [from, end) is control or aborted records. */
  readonly records: readonly KafkaRecord[]
}

export type Watermarks = { readonly low: number; readonly high: number }

export interface GroupListener {
  /** The group has given us exactly these partitions; all are paused. Called synchronously. */
  joined(partitions: readonly number[], generation: number): void
  /** The group is about to be joined anew: what is buffered should be flushed before this resolves. */
  leaving(): Promise<void>
  /** The client has moved a position by itself (offset out of range): no position can be trusted. */
  jumped(): void
  /** The client has given up and will not come back. */
  failed(error: unknown): void
}

export interface Source {
  /** Joins the group. Resolves when the client has begun to, not when partitions are assigned. */
  assign(listener: GroupListener): Promise<void>
  /** Who gets the batches. Set it before `assign`; it must return quickly. */
  batches(handler: (batch: SourceBatch) => void): void
  /** The next fetch of the partition starts at the offset. */
  seek(partition: number, offset: number): void
  pause(partition: number, paused: boolean): void
  /** Log start and high watermark of every partition of the topic. @throws `landing/kafka-unreachable` */
  watermarks(): Promise<ReadonlyMap<number, Watermarks>>
  /** Tells the group how far we are, for lag displays. Never fails, may do nothing. */
  commitHint(partition: number, offset: number): void
  /** Leaves the group. */
  close(): Promise<void>
}
