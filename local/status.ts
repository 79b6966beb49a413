/** How an instance is, read from its records and checked against the processes that really are there. */
import { systemClock } from '../core/clock.ts'
import { type ServiceName, serviceNames } from './service-names.ts'
import { statePaths } from './state.ts'
import {
  livingProcess,
  readServiceRecord,
  readWanted,
  runningSupervisor,
  type ServiceRecord,
} from './supervisor/records.ts'

type ServiceState = 'running' | 'starting' | 'stopped' | 'died'

export type ServiceStatus = {
  readonly service: ServiceName
  readonly state: ServiceState
  /** For `died`: how, when, and the last line of the log. */
  readonly reason?: string
  readonly pid?: number
  /** host:port, or a URL; without secrets. */
  readonly address?: string
  /** Seconds since the process was started. */
  readonly uptimeSeconds?: number
  readonly log: string
  /** The last lines of the log of a service that died. */
  readonly lastLines?: readonly string[]
}

export type InstanceStatus = {
  readonly stateDir: string
  readonly supervisorPid: number | undefined
  /** Every service that was asked for runs and answers. */
  readonly allRunning: boolean
  readonly services: readonly ServiceStatus[]
}

/** Reads the state of every service that was asked for (of all, when nothing ever was). */
export function readStatus(stateDir: string): InstanceStatus {
  const generations = readWanted(stateDir)?.generations ?? {}
  const wanted = serviceNames.filter(
    (name) => generations[name] !== undefined || readServiceRecord(stateDir, name) !== undefined,
  )
  const services = (wanted.length === 0 ? serviceNames : wanted).map((name) =>
    serviceStatus(stateDir, name),
  )
  return {
    stateDir,
    supervisorPid: runningSupervisor(stateDir)?.process.pid,
    allRunning: services.every(({ state }) => state === 'running'),
    services,
  }
}

function serviceStatus(stateDir: string, service: ServiceName): ServiceStatus {
  const record = readServiceRecord(stateDir, service)
  const log = statePaths(stateDir).log(service)
  const living = livingProcess(record)
  const supervised = runningSupervisor(stateDir) !== undefined
  if (record === undefined) return { service, state: 'stopped', log }
  if (living !== undefined) {
    const uptimeSeconds = Math.floor((systemClock.now() - Date.parse(record.startedAt)) / 1000)
    const state = record.phase === 'ready' ? 'running' : 'starting'
    return { service, state, pid: living.pid, address: record.address, uptimeSeconds, log }
  }
  if (record.phase === 'preparing' && supervised) return { service, state: 'starting', log }
  if (record.end?.expected === true) return { service, state: 'stopped', log }
  const lastLines = record.end?.lines ?? []
  return { service, state: 'died', reason: describeDeath(record, supervised), log, lastLines }
}

function describeDeath({ end }: ServiceRecord, supervised: boolean): string {
  if (end === undefined) {
    return supervised
      ? 'ended just now, or its end could not be written down (is the disk full?)'
      : 'ended together with its supervisor' // nobody was left to see how
  }
  const last = end.lines.at(-1)
  return `${end.reason} at ${end.at}${last === undefined ? '' : `; last line: ${last.slice(0, 200)}`}`
}
