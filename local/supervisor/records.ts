/** What the supervisor and the commands tell each other through files in `run/`. */
import { rmSync } from 'node:fs'
import { z } from 'zod'
import { isMissing, readJson, writeJson } from '../json-file.ts'
import { isAlive, type ProcessIdentity } from '../process/identity.ts'
import { type ServiceName, serviceNames } from '../service-names.ts'
import { stateDirIdentity, statePaths } from '../state.ts'

const identity = z.object({ pid: z.int(), birth: z.string() })

/** How a process ended. `expected`: because it was asked to. */
const ending = z.object({
  expected: z.boolean(),
  /** In words, such as "was ended by SIGKILL". */
  reason: z.string(),
  at: z.iso.datetime(),
  /** The last lines of its log. */
  lines: z.array(z.string()),
})

/**
 * The life of one service, once around: preparing → starting → ready → ended. `generation` is the start
 * that was asked for, so that a command recognises the answer to its own request.
 */
const serviceRecord = z.object({
  home: z.string(),
  generation: z.int(),
  phase: z.enum(['preparing', 'starting', 'ready', 'ended']),
  startedAt: z.iso.datetime(),
  readyAt: z.iso.datetime().optional(),
  process: identity.optional(),
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  address: z.string(),
  end: ending.optional(),
})
export type ServiceRecord = Readonly<z.infer<typeof serviceRecord>>

const supervisorRecord = z.object({
  home: z.string(),
  process: identity,
  startedAt: z.iso.datetime(),
  /** It listens to signals; before that a SIGHUP would end it. */
  accepting: z.boolean(),
})
export type SupervisorRecord = Readonly<z.infer<typeof supervisorRecord>>

const wanted = z.object({
  cacheDir: z.string(),
  /** The services to keep up. A higher number than before asks for a start. */
  generations: z.partialRecord(z.enum(serviceNames), z.int()),
  /** The instance goes down when this process is gone. */
  owner: identity.optional(),
})
export type Generations = Wanted['generations']
export type Wanted = Readonly<z.infer<typeof wanted>>

/** The record of a service of this very state directory; undefined when it was never started here. */
export function readServiceRecord(stateDir: string, name: ServiceName): ServiceRecord | undefined {
  return ownOnly(stateDir, readJson(statePaths(stateDir).service(name), serviceRecord))
}

export function writeServiceRecord(
  stateDir: string,
  name: ServiceName,
  record: Omit<ServiceRecord, 'home'>,
): void {
  writeJson(statePaths(stateDir).service(name), { home: stateDirIdentity(stateDir), ...record })
}

/** The supervisor of this very state directory, alive; a stale record is removed. */
export function runningSupervisor(stateDir: string): SupervisorRecord | undefined {
  const file = statePaths(stateDir).supervisor
  const record = ownOnly(stateDir, readJson(file, supervisorRecord))
  if (record !== undefined && isAlive(record.process)) return record
  if (record !== undefined) rmSync(file, { force: true })
  return undefined
}

export function writeSupervisorRecord(
  stateDir: string,
  record: Omit<SupervisorRecord, 'home'>,
): void {
  writeJson(statePaths(stateDir).supervisor, { home: stateDirIdentity(stateDir), ...record })
}

export function readWanted(stateDir: string): Wanted | undefined {
  return readJson(statePaths(stateDir).wanted, wanted)
}

export function writeWanted(stateDir: string, value: Wanted): void {
  writeJson(statePaths(stateDir).wanted, value)
}

/** The process of a service, if it is alive, whoever its parent is by now. */
export function livingProcess(record: ServiceRecord | undefined): ProcessIdentity | undefined {
  const process = record?.process
  return process !== undefined && isAlive(process) ? process : undefined
}

/** A copied state directory carries the original's records; they are not about processes of the copy. */
function ownOnly<Record extends { readonly home: string }>(
  stateDir: string,
  record: Record | undefined,
): Record | undefined {
  if (record === undefined) return undefined
  try {
    return record.home === stateDirIdentity(stateDir) ? record : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
