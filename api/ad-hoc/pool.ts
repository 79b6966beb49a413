/** The child processes: started before they are needed, replaced when they are gone, broken or have grown. */
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LakeOptions } from '../../core/clients/lake/attach.ts'
import { spillDirectory } from '../../core/clients/spill-directory.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { problem } from '../../core/problems.ts'
import type { Settings } from '../../core/settings.ts'
import type { ChildAnswer, Usage } from './ask-child.ts'
import { type Child, type ChildSettings, childEntry, startChild } from './child-process.ts'
import { probeConfinement } from './confine.ts'
import { FairQueue, type Waiting } from './fair-queue.ts'
import type { QueryRequest } from './protocol.ts'

export type PoolOptions = {
  readonly settings: Settings['api']['ad_hoc']
  readonly lake: LakeOptions
  readonly extensionDirectory: string
  /** What children spill into; each gets a folder below. */
  readonly scratchDirectory: string
  /** Given to children on top of an empty environment. */
  readonly environment?: Readonly<Record<string, string>>
  readonly log: Log
  readonly clock?: Clock
}

export type Pool = {
  /**
   * Runs a query in the next free child.
   * @param caller requests of the same caller share his turns
   * @throws `api/sql-*`, `api/timeout`, `api/overloaded`
   */
  readonly run: (request: QueryRequest, caller: string, signal: AbortSignal) => Promise<ChildAnswer>
  /** The living children and how many requests wait. */
  readonly state: () => {
    readonly pids: readonly number[]
    readonly idle: number
    readonly waiting: number
  }
  /** Kills the children; requests that run or wait are refused. */
  readonly close: () => Promise<void>
}

// Node.js and DuckDB with its extensions take 0.7 GB of writable memory by themselves (measured), most of it untouched.
const ownDataBytes = 1280 * 1024 ** 2
// Freed memory is not always given back: beyond this a child is replaced between two queries.
const ownRssBytes = 512 * 1024 ** 2
const cpuSecondsOfChild = 3600
const startMs = 30_000
const stopMs = 1000
const longestPauseMs = 30_000

/** Starts the children; does not wait for them. */
export async function openPool(options: PoolOptions): Promise<Pool> {
  const { settings, log, clock = systemClock } = options
  const scratch = spillDirectory(options.scratchDirectory)
  await mkdir(scratch, { recursive: true, mode: 0o755 })
  // A child that is just starting is worth waiting for.
  const waitMs = Math.max(settings.timeout_ms, startMs)
  const closing = new AbortController()
  const template = await templateOf(options, scratch, closing.signal)
  const { confinement } = template
  log.info({ event: 'ad_hoc.opened', processes: settings.processes, ...confinement })
  const memoryBytes = bytesOf(settings.memory_limit)
  const runningPerCaller = Math.max(1, settings.processes - 1)
  const { per_caller: perCaller, queue: waiting } = settings
  const queue = new FairQueue({ perCaller, runningPerCaller, waiting })
  const children = new Set<Child>()
  const idle: Child[] = []
  /** No child lives, and the last one did not start. */
  let isDown = false

  const serve = () => {
    while (idle.length > 0 && queue.startNext());
  }
  /** Keeps one place filled with a child, one after the other. */
  const keepOne = async () => {
    for (let failures = 0; !closing.signal.aborted; ) {
      try {
        const child = await startChild({
          ...template,
          options: { ...template.options, scratch: join(scratch, randomUUID()) },
        })
        failures = 0
        isDown = false
        children.add(child)
        idle.push(child)
        log.debug({ event: 'ad_hoc.child_started', pid: child.pid })
        serve()
        const last = await child.exited
        children.delete(child)
        remove(idle, child)
        log.info({
          event: 'ad_hoc.child_ended',
          pid: child.pid,
          reason: child.broken(),
          exit: last,
        })
      } catch (error) {
        failures++
        log.warn({ event: 'ad_hoc.child_not_started', reason: messageOf(error) })
        isDown = children.size === 0
        if (isDown) queue.refuseAll(problem('api/sql-unavailable', {}))
        const pauseMs = Math.min(longestPauseMs, 500 * 2 ** failures)
        await clock.sleep(pauseMs, closing.signal).catch(() => {})
      }
    }
  }
  const places = Array.from({ length: settings.processes }, keepOne)

  const giveBack = (child: Child, caller: string, usage: Usage | undefined) => {
    queue.release(caller)
    const isWorn =
      usage === undefined ||
      usage.rssBytes > memoryBytes + ownRssBytes ||
      usage.cpuMs > (cpuSecondsOfChild * 1000) / 2
    if (isWorn) child.kill()
    else if (child.broken() === undefined) idle.push(child)
    serve()
  }

  return {
    run: async (request, caller, signal) => {
      while (!closing.signal.aborted && !isDown) {
        const child = await turn({
          queue,
          caller,
          signal,
          idle,
          serve,
          waitMs,
        })
        const onDone = (usage: Usage | undefined) => giveBack(child, caller, usage)
        const call = { signal, timeoutMs: settings.timeout_ms, onDone }
        const answer = await child.ask(request, call)
        if (answer !== undefined) return answer
      }
      throw problem('api/sql-unavailable', {})
    },
    state: () => ({
      pids: [...children].flatMap(({ pid }) => pid ?? []),
      idle: idle.length,
      waiting: queue.size,
    }),
    close: async () => {
      closing.abort()
      queue.refuseAll(problem('api/sql-unavailable', {}))
      for (const child of children) child.kill()
      await Promise.all(places)
      await rm(scratch, { recursive: true, force: true })
    },
  }
}

