import { describe, expect, inject, it } from 'vitest'
import { systemClock } from '../../../../core/clock.ts'
import { auditTopic } from '../../../../ingest/audit/audit.ts'
import { openDeepCheck } from '../../../../ingest/audit/deep-check.ts'
import { deleteOrphans } from '../../../../ingest/audit/janitor.ts'
import { currentEpochs } from '../../../../ingest/ledger/discover.ts'
import { entryKey } from '../../../../ingest/ledger/keys.ts'
import { event, type LandingBench, landingBench } from '../../../support/landing.ts'

const services = inject('services')

/** Two entries with one data file each and one dead letter in the second. */
async function landed(): Promise<LandingBench> {
  const bench = await landingBench(services)
  await bench.produce([event(1), event(2)])
  await bench.land()
  await bench.produce([event(3), 'broken', event(4)])
  await bench.land()
  return bench
}

function audit(bench: LandingBench) {
  const deepCheck = openDeepCheck(bench.store, bench.duckdb, bench.options.tempDirectory)
  return auditTopic(bench.store, { topic: bench.topic, deepCheck })
}

async function fileKeys(bench: LandingBench): Promise<readonly string[]> {
  return (await bench.entries()).flatMap((entry) => entry.files.map((file) => file.key))
}

describe('audit', () => {
  it('holds for what was landed, with its counts', async () => {
    await using bench = await landed()
    const report = await audit(bench)
    expect(report.violations).toEqual([])
    expect(report.orphans).toEqual([])
    expect(report.partitions).toMatchObject([
      { begin: 0, head: 5, entries: 2, records: 4, deadLetters: 1, skipped: 0, gaps: 0, files: 3 },
    ])
  })

  it('finds a data file that is gone', async () => {
    await using bench = await landed()
    const [key = ''] = await fileKeys(bench)
    await bench.store.delete([key])
    expect((await audit(bench)).violations).toEqual([{ key, what: 'the file is missing' }])
  })

  it('finds a data file that was replaced by another of the same size', async () => {
    await using bench = await landed()
    const [key = ''] = await fileKeys(bench)
    const body = (await bench.store.get(key))?.body ?? new Uint8Array()
    await bench.store.put(
      key,
      Uint8Array.from(body, (byte, at) => (at === 9 ? byte ^ 1 : byte)),
    )
    const { violations } = await audit(bench)
    expect(violations.map(({ what }) => what)).toEqual([
      'its ETag is another one',
      'its SHA-256 is another one',
    ])
  })

  it('finds an entry that is gone', async () => {
    await using bench = await landed()
    const [epoch] = await currentEpochs(bench.store, bench.topic)
    if (epoch === undefined) throw new Error('no epoch')
    await bench.store.delete([entryKey({ ...epoch, partition: 0 }, 0)])
    const { violations } = await audit(bench)
    expect(violations).toHaveLength(1)
    expect(violations[0]?.what).toContain('the chain goes on at offset 0')
  })

  it('finds rows that an entry counts wrongly', async () => {
    await using bench = await landed()
    const [epoch] = await currentEpochs(bench.store, bench.topic)
    if (epoch === undefined) throw new Error('no epoch')
    const key = entryKey({ ...epoch, partition: 0 }, 2)
    const body = Buffer.from((await bench.store.get(key))?.body ?? []).toString()
    const wrong = body
      .replace('"records": 2', '"records": 1')
      .replace('"skipped": 0', '"skipped": 1')
    await bench.store.put(key, Buffer.from(wrong))
    const { violations } = await audit(bench)
    expect(violations.map(({ what }) => what)).toEqual([
      'records: 2 in its files, 1 in the entry',
      '3 different offsets in its files, 2 rows in the entry',
    ])
  })

  it('lists files of claims that were never made, and deletes only old ones of ours', async () => {
    await using bench = await landed()
    const [key = ''] = await fileKeys(bench)
    const [, rest = ''] = /^(.*)-[0-9a-z]+\.parquet$/.exec(key) ?? []
    const named = (name: string) => `${rest}-${name}.parquet`
    const old = named(`${(systemClock.now() - 3 * 86_400_000).toString(36).padStart(9, '0')}abc`)
    const young = named(`${systemClock.now().toString(36).padStart(9, '0')}abc`)
    const foreign = named('X')
    for (const orphan of [old, young, foreign]) await bench.store.put(orphan, Buffer.from('x'))
    const { orphans, violations } = await audit(bench)
    expect(violations).toEqual([])
    expect(orphans.map((orphan) => orphan.key).sort()).toEqual([foreign, old, young].sort())
    const deleted = await deleteOrphans(bench.store, orphans, systemClock.now(), 86_400_000)
    expect(deleted.map((orphan) => orphan.key)).toEqual([old])
    expect((await audit(bench)).orphans).toHaveLength(2)
  })
})
