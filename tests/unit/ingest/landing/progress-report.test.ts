import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { LandingProgress } from '../../../../ingest/landing/options.ts'
import { ProgressReport } from '../../../../ingest/landing/progress-report.ts'
import type { LedgerEntry } from '../../../../ingest/ledger/entry.ts'

const entry: LedgerEntry = {
  v: 1,
  type: 'data',
  prev: null,
  start: 0,
  end: 10,
  records: 7,
  skipped: 2,
  dead_letters: 1,
  files: [],
  last: null,
  writer: { id: 'w', generation: 1 },
  nonce: 'n',
  high_watermark: 10,
  created_at: '2024-11-25T12:00:00Z',
}
const partition = {
  partition: 0,
  state: 'filling',
  head: 10,
  highWatermark: 15,
  lagRecords: 5,
  bufferedBytes: 100,
  lastCommitMs: 0,
}
const workers = new Map([[0, { progress: () => partition }]])

function reportOf() {
  const time = { nowMs: 0 }
  const told: LandingProgress[] = []
  const logged: Record<string, unknown>[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      logged.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const report = new ProgressReport(
    { progressLogMs: 2_000 },
    {
      clock: { now: () => time.nowMs, sleep: () => Promise.resolve() },
      log: pino(stream),
      onProgress: (progress) => told.push(progress),
    },
  )
  return { report, time, told, logged }
}

it('tells who watches once a second and the log at its own pace, both the whole of it', () => {
  const { report, time, told, logged } = reportOf()
  report.count(entry)
  for (time.nowMs = 100; time.nowMs <= 2_000; time.nowMs += 100) report.tell(workers)
  expect(told).toMatchObject([
    { recordsPerSecond: 8, partitions: [partition], lagRecords: 5 },
    { recordsPerSecond: 0, partitions: [partition], lagRecords: 5 },
  ])
  expect(logged).toMatchObject([
    {
      event: 'landing.progress',
      records_per_second: 4,
      lag_records: 5,
      partitions: [{ head: 10 }],
    },
  ])
})

it('has a last word at any time', () => {
  const { report, told } = reportOf()
  report.count(entry)
  report.tell(workers, true)
  expect(told).toMatchObject([{ records: 7, deadLetters: 1, skipped: 2, entries: 1 }])
})

it('counts only the holes in data as skipped', () => {
  const { report } = reportOf()
  report.count({ ...entry, type: 'gap', records: 0, dead_letters: 0, skipped: 10 })
  expect(report.totals).toMatchObject({ records: 0, skipped: 0, entries: 1 })
})
