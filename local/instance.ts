/**
 * An instance: Kafka, S3, PostgreSQL and SageMaker's stand-in of one state directory, run as processes by a detached supervisor.
 * It goes on running after the command that started it, until `stopInstance`.
 */
import { systemClock } from '../core/clock.ts'
import { problem } from '../core/problems.ts'
import { type Begun, begin, lostPort } from './begin.ts'
import { assertInstalled } from './installed.ts'
import { withLock } from './lock.ts'
import { isAlive, signalProcess } from './process/identity.ts'
import { purge } from './purge.ts'
import { type ServiceName, serviceNames } from './service-names.ts'
import type { StartOptions } from './start-options.ts'
import {
  type InstanceSettings,
  type InstanceState,
  instanceSettings,
  makeStateDir,
  type Ports,
  portsOf,
  readState,
  statePaths,
} from './state.ts'
import { type InstanceStatus, readStatus } from './status.ts'
import { stop } from './stop.ts'
import {
  livingProcess,
  readServiceRecord,
  readWanted,
  runningSupervisor,
  writeWanted,
} from './supervisor/records.ts'
import { waitUntilReady } from './supervisor/wait.ts'

export type { ServiceName } from './service-names.ts'
export type { StartEvent, StartOptions } from './start-options.ts'
export type { InstanceSettings, Ports } from './state.ts'
export type { InstanceStatus, ServiceStatus } from './status.ts'

export type Instance = AsyncDisposable & {
  readonly stateDir: string
  readonly ports: Ports
  /** How clients reach it, as a layer of settings. Holds secrets. */
  readonly settings: InstanceSettings
  stop(): Promise<void>
}

/** How often other ports are tried, when another program takes one between our check and the start. */
const startAttempts = 3

/**
 * Starts the services of a state directory, or those that are missing, and waits until they answer. Two
 * calls at once do not collide: the second waits for the first and finds everything running.
 * @throws `services/port-taken`, `services/not-set-up`, `services/failed-to-start`,
 *   `services/state-dir-unusable`; what this call started is stopped again before it throws
 */
export async function startInstance(options: StartOptions): Promise<Instance> {
  const { stateDir, signal } = options
  assertInstalled(options.cacheDir, options.services ?? serviceNames)
  makeStateDir(stateDir)
  for (let attempt = 1; ; attempt++) {
    const begun = await withLock(statePaths(stateDir).lock, () => begin(options), { signal })
    try {
      await waitUntilReady({
        stateDir,
        generations: begun.generations,
        signal,
        onReady: (service, { address, startedAt, readyAt }) => {
          const elapsedMs = Date.parse(readyAt ?? startedAt) - Date.parse(startedAt)
          options.onEvent?.({ kind: 'ready', service, address, elapsedMs })
        },
      })
      return toInstance(stateDir, begun.state)
    } catch (error) {
      const stolen =
        !signal?.aborted && attempt < startAttempts && (await lostPort(stateDir, begun))
      await undo(stateDir, begun)
      if (!stolen) throw error
    }
  }
}

/** Stops what a failed or cancelled start has started, and nothing else. */
async function undo(stateDir: string, { launched, generations, own }: Begun): Promise<void> {
  if (launched) {
    await stop(stateDir, { keepRecords: true })
    return
  }
  await withLock(statePaths(stateDir).lock, async () => {
    const wanted = readWanted(stateDir)
    const supervisor = runningSupervisor(stateDir)
    if (wanted === undefined || supervisor === undefined) return
    const kept = Object.entries(wanted.generations).filter(
      ([name, generation]) => !own.some((own) => own === name && generations[own] === generation),
    )
    writeWanted(stateDir, { ...wanted, generations: Object.fromEntries(kept) })
    signalProcess(supervisor.process, 'SIGHUP')
  })
}

function toInstance(stateDir: string, state: InstanceState): Instance {
  const services = serviceNames.filter((name) => readWanted(stateDir)?.generations[name])
  const stopThis = async () => {
    await stopInstance(stateDir)
  }
  return {
    stateDir,
    ports: state.ports,
    settings: instanceSettings(state, services),
    stop: stopThis,
    [Symbol.asyncDispose]: stopThis,
  }
}

export type StopOptions = {
  /** Also remove the data, the credentials and the logs. Files that are not ours stay. */
  readonly purge?: boolean
}

/**
 * Stops the services of a state directory and their supervisor, also what a killed supervisor left behind.
 * Safe to repeat; nothing happens when nothing runs.
 * @returns true when something was running
 * @throws `services/will-not-stop`, `services/busy`
 */
export async function stopInstance(stateDir: string, options: StopOptions = {}): Promise<boolean> {
  const wasRunning = await stop(stateDir, { keepRecords: false })
  if (options.purge === true) purge(stateDir)
  return wasRunning
}

/** How the services of a state directory are. Reads files only; it also works when nothing was ever started. */
export function instanceStatus(stateDir: string): InstanceStatus {
  return readStatus(stateDir)
}

/**
 * Sends a signal to the process of a service, as a fault. For a signal that ends it, resolves once it is
 * gone and the supervisor has written down how.
 * @throws `services/not-running`
 */
export async function killService(
  stateDir: string,
  name: ServiceName,
  signal: NodeJS.Signals,
): Promise<void> {
  const living = livingProcess(readServiceRecord(stateDir, name))
  if (living === undefined || !signalProcess(living, signal)) {
    throw problem('services/not-running', { what: name, stateDir })
  }
  if (signal === 'SIGSTOP' || signal === 'SIGCONT') return
  while (
    isAlive(living) ||
    (runningSupervisor(stateDir) !== undefined &&
      readServiceRecord(stateDir, name)?.phase !== 'ended')
  ) {
    await systemClock.sleep(10)
  }
}

/**
 * Starts a service that died, on the same port and with the same data, and waits until it answers.
 * @throws `services/not-running` when the instance is down, else as `startInstance`
 */
export async function startService(stateDir: string, name: ServiceName): Promise<void> {
  const wanted = readWanted(stateDir)
  const state = readState(stateDir)
  if (runningSupervisor(stateDir) === undefined || wanted === undefined || state === undefined) {
    throw problem('services/not-running', { what: 'The instance', stateDir })
  }
  await startInstance({
    stateDir,
    cacheDir: wanted.cacheDir,
    ports: state.ports,
    explicitPorts: new Set(portsOf[name]),
    services: [name],
  })
}
