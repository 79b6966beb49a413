/** The first half of a start, under the lock: what is there, what is missing, and asking the supervisor for it. */
import { choosePorts, isPortFree } from './ports.ts'
import { assertOwnData } from './postgres/data-home.ts'
import { identify, signalProcess } from './process/identity.ts'
import { type ServiceName, serviceNames } from './service-names.ts'
import type { StartOptions } from './start-options.ts'
import { type InstanceState, makeCredentials, portsOf, readState, writeState } from './state.ts'
import { endStrays } from './stop.ts'
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

/** The start that was asked for, and what has to be taken back when it fails. */
export type Begun = {
  readonly state: InstanceState
  /** What to wait for: services this call starts, and those another call is starting. */
  readonly generations: Generations
  /** The services this call starts. */
  readonly own: readonly ServiceName[]
  readonly launched: boolean
}

/**
 * Asks for the services that are missing. Call it under the lock of the state directory.
 * @throws `services/port-taken`, `services/state-copied`, `services/supervisor-ended`
 */
export async function begin(options: StartOptions): Promise<Begun> {
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
  // While it is being started it may have no process, or one that has just ended and is started again.
  const isBegun = record.phase === 'preparing' || record.phase === 'starting'
  if (!isBegun && livingProcess(record) === undefined) return { progress: 'down', address } as const
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
export async function lostPort(stateDir: string, { own, state }: Begun): Promise<boolean> {
  for (const service of own) {
    if (readServiceRecord(stateDir, service)?.phase !== 'ended') continue
    for (const port of portsOf[service]) {
      if (!(await isPortFree(state.ports[port]))) return true
    }
  }
  return false
}
