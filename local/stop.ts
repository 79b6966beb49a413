/** Ends the processes of an instance. */
import { existsSync, rmSync } from 'node:fs'
import { problem } from '../core/problems.ts'
import { withLock } from './lock.ts'
import { endProcess } from './process/stop.ts'
import { killContainers } from './sagemaker/container/leftovers.ts'
import { serviceNames } from './service-names.ts'
import { statePaths } from './state.ts'
import { livingProcess, readServiceRecord, runningSupervisor } from './supervisor/records.ts'

/** Every service may need its grace of 30 s, one after the other. */
const supervisorStopMs = 120_000
const serviceStopMs = 30_000

/**
 * Stops the supervisor with its services, and services that a killed one left behind.
 * @param options `keepRecords`: `status` goes on telling how each ended
 * @returns true when something was running
 * @throws `services/will-not-stop`, `services/busy`
 */
export async function stop(
  stateDir: string,
  options: { readonly keepRecords: boolean },
): Promise<boolean> {
  const paths = statePaths(stateDir)
  if (!existsSync(paths.lock)) return false
  return await withLock(paths.lock, async () => {
    const supervisor = runningSupervisor(stateDir)
    if (supervisor !== undefined) {
      if (!(await endProcess(supervisor.process, 'SIGTERM', supervisorStopMs))) {
        throw problem('services/will-not-stop', {
          service: 'the supervisor',
          pid: supervisor.process.pid,
        })
      }
      rmSync(paths.supervisor, { force: true })
    }
    const strays = await endStrays(stateDir)
    killContainers(stateDir)
    if (!options.keepRecords) {
      for (const name of serviceNames) rmSync(paths.service(name), { force: true })
    }
    return supervisor !== undefined || strays > 0
  })
}

/** Ends services whose supervisor is gone. Call it under the lock. Returns how many there were. */
export async function endStrays(stateDir: string): Promise<number> {
  let count = 0
  for (const service of serviceNames) {
    const record = readServiceRecord(stateDir, service)
    const living = livingProcess(record)
    if (record === undefined || living === undefined) continue
    count++
    if (!(await endProcess(living, record.stopSignal, serviceStopMs))) {
      throw problem('services/will-not-stop', { service, pid: living.pid })
    }
  }
  return count
}
