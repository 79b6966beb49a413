import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ChaosResult, runChaos } from '../support/chaos/chaos.ts'
import { type PlanOptions, planFaults, planLakeFaults } from '../support/chaos/plan.ts'

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
  /** Without them no registrar runs. */
  readonly lakeKills?: { readonly registrarKills: number; readonly postgresKills: number }
  readonly events: number
  readonly eventsPerSecond: number
  readonly crippled: boolean
}

async function chaos(run: Run): Promise<ChaosResult> {
  process.stderr.write(`chaos seed ${run.seed}\n`)
  const begunMs = Date.now()
  const lakeFaults = run.lakeKills && planLakeFaults({ seed: run.seed, ...run.lakeKills })
  const result = await runChaos({
    ...run,
    directory,
    faults: planFaults(run),
    ...(lakeFaults === undefined ? {} : { lakeFaults }),
    onLine: (line) =>
      process.stderr.write(`${((Date.now() - begunMs) / 1_000).toFixed(1)} s ${line}\n`),
  })
  const { audit, ...rest } = result
  const summary = { ...rest, violations: audit.violations.slice(0, 3) }
  process.stderr.write(`${JSON.stringify(summary)}\n`)
  return result
}

/** The same for the sound variant and the crippled one. */
const plan: Omit<Run, 'crippled'> = {
  seed,
  consumerKills: 30,
  freezes: 2,
  serviceKills: { kafka: 3, s3: 3 },
  lakeKills: { registrarKills: 8, postgresKills: 4 },
  events: 500_000,
  eventsPerSecond: 4_000,
}

describe('landing while everything is killed', () => {
  it('loses nothing and doubles nothing, neither in the files nor in the lake', async () => {
    const result = await chaos({ ...plan, crippled: false })
    expect(result.caughtUp).toBe(true)
    expect(result.kills).toBeGreaterThanOrEqual(30)
    expect(result.overlaps).toBe(plan.freezes)
    expect(result.registrarKills).toBeGreaterThanOrEqual(4)
    const exact = { missing: 0, doubled: 0, lostEvents: 0 }
    expect(result.seen).toMatchObject(exact)
    expect(result.seen.rows).toBeGreaterThanOrEqual(plan.events)
    expect(result.seen.deadLetters).toBeGreaterThanOrEqual(5_000)
    expect(result.registered).toMatchObject({ ...result.seen, ...exact })
    expect(result.audit.violations).toEqual([])
    expect(result.audit.partitions.map(({ gaps }) => gaps)).toEqual([0, 0, 0, 0])
    // Only an outside system that is down may end a process, and a polite request ends it well.
    const ended = [...result.unexpected, ...result.unexpectedRegistrars]
    expect(ended.filter(({ code }) => code !== 3)).toEqual([])
    expect(result.polite.every((code) => code === 0)).toBe(true)
  })

  it('loses or doubles records by the same plan without the conditional PUT', async () => {
    const { seen } = await chaos({ ...plan, crippled: true })
    // Not `missing`: that counts what a consumer may still land.
    expect(seen.skippedOver + seen.doubled).toBeGreaterThan(0)
  })
})
