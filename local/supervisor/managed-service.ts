/** One service under the supervisor: started, watched, stopped, and every step written to its record. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { identify, isAlive, type ProcessIdentity, signalProcess } from '../process/identity.ts'
import { describeEnd, tellingLines } from '../process/run.ts'
import { endProcess } from '../process/stop.ts'
import type { Service, ServiceContext } from '../services.ts'
import { logSize, readLogFrom, rotateLog } from './log-file.ts'
import { type ServiceRecord, writeServiceRecord } from './records.ts'
import { say } from './say.ts'
import { spawnService } from './spawn-service.ts'

/** After `kill -9` with gigabytes of logs the broker reads them again before it answers. */
const startTimeoutMs = 180_000
/** The broker closes its logs in 1–2 s; a slow disk may need much longer. */
const stopGraceMs = 30_000

type Running = {
  readonly child: ChildProcess
  readonly identity: ProcessIdentity
  readonly ended: Promise<void>
}

export class ManagedService {
  readonly #service: Service
  readonly #stateDir: string
  #record: Omit<ServiceRecord, 'home'> | undefined
  #running: Running | undefined
  #starting: { readonly abort: AbortController; readonly done: Promise<void> } | undefined
  #stopping = false
  /** The newest request. */
  #generation = 0

  constructor(service: Service, stateDir: string) {
    this.#service = service
    this.#stateDir = stateDir
  }

  /**
   * Starts the service unless it runs; `generation` is the request this answers. One that comes while it is being started
   * gets the answer to that start. Never rejects.
   */
  start(generation: number, context: ServiceContext): void {
    this.#generation = generation
    if (this.#starting !== undefined) {
      this.#update({ generation })
      return
    }
    const abort = new AbortController()
    const done = this.#start(context, abort.signal).finally(() => {
      this.#starting = undefined
    })
    this.#starting = { abort, done }
  }

  /** Stops the service; resolves when its process is gone. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#starting?.abort.abort()
    const running = this.#running
    if (running !== undefined && this.#record !== undefined) {
      await endProcess(running.identity, this.#record.stopSignal, stopGraceMs)
      await running.ended
    }
    await this.#starting?.done
    this.#stopping = false
  }

  async #start(context: ServiceContext, signal: AbortSignal): Promise<void> {
    if (this.#running !== undefined && isAlive(this.#running.identity)) {
      this.#update({ generation: this.#generation })
      return
    }
    await this.#running?.ended // it is dead, only its end is not written down yet
    this.#write({
      generation: this.#generation,
      phase: 'preparing',
      startedAt: now(),
      stopSignal: 'SIGTERM',
      address: this.#service.address(context),
    })
    try {
      const failure = await this.#service.prepare(context, signal)
      signal.throwIfAborted()
      if (failure !== undefined) {
        this.#writeEnd(failure.reason, failure.lines)
        return
      }
      await this.#spawn(context)
      await this.#untilReady(context, signal)
    } catch (error) {
      if (this.#running === undefined) {
        if (this.#record?.phase !== 'ended') this.#writeEnd(reasonOf(error), linesOf(error))
      } else if (!signal.aborted) {
        signalProcess(this.#running.identity, 'SIGKILL')
      }
    }
  }

  /** Resolves once the process runs, or has ended already. */
  async #spawn(context: ServiceContext): Promise<void> {
    const command = this.#service.command(context)
    rotateLog(context.logPath)
    const logStart = logSize(context.logPath)
    const descriptor = openSync(context.logPath, 'a', 0o600)
    // Before there is a process: it may end before it is seen.
    this.#update({ phase: 'starting', stopSignal: command.stopSignal })
    let child: ChildProcess
    try {
      child = spawnService(command, descriptor)
    } finally {
      closeSync(descriptor)
    }
    const ended = new Promise<void>((resolve) => {
      const end = (reason: string) => {
        this.#running = undefined
        const log = readLogFrom(context.logPath, logStart)
        this.#mended = this.#isStarting() && this.#service.mend?.(context, log) === true
        if (!this.#mended) this.#writeEnd(reason, tellingLines(log))
        resolve()
      }
      child.once('error', (error) => end(`cannot be run (${error.message})`))
      child.once('exit', (code, signal) => end(describeEnd(code, signal) ?? 'ended by itself'))
    })
    const identity = child.pid === undefined ? undefined : identify(child.pid)
    if (identity === undefined) {
      await ended // the event tells why
      return
    }
    this.#running = { child, identity, ended }
    this.#update({ process: identity })
  }

  async #untilReady(context: ServiceContext, signal: AbortSignal): Promise<void> {
    const deadline = systemClock.now() + startTimeoutMs
    for (;;) {
      if (this.#running === undefined) {
        if (!this.#mended) return
        this.#mended = false
        await systemClock.sleep(200, signal)
        await this.#spawn(context)
      }
      try {
        await this.#service.probe(context)
        if (this.#running !== undefined) this.#update({ phase: 'ready', readyAt: now() })
        return
      } catch (error) {
        if (systemClock.now() > deadline) {
          const seconds = startTimeoutMs / 1000
          this.#failed = `was not ready after ${seconds} s: ${messageOf(error)}`
          throw error
        }
      }
      await systemClock.sleep(50, signal)
    }
  }

  /** Why we ended it ourselves. */
  #failed: string | undefined
  /** It ended before it was ready, and what it complained about is mended now. */
  #mended = false

  #isStarting(): boolean {
    return !this.#stopping && this.#record?.phase === 'starting'
  }

  #writeEnd(reason: string, lines: readonly string[]): void {
    const end = {
      expected: this.#stopping,
      reason: this.#failed ?? reason,
      at: now(),
      lines: [...lines],
    }
    this.#failed = undefined
    this.#update({ phase: 'ended', end })
  }

  #update(change: Partial<ServiceRecord>): void {
    if (this.#record !== undefined) this.#write({ ...this.#record, ...change })
  }

  #write(record: Omit<ServiceRecord, 'home'>): void {
    this.#record = record
    try {
      writeServiceRecord(this.#stateDir, this.#service.name, record)
    } catch (error) {
      // A full disk must not take down services that still work; the log says what is missing.
      say(`${this.#service.name}: ${messageOf(error)}`)
    }
  }
}

function now(): string {
  return new Date(systemClock.now()).toISOString()
}

function reasonOf(error: unknown): string {
  return error instanceof MillraceError ? error.message : messageOf(error)
}

function linesOf(error: unknown): readonly string[] {
  return error instanceof MillraceError || !(error instanceof Error)
    ? []
    : (error.stack ?? '').split('\n').slice(1, 4)
}
