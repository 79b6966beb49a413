/**
 * An instance: Kafka, S3 and PostgreSQL of one state directory, run as processes by a detached supervisor.
 * It goes on running after the command that started it, until `stopInstance`.
 */
import { existsSync, rmSync } from 'node:fs'
import { systemClock } from '../core/clock.ts'
import { problem } from '../core/problems.ts'
import { assertInstalled } from './installed.ts'
import { withLock } from './lock.ts'
import { choosePorts, isPortFree } from './ports.ts'
import { assertOwnData } from './postgres/data-home.ts'
import { identify, isAlive, signalProcess } from './process/identity.ts'
import { endProcess } from './process/stop.ts'
import { purge } from './purge.ts'
import { type ServiceName, serviceNames } from './service-names.ts'
import {
  type InstanceSettings,
  type InstanceState,
  instanceSettings,
  makeCredentials,
  makeStateDir,
  type PortName,
  type Ports,
  portsOf,
  readState,
  statePaths,
  writeState,
} from './state.ts'
import { type InstanceStatus, readStatus } from './status.ts'
import { launchSupervisor } from './supervisor/launch.ts'
import {
  type Generations,
  livingProcess,
  readServiceRecord,
  readWanted,
  runningSupervisor,
  type Wanted,
  writeWanted,
} from './supervisor/records.ts'
import { waitUntilReady } from './supervisor/wait.ts'

export type { ServiceName } from './service-names.ts'
export type { InstanceSettings, Ports } from './state.ts'
export type { InstanceStatus, ServiceStatus } from './status.ts'

export type StartEvent =
  | {
      readonly kind: 'port-changed'
      readonly port: PortName
      readonly wanted: number
      readonly taken: number
    }
  | { readonly kind: 'already-running'; readonly service: ServiceName; readonly address: string }
  | { readonly kind: 'starting'; readonly service: ServiceName }
  | {
      readonly kind: 'ready'
      readonly service: ServiceName
      readonly address: string
      readonly elapsedMs: number
    }

export type StartOptions = {
  /** Absolute; made when it does not exist. */
  readonly stateDir: string
  /** Absolute; filled by set-up. */
  readonly cacheDir: string
  /** 0 is any free port. Ports the instance used before are kept. */
  readonly ports: Ports
  /** Names of `ports` that the user chose himself: used or refused, never replaced. */
  readonly explicitPorts?: ReadonlySet<string>
  /** Default: all three. Services that run already are left alone. */
  readonly services?: readonly ServiceName[]
  readonly onEvent?: (event: StartEvent) => void
  /** Stops what this call started; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Take the instance down when this process is gone, however it ended. For tests. */
  readonly boundToThisProcess?: boolean
}

export type Instance = AsyncDisposable & {
  readonly stateDir: string
  readonly ports: Ports
  /** How clients reach it, as a layer of settings. Holds secrets. */
  readonly settings: InstanceSettings
  stop(): Promise<void>
}

/** How often other ports are tried, when another program takes one between our check and the start. */
const startAttempts = 3
/** Every service may need its grace of 30 s, one after the other. */
const supervisorStopMs = 120_000
const serviceStopMs = 30_000

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

/** The start that was asked for, and what has to be taken back when it fails. */
type Begun = {
  readonly state: InstanceState
  /** What to wait for: services this call starts, and those another call is starting. */
  readonly generations: Generations
  /** The services this call starts. */
  readonly own: readonly ServiceName[]
  readonly launched: boolean
}

async function begin(options: StartOptions): Promise<Begun> {
  const { stateDir, cacheDir, onEvent } = options
  const supervisor = runningSupervisor(stateDir)
  if (supervisor === undefined) await endStrays(stateDir)
  const before = supervisor === undefined ? undefined : readWanted(stateDir)
  const asked = options.services ?? serviceNames
  const current = asked.map((service) => ({ service, ...progressOf(stateDir, service, before) }))
  const own = current.filter(({ progress }) => progress === 'down').map(({ service }) => service)

  if (own.includes('postgres')) assertOwnData(stateDir)

  const services = serviceNames.filter((name) => asked.includes(name) || before?.generations[name])
  const state = await settleState(options, services, own)
  const started = Object.fromEntries(own.map((name) => [name, nextGeneration(stateDir, name)]))
  const owner =
    before === undefined && options.boundToThisProcess ? identify(process.pid) : before?.owner
  writeWanted(stateDir, {
    cacheDir,
    generations: { ...before?.generations, ...started },
    ...(owner === undefined ? {} : { owner }),
  })
  for (const { service, progress, address } of current) {
    onEvent?.(
      progress === 'up'
        ? { kind: 'already-running', service, address }
        : { kind: 'starting', service },
    )
  }
  if (supervisor === undefined) await launchSupervisor(stateDir)
  else if (own.length > 0) signalProcess(supervisor.process, 'SIGHUP')
  const joined = current.filter(({ progress }) => progress === 'starting')
  return {
    state,
    generations: {
      ...started,
      ...Object.fromEntries(joined.map(({ service }) => [service, before?.generations[service]])),
    },
    own,
    launched: supervisor === undefined,
  }
}

/** Where a service is, seen by a command that wants it up. `before` is undefined without a supervisor. */
function progressOf(stateDir: string, service: ServiceName, before: Wanted | undefined) {
  const record = readServiceRecord(stateDir, service)
  const address = record?.address ?? ''
  const generation = before?.generations[service]
  if (generation === undefined) return { progress: 'down', address } as const
  // The supervisor was told and has not got round to it yet.
  if (record === undefined || record.generation < generation) {
    return { progress: 'starting', address } as const
  }
  const alive = record.phase === 'preparing' || livingProcess(record) !== undefined
  if (!alive) return { progress: 'down', address } as const
  return { progress: record.phase === 'ready' ? 'up' : 'starting', address } as const
}

/** Ports and credentials: those of before, as far as they can be kept. */
async function settleState(
  options: StartOptions,
  services: readonly ServiceName[],
  starting: readonly ServiceName[],
): Promise<InstanceState> {
  const { stateDir, onEvent } = options
  const kept = readState(stateDir)
  const { ports, changes } = await choosePorts({
    wanted: options.ports,
    explicit: options.explicitPorts ?? new Set(),
    kept: kept?.ports,
    open: starting.flatMap((service) => portsOf[service]),
  })
  for (const change of changes) onEvent?.({ kind: 'port-changed', ...change })
  const state = { ports, credentials: kept?.credentials ?? makeCredentials() }
  writeState(stateDir, state, services)
  return state
}

function nextGeneration(stateDir: string, name: ServiceName): number {
  const recorded = readServiceRecord(stateDir, name)?.generation ?? 0
  return Math.max(recorded, readWanted(stateDir)?.generations[name] ?? 0) + 1
}

/** Tells whether a service we started ended while somebody else listens on its port. */
async function lostPort(stateDir: string, { own, state }: Begun): Promise<boolean> {
  for (const service of own) {
    if (readServiceRecord(stateDir, service)?.phase !== 'ended') continue
    for (const port of portsOf[service]) {
      if (!(await isPortFree(state.ports[port]))) return true
    }
  }
  return false
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

async function stop(stateDir: string, options: { readonly keepRecords: boolean }) {
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
    if (!options.keepRecords) {
      for (const name of serviceNames) rmSync(paths.service(name), { force: true })
    }
    return supervisor !== undefined || strays > 0
  })
}

/** Ends services whose supervisor is gone. Call it under the lock. Returns how many there were. */
async function endStrays(stateDir: string): Promise<number> {
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