type Turn = {
  readonly queue: FairQueue
  readonly caller: string
  readonly signal: AbortSignal
  readonly idle: Child[]
  readonly serve: () => void
  readonly waitMs: number
}

/** Waits until a child is free for this caller. @throws `api/overloaded` after `waitMs` */
function turn({ queue, caller, signal, idle, serve, waitMs }: Turn): Promise<Child> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    }
    const refuse = (error: unknown) => {
      settle()
      queue.remove(waiting)
      reject(error)
    }
    const leave = () => refuse(unheard())
    const waiting: Waiting = {
      caller,
      start: () => {
        settle()
        const child = idle.shift()
        if (child !== undefined) resolve(child)
      },
      refuse,
    }
    const timer = setTimeout(() => refuse(problem('api/overloaded', {})), waitMs)
    try {
      queue.add(waiting)
    } catch (error) {
      refuse(error)
      return
    }
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    else serve()
  })
}

/** The caller has left, so that nobody gets this answer. */
function unheard() {
  return problem('api/sql-process-lost', {})
}

/** What all children have in common. */
async function templateOf(
  options: PoolOptions,
  scratch: string,
  signal: AbortSignal,
): Promise<ChildSettings> {
  const { settings, lake, extensionDirectory, environment = {} } = options
  const isRemote = lake.catalog.kind === 'postgres' || lake.dataPath.includes('://')
  // Who reads SQLite's write-ahead log writes to its index, so the owner of the catalog has to do it.
  const readable =
    lake.catalog.kind === 'sqlite'
      ? undefined
      : [
          process.execPath,
          childEntry,
          scratch,
          extensionDirectory,
          ...(lake.dataPath.includes('://') ? [] : [lake.dataPath]),
        ]
  return {
    options: {
      lake,
      extensionDirectory,
      scratch: '',
      memoryLimit: settings.memory_limit,
      maxTempSize: settings.max_temp_size,
      threads: settings.threads,
      schemas: settings.schemas,
      rowLimit: settings.row_limit,
      maxBytes: settings.max_bytes,
    },
    limits: {
      dataBytes: bytesOf(settings.memory_limit) + settings.max_bytes * 4 + ownDataBytes,
      fileBytes: bytesOf(settings.max_temp_size) + settings.max_bytes * 4,
      cpuSeconds: cpuSecondsOfChild,
    },
    confinement: await probeConfinement(isRemote, readable),
    environment,
    signal,
    startMs,
    stopMs,
  }
}

function bytesOf(text: string): number {
  const [, digits = '0', unit] = /^(\d+)(MB|GB)$/.exec(text) ?? []
  return Number(digits) * (unit === 'GB' ? 1000 ** 3 : 1000 ** 2)
}

function remove<Item>(list: Item[], item: Item): void {
  const index = list.indexOf(item)
  if (index >= 0) list.splice(index, 1)
}
