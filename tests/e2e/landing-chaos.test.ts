import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ChaosResult, runChaos } from '../support/chaos/chaos.ts'
import { type PlanOptions, planFaults } from '../support/chaos/plan.ts'

/** CHAOS_SEED repeats a plan; the interleaving is the machine's. */
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-chaos-'))
})
afterEach(async ({ task }) => {
  // The logs of the consumers say what happened.
  if (task.result?.state === 'fail') process.stderr.write(`logs are kept in ${directory}\n`)
  else await rm(directory, { recursive: true, force: true })
})

type Run = PlanOptions & {
  readonly events: number
  readonly eventsPerSecond: number
  readonly crippled: boolean
}

async function chaos(run: Run): Promise<ChaosResult> {
  process.stderr.write(`chaos seed ${run.seed}\n`)
  const begunMs = Date.now()
  const result = await runChaos({
    ...run,
    directory,
    services: ['kafka', 's3'],
    faults: planFaults(run),
    onLine: (line) =>
      process.stderr.write(`${((Date.now() - begunMs) / 1_000).toFixed(1)} s ${line}\n`),
  })
  const { seen, kills, unexpected, audit } = result
  const summary = { seen, kills, unexpected, violations: audit.violations.slice(0, 3) }
  process.stderr.write(`${JSON.stringify(summary)}\n`)
  return result
}

describe('landing while everything is killed', () => {
  it('loses nothing and doubles nothing', async () => {
    const result = await chaos({
      seed,
      consumerKills: 30,
      freezes: 2,
      serviceKills: { kafka: 3, s3: 3 },
      events: 500_000,
      eventsPerSecond: 4_000,
      crippled: false,
    })
    expect(result.caughtUp).toBe(true)
    expect(result.kills).toBeGreaterThanOrEqual(30)
    expect(result.seen).toMatchObject({ missing: 0, doubled: 0, lostEvents: 0 })
    expect(result.seen.rows).toBeGreaterThanOrEqual(500_000)
    expect(result.audit.violations).toEqual([])
    expect(result.audit.partitions.map(({ gaps }) => gaps)).toEqual([0, 0, 0, 0])
    // Only an outside system that is down may end a consumer, and a polite request ends it well.
    expect(result.unexpected.filter(({ code }) => code !== 3)).toEqual([])
    expect(result.polite.every((code) => code === 0)).toBe(true)
  })

  it('would lose or double records without the conditional PUT', async () => {
    const { seen, audit, caughtUp } = await chaos({
      seed,
      consumerKills: 2,
      freezes: 2,
      serviceKills: {},
      events: 100_000,
      eventsPerSecond: 3_000,
      crippled: true,
    })
    const holds =
      caughtUp && seen.missing === 0 && seen.doubled === 0 && audit.violations.length === 0
    expect(holds).toBe(false)
    expect(seen.skippedOver + seen.doubled).toBeGreaterThan(0)
  })
})
