/** Upkeep of a lake in the process of the test. */
import { runUpkeepStep, type Upkeep, upkeepSteps } from '../../core/clients/lake/maintenance.ts'
import type { Lake } from '../../core/clients/lake.ts'

/** Every step, with no history kept at all unless it is said. */
export async function forgetEverything(lake: Lake, upkeep: Partial<Upkeep> = {}): Promise<void> {
  const now = new Date(Date.now() + 1_000).toISOString()
  for (const step of upkeepSteps) {
    await lake.read((connection) =>
      runUpkeepStep(connection, lake.options.catalog, step, {
        expireBefore: now,
        deleteBefore: now,
        rewriteFraction: 1,
        keepSnapshots: [],
        keepRows: [],
        dryRun: false,
        ...upkeep,
      }),
    )
  }
}
