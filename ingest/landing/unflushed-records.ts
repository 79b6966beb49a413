/** The records of one partition that are not landed yet: those still gathered, and those of the claim under way. */
import type { SourceBatch } from '../kafka/source.ts'
import type { LandingOptions } from './options.ts'
import { RecordBuffer } from './record-buffer.ts'

export class UnflushedRecords {
  #filling = new RecordBuffer()
  #claiming: RecordBuffer | undefined
  /** When the oldest unclaimed offset came. */
  #fillingSinceMs: number | undefined

  get fillingBytes(): number {
    return this.#filling.bytes
  }

  get claimingBytes(): number {
    return this.#claiming?.bytes ?? 0
  }

  get count(): number {
    return this.#filling.count + (this.#claiming?.count ?? 0)
  }

  /** Copies the records of a batch. Offsets without a record have an age, too. */
  keep(batch: Pick<SourceBatch, 'records' | 'leaderEpoch'>, nowMs: number): void {
    for (const record of batch.records) this.#filling.append(record, batch.leaderEpoch)
    this.#fillingSinceMs ??= nowMs
  }

  /** What was gathered becomes the claim's; it is held until `landed`. */
  take(): RecordBuffer {
    const taken = this.#filling
    this.#claiming = taken
    this.#filling = new RecordBuffer()
    this.#fillingSinceMs = undefined
    return taken
  }

  /** The claim is committed. */
  landed(): void {
    this.#claiming = undefined
  }

  /** Whether a flush is due by bytes, records or age. */
  isDue(
    { rotateBytes, rotateRecords, rotateMs }: Pick<LandingOptions, RotationOption>,
    nowMs: number,
  ): boolean {
    if (this.#fillingSinceMs === undefined) return false
    return (
      this.#filling.bytes >= rotateBytes ||
      this.#filling.count >= rotateRecords ||
      nowMs - this.#fillingSinceMs >= rotateMs
    )
  }
}

type RotationOption = 'rotateBytes' | 'rotateRecords' | 'rotateMs'
