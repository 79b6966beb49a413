/** Waits for services that were asked for, by watching their records. */
import { systemClock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import type { ServiceName } from '../service-names.ts'
import { statePaths } from '../state.ts'
import { readServiceRecord, runningSupervisor, type ServiceRecord } from './records.ts'

const pollMs = 25

export type WaitOptions = {
  readonly stateDir: string
  /** Each service with the generation of the start that was asked for. */
  readonly generations: Readonly<Partial<Record<ServiceName, number>>>
  readonly signal?: AbortSignal | undefined
  readonly onReady: (service: ServiceName, record: ServiceRecord) => void
}

/**
 * Resolves when every service is ready.
 * @throws `services/failed-to-start` for the first that ended, `services/supervisor-ended`, or the
 *   signal's reason
 */
export async function waitUntilReady(options: WaitOptions): Promise<void> {
  const { stateDir, generations, signal, onReady } = options
  // Object.entries loses the key type; the keys are service names by the declaration above.
  const open = new Map(Object.entries(generations) as [ServiceName, number][])
  while (open.size > 0) {
    signal?.throwIfAborted()
    const supervised = runningSupervisor(stateDir) !== undefined
    for (const [service, generation] of open) {
      const record = readServiceRecord(stateDir, service)
      if (record === undefined || record.generation < generation) continue
      if (record.phase === 'ended') throw failure(stateDir, service, record)
      if (record.phase !== 'ready') continue
      open.delete(service)
      onReady(service, record)
    }
    if (open.size > 0 && !supervised) {
      const log = statePaths(stateDir).supervisorLog
      throw problem('services/supervisor-ended', { stateDir, log })
    }
    if (open.size > 0) await systemClock.sleep(pollMs, signal)
  }
}

function failure(stateDir: string, service: ServiceName, { end }: ServiceRecord) {
  return problem('services/failed-to-start', {
    service,
    reason: end?.reason ?? 'it ended',
    log: statePaths(stateDir).log(service),
    lines: end?.lines ?? [],
  })
}
