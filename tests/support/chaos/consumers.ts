/** A set of consumer processes that are killed, frozen and replaced. */
import { type ChildProcess, fork } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ConsumerArguments, ConsumerMessage, FreezeRequest } from './consumer.ts'

const entry = new URL('./consumer.ts', import.meta.url).pathname

export type Consumer = {
  readonly id: number
  readonly group: string
  readonly process: ChildProcess
  readonly ended: Promise<void>
  landing: boolean
  /** Claims it has made. */
  entries: number
  /** It has said anything at all, so it listens to signals. */
  heard: boolean
  frozen: boolean
  /** The key it was about to claim when it froze. */
  frozenBefore: string | undefined
  /** We ended it. */
  expected: boolean
}

export type UnexpectedExit = { readonly id: number; readonly code: number | null }

/** It runs, and can still be told something. */
export function isAlive({ process }: Consumer): boolean {
  return process.exitCode === null && process.signalCode === null && process.connected
}

export class Consumers {
  readonly unexpected: UnexpectedExit[] = []
  readonly #directory: string
  readonly #argument: (group: string, id: number) => ConsumerArguments
  readonly #all: Consumer[] = []
  #started = 0
  #stopping = false
  kills = 0

  /** @param directory for logs and temp files */
  constructor(directory: string, argument: (group: string, id: number) => ConsumerArguments) {
    this.#directory = directory
    this.#argument = argument
  }

  get running(): readonly Consumer[] {
    return this.#all.filter(isAlive)
  }

  start(group: string): Consumer {
    const id = this.#started++
    mkdirSync(join(this.#directory, 'tmp'), { recursive: true })
    const log = createWriteStream(join(this.#directory, `consumer-${id}.log`))
    const child = fork(entry, [JSON.stringify(this.#argument(group, id))], {
      silent: true,
      env: { ...process.env, UV_THREADPOOL_SIZE: '8' },
    })
    child.stderr?.pipe(log)
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const consumer: Consumer = {
      id,
      group,
      process: child,
      ended,
      landing: false,
      entries: 0,
      heard: false,
      frozen: false,
      frozenBefore: undefined,
      expected: false,
    }
    child.on('message', (message: ConsumerMessage) => {
      consumer.heard = true
      if (message.kind === 'freezing') consumer.frozenBefore = message.key
      else if (message.kind === 'claimed') consumer.frozenBefore = undefined
      else {
        consumer.landing = message.landing
        consumer.entries = message.entries
      }
    })
    child.once('exit', (code) => {
      if (consumer.expected) return
      this.unexpected.push({ id, code })
      // As an orchestrator would: once more, a little later.
      setTimeout(() => !this.#stopping && this.start(group), 1_000)
    })
    this.#all.push(consumer)
    return consumer
  }

  async kill(consumer: Consumer): Promise<void> {
    consumer.expected = true
    consumer.process.kill('SIGKILL')
    await consumer.ended
    this.kills += 1
  }

  /** SIGTERM; @returns the exit code, null when it had to be killed */
  async stop(consumer: Consumer, withinMs = 40_000): Promise<number | null> {
    for (let waitedMs = 0; !consumer.heard && waitedMs < 15_000; waitedMs += 50) {
      if (consumer.process.exitCode !== null) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    consumer.expected = true
    consumer.process.kill('SIGTERM')
    const timer = setTimeout(() => consumer.process.kill('SIGKILL'), withinMs)
    await consumer.ended
    clearTimeout(timer)
    return consumer.process.exitCode
  }

  /** It stops itself before its next claim: `frozenBefore` says which. */
  freeze(consumer: Consumer): void {
    consumer.frozen = true
    consumer.process.send('freeze' satisfies FreezeRequest)
  }

  thaw(consumer: Consumer): void {
    consumer.process.kill('SIGCONT')
    consumer.frozen = false
  }

  /** Stops all politely. @returns their exit codes */
  async stopAll(): Promise<readonly (number | null)[]> {
    this.#stopping = true
    return await Promise.all(this.running.map((one) => this.stop(one)))
  }

  async killAll(): Promise<void> {
    this.#stopping = true
    for (const one of this.running) await this.kill(one)
  }
}
