/** One runner process, as its parent has it. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { BuilderArguments, BuilderMessage, BuildRequest } from './builder.ts'

const entry = new URL('./builder.ts', import.meta.url).pathname

export type BuildEnd = { readonly outcome: string; readonly detail: string }

/** A build that is going on. */
export type Building = {
  /** Undefined when the process was killed before the build ended. */
  readonly ended: Promise<BuildEnd | undefined>
  /** Every node has ended, so what comes next is the commit. */
  readonly committing: Promise<void>
}

export class Runner {
  readonly #child: ChildProcess
  readonly #exit: Promise<void>
  readonly #ready: Promise<void>

  constructor(argument: BuilderArguments) {
    this.#child = fork(entry, [JSON.stringify(argument)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Hundreds of them start; the modules are read once.
      env: { ...process.env, NODE_COMPILE_CACHE: join(argument.folder, '.modules') },
    })
    this.#exit = new Promise((resolve) => this.#child.once('exit', () => resolve()))
    this.#ready = this.#told(({ kind }) => kind === 'ready').then(() => {})
  }

  async start(request: BuildRequest): Promise<Building> {
    await this.#ready
    const ended = this.#told(({ kind }) => kind === 'ended')
    const last = this.#told(
      (message) =>
        message.kind === 'ended' || (message.kind === 'node' && message.index === message.total),
    )
    this.#child.send(request)
    return {
      ended: ended.then((message) => (message?.kind === 'ended' ? message : undefined)),
      committing: last.then(() => {}),
    }
  }

  /** Builds in peace. */
  async build(request: BuildRequest): Promise<BuildEnd | undefined> {
    const { ended } = await this.start(request)
    return await ended
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }

  /** The first message of a kind, or undefined when the process is gone before. */
  #told(suits: (message: BuilderMessage) => boolean): Promise<BuilderMessage | undefined> {
    return new Promise((resolve) => {
      const listen = (message: BuilderMessage) => {
        if (!suits(message)) return
        this.#child.off('message', listen)
        resolve(message)
      }
      this.#child.on('message', listen)
      void this.#exit.then(() => resolve(undefined))
    })
  }
}
