/** The steps of the upkeep: each in a process of its own, rows compared before anything is deleted. */
import { spawn } from 'node:child_process'
import { text as readAll } from 'node:stream/consumers'
import { lakeName } from '../../core/clients/lake/attach.ts'
import { changedTables, fingerprintTables } from '../../core/clients/lake/fingerprints.ts'
import {
  runUpkeepStep,
  type Upkeep,
  type UpkeepReport,
  type UpkeepStep,
  upkeepSteps,
} from '../../core/clients/lake/maintenance.ts'
import { currentSnapshot, onlyCompactedSince } from '../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../core/clients/lake.ts'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { GlobalArguments } from '../options.ts'
import { openProgress } from '../progress.ts'
import type { ProfileArguments } from '../runner/run-context.ts'
import { openStandingLake } from '../standing-lake.ts'

const hourMs = 3_600_000

/** One step, in this process. */
export async function maintainStep(
  config: Config,
  step: UpkeepStep,
  dryRun: boolean,
): Promise<UpkeepReport[]> {
  await using lake = await openStandingLake(config)
  const upkeep = await policyOf(config, lake, dryRun)
  return await lake.read((connection) =>
    runUpkeepStep(connection, lake.options.catalog, step, upkeep),
  )
}

/**
 * All steps. When one fails, or when rows are not what they were, nothing after it is done.
 * @throws `lake/upkeep-failed`, `lake/upkeep-changed-rows`
 */
export async function maintainAll(
  config: Config,
  args: GlobalArguments & ProfileArguments,
  dryRun: boolean,
): Promise<UpkeepReport[]> {
  const progress = openProgress(process.stderr)
  const verifies = config.settings.maintain.verify && !dryRun
  const reports: UpkeepReport[] = []
  try {
    await using lake = await openStandingLake(config)
    progress.update('counting rows')
    const verify = verifies ? await openVerification(lake) : undefined
    for (const step of upkeepSteps) {
      if (step === 'expire') await verify?.()
      progress.update(step)
      reports.push(...(await runChild(step, config, args, dryRun)))
    }
  } finally {
    progress.clear()
  }
  return reports
}

async function policyOf(config: Config, lake: Lake, dryRun: boolean): Promise<Upkeep> {
  const { keep_days, delete_after_hours, rewrite_fraction } = config.settings.maintain
  const { neededByIncrements } = await import('../../transform/index.ts')
  const tables = await lake.tables()
  const names = new Map(tables.map(({ schema, name, uuid }) => [uuid, `${schema}.${name}`]))
  const needed = await lake.read((connection) => neededByIncrements(connection, lakeName, names))
  const ago = (hours: number) => new Date(Date.now() - hours * hourMs).toISOString()
  return {
    expireBefore: ago(keep_days * 24),
    deleteBefore: ago(delete_after_hours),
    rewriteFraction: rewrite_fraction,
    keepSnapshots: needed.snapshots,
    keepRows: needed.tables,
    dryRun,
  }
}

/** Looks at every table now; what it gives looks again, and throws when one has changed. */
async function openVerification(lake: Lake): Promise<() => Promise<void>> {
  const { catalog } = lake.options
  const look = (snapshot: number) =>
    lake.read((connection) => fingerprintTables(connection, catalog, snapshot))
  const snapshot = await lake.currentSnapshot()
  const before = await look(snapshot)
  return async () => {
    const changed = changedTables(before, await look(snapshot))
    const newest = await lake.read(async (connection) => {
      const now = await currentSnapshot(connection)
      // Others may write meanwhile; then only the past can be compared.
      return (await onlyCompactedSince(connection, snapshot)) ? now : snapshot
    })
    if (newest !== snapshot) changed.push(...changedTables(before, await look(newest)))
    if (changed.length === 0) return
    throw problem('lake/upkeep-changed-rows', { tables: [...new Set(changed)], snapshot })
  }
}

/** An internal error of DuckLake declares the whole DuckDB invalid, so a step has one to itself. */
async function runChild(
  step: UpkeepStep,
  config: Config,
  args: GlobalArguments & ProfileArguments,
  dryRun: boolean,
): Promise<UpkeepReport[]> {
  const [, script = ''] = process.argv
  const { projectDir, target, profile, profilesDir, vars } = args
  const flags = ['--step', step, '--format', 'ndjson', '--project-dir', projectDir]
  const given = { target, profile, 'profiles-dir': profilesDir, vars }
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) flags.push(`--${name}`, value)
  }
  if (dryRun) flags.push('--dry-run')
  flags.push('--keep-days', String(config.settings.maintain.keep_days))
  const child = spawn(process.execPath, [...process.execArgv, script, 'maintain', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing'))
  })
  const [output, errors, code] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    ended,
  ])
  if (code !== 0) {
    const reason = errors.trim() || `its process ended with ${code}`
    throw problem('lake/upkeep-failed', { step, reason })
  }
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line): UpkeepReport => JSON.parse(line))
}
