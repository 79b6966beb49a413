/** The ledger entry of a claim: what is written by the conditional PUT. */
import type { LedgerEntry, LedgerFile } from '../ledger/entry.ts'
import type { Claim } from './machine.ts'
import type { LastOfInterval } from './record-buffer.ts'

export type EntryFacts = {
  /** None for a genesis or gap entry. */
  readonly files: readonly LedgerFile[]
  readonly last: LastOfInterval | undefined
  readonly writer: LedgerEntry['writer']
  readonly highWatermark: number
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** Offsets of the claim that are in no file count as skipped: no event and no dead letter was there. */
export function makeEntry(claim: Claim, facts: EntryFacts): LedgerEntry {
  const { files, last, writer, highWatermark, nowMs } = facts
  const records = rowsOf(files, 'data')
  const deadLetters = rowsOf(files, 'dead_letter')
  return {
    v: 1,
    type: claim.type,
    prev: claim.prev,
    start: claim.start,
    end: claim.end,
    records,
    skipped: claim.end - claim.start - records - deadLetters,
    dead_letters: deadLetters,
    files: [...files],
    last:
      last === undefined
        ? null
        : { offset: last.offset, leader_epoch: last.leaderEpoch, crc: last.crc },
    writer,
    nonce: claim.nonce,
    high_watermark: highWatermark,
    created_at: new Date(nowMs).toISOString(),
  }
}

function rowsOf(files: readonly LedgerFile[], kind: LedgerFile['kind']): number {
  return files.filter((file) => file.kind === kind).reduce((sum, file) => sum + file.rows, 0)
}
