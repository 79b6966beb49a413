/** Starts the supervisor of a state directory as a process of its own. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import { runsFromSources, shippedFile } from '../../core/shipped-file.ts'
import { identify } from '../process/identity.ts'
import { statePaths } from '../state.ts'
import { rotateLog } from './log-file.ts'
import { runningSupervisor, writeSupervisorRecord } from './records.ts'

const entry = shippedFile(runsFromSources ? 'local/supervisor/main.ts' : 'local/supervisor.js')
const timeoutMs = 60_000

/**
 * Starts it in a session of its own, so that a Ctrl-C of the terminal does not reach it, and waits until it
 * listens. Call it under the lock, and only when none is running.
 * @throws `services/supervisor-ended`
 */
export async function launchSupervisor(stateDir: string): Promise<void> {
  const paths = statePaths(stateDir)
  rotateLog(paths.supervisorLog)
  const log = openSync(paths.supervisorLog, 'a', 0o600)
  const child = spawn(process.execPath, [entry, stateDir], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  // Written by us at once: if we are killed now, the next command still finds it.
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity !== undefined) {
    const startedAt = new Date(systemClock.now()).toISOString()
    writeSupervisorRecord(stateDir, { process: identity, startedAt, accepting: false })
  }
  const deadline = systemClock.now() + timeoutMs
  for (;;) {
    const record = runningSupervisor(stateDir)
    if (record?.accepting === true) return
    if (record === undefined || systemClock.now() > deadline) {
      throw problem('services/supervisor-ended', { stateDir, log: paths.supervisorLog })
    }
    await systemClock.sleep(10)
  }
}
