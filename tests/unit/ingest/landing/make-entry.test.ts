import { expect, it } from 'vitest'
import type { Claim } from '../../../../ingest/landing/machine.ts'
import { makeEntry } from '../../../../ingest/landing/make-entry.ts'
import { type LedgerFile, ledgerEntrySchema } from '../../../../ingest/ledger/entry.ts'

const claim: Claim = {
  type: 'data',
  start: 10,
  end: 20,
  prev: { start: 0, etag: 'e0' },
  nonce: 'n1',
}
const facts = { writer: { id: 'w', generation: 3 }, highWatermark: 25, nowMs: 0 }
const file = (kind: LedgerFile['kind'], rows: number): LedgerFile => ({
  key: `${kind}-${rows}`,
  kind,
  etag: 'e',
  sha256: 's',
  bytes: 1,
  rows,
  min_ts: null,
  max_ts: null,
  schema_id: 'x',
})

it('counts the rows of the files, and what is in none of them as skipped', () => {
  const files = [file('data', 4), file('data', 2), file('dead_letter', 1)]
  const last = { offset: 18, leaderEpoch: 5, crc: 'c' }
  const entry = makeEntry(claim, { ...facts, files, last })
  expect(ledgerEntrySchema.parse(entry)).toEqual({
    v: 1,
    ...claim,
    files,
    records: 6,
    dead_letters: 1,
    skipped: 3,
    last: { offset: 18, leader_epoch: 5, crc: 'c' },
    writer: { id: 'w', generation: 3 },
    high_watermark: 25,
    created_at: '1970-01-01T00:00:00.000Z',
  })
})

it('skips all of a gap', () => {
  const entry = makeEntry({ ...claim, type: 'gap' }, { ...facts, files: [], last: undefined })
  expect(ledgerEntrySchema.parse(entry)).toMatchObject({
    type: 'gap',
    records: 0,
    dead_letters: 0,
    skipped: 10,
    last: null,
  })
})
