/** Runs the services of one state directory: starts what is wanted, stops what is not, all of it at the end. */
import { rmSync } from 'node:fs'
import { kafka } from '../kafka/service.ts'
import { createPostgres } from '../postgres/service.ts'
import { isAlive } from '../process/identity.ts'
import { s3 } from '../s3/service.ts'
import { sagemaker } from '../sagemaker/service.ts'
import { type ServiceName, serviceNames } from '../service-names.ts'
import type { ServiceContext } from '../services.ts'
import { readState, statePaths } from '../state.ts'
import { ManagedService } from './managed-service.ts'
import { readWanted, type Wanted } from './records.ts'

export class Supervisor {
  readonly #stateDir: string
  readonly #services: Readonly<Record<ServiceName, ManagedService>>
  readonly #handled: Partial<Record<ServiceName, number>> = {}
  #stopped: Promise<void> | undefined

  constructor(stateDir: string) {
    this.#stateDir = stateDir
    this.#services = {
      kafka: new ManagedService(kafka, stateDir),
      s3: new ManagedService(s3, stateDir),
      postgres: new ManagedService(createPostgres(), stateDir),
      sagemaker: new ManagedService(sagemaker, stateDir),
    }
  }

  /** Reads what is wanted and acts on what changed. */
  reload(): void {
    const wanted = readWanted(this.#stateDir)
    if (wanted === undefined || this.#stopped !== undefined) return
    for (const name of serviceNames) {
      const generation = wanted.generations[name]
      if (generation === undefined) {
        delete this.#handled[name]
        void this.#services[name].stop()
      } else if (generation !== this.#handled[name]) {
        this.#handled[name] = generation
        this.#services[name].start(generation, this.#context(name, wanted))
      }
    }
  }

  /**
   * Stops everything in the order in which data flows, so that what has come in can still be written:
   * the broker first, the catalog of the lake last.
   */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      for (const name of serviceNames) await this.#services[name].stop()
      rmSync(statePaths(this.#stateDir).supervisor, { force: true })
    })()
    return this.#stopped
  }

  /** Tells whether the process this instance was bound to is gone. */
  isAbandoned(): boolean {
    const owner = readWanted(this.#stateDir)?.owner
    return owner !== undefined && !isAlive(owner)
  }

  #context(name: ServiceName, { cacheDir }: Wanted): ServiceContext {
    const state = readState(this.#stateDir)
    if (state === undefined) throw new Error(`no state in ${this.#stateDir}`)
    const logPath = statePaths(this.#stateDir).log(name)
    return { stateDir: this.#stateDir, cacheDir, ...state, logPath }
  }
}
