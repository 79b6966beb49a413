/** The other half of the chaos: a registrar that is killed and replaced while PostgreSQL dies under it. */
import { type ChildProcess, fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { type Lake, openLake } from '../../../core/clients/lake.ts'
import { openS3, type S3Options } from '../../../core/clients/s3.ts'
import { userActivitySchema } from '../../../core/contracts/user-activity.ts'
import { registerAll } from '../../../ingest/registrar/register.ts'
import { type Instance, killService, startService } from '../../../local/instance.ts'
import { extensionDirectory } from '../extension-directory.ts'
import type { UnexpectedExit } from './consumers.ts'
import type { LakeFault } from './plan.ts'
import type { RegistrarArguments, RegistrarMessage } from './registrar.ts'
import { pause, until } from './wait.ts'

const entry = new URL('./registrar.ts', import.meta.url).pathname
/** A round is small, so that many are under way when something dies. */
const maxRecords = 20_000
const intervalMs = 200

export type LakeSideOptions = {
  readonly instance: Instance
  readonly s3: S3Options
  readonly topic: string
  /** For logs. */
  readonly directory: string
  readonly faults: readonly LakeFault[]
  readonly onLine: (line: string) => void
}

export class LakeSide {
  readonly unexpected: UnexpectedExit[] = []
  kills = 0
  readonly #options: LakeSideOptions
  readonly #argument: RegistrarArguments
  #child: ChildProcess | undefined
  #registered = 0
  #started = 0
  #stopping = false

  constructor(options: LakeSideOptions) {
    const { lake } = options.instance.settings
    if (lake === undefined) throw new Error('a registrar needs a catalog')
    this.#options = options
    this.#argument = {
      lake: {
        catalog: { kind: 'postgres', url: lake.catalog_url, schema: 'chaos' },
        dataPath: `s3://${options.s3.bucket}/lake/`,
        s3: options.s3,
      },
      s3: options.s3,
      topic: options.topic,
      maxRecords,
      intervalMs,
    }
  }

  /** Does what the plan says, each fault while something is being registered. */
  async run(): Promise<void> {
    this.#start()
    for (const fault of this.#options.faults) {
      await until(() => this.#registered > 0, 30_000)
      await pause(fault.afterMs)
      this.#options.onLine(JSON.stringify(fault))
      await this.#inject(fault)
    }
  }

  /** Kills the registrar a last time and takes in what is left. */
  async finish(): Promise<Lake> {
    await this.end()
    const lake = await openLake(await openDuckdb({ extensionDirectory }), this.#argument.lake)
    const store = openS3(this.#options.s3)
    await registerAll(
      { lake, store, schemaOf: () => userActivitySchema },
      { topics: [this.#options.topic], maxRecords: 1_000_000 },
    )
    store.close()
    return lake
  }

  async end(): Promise<void> {
    this.#stopping = true
    await this.#kill()
  }

  async #inject(fault: LakeFault): Promise<void> {
    this.#registered = 0
    switch (fault.kind) {
      case 'kill-registrar':
        if (await this.#kill()) this.kills += 1
        this.#start()
        return
      case 'kill-postgres': {
        const { stateDir } = this.#options.instance
        await killService(stateDir, 'postgres', 'SIGKILL')
        await pause(fault.downMs)
        await startService(stateDir, 'postgres')
        return
      }
      default:
        fault satisfies never
    }
  }

  #start(): void {
    const id = this.#started++
    const child = fork(entry, [JSON.stringify(this.#argument)], { silent: true })
    child.stderr?.pipe(createWriteStream(join(this.#options.directory, `registrar-${id}.log`)))
    child.on('message', ({ registered }: RegistrarMessage) => {
      if (child === this.#child) this.#registered = registered
    })
    child.once('exit', (code) => {
      if (child !== this.#child) return
      this.#child = undefined
      this.unexpected.push({ id, code })
      // As an orchestrator would: once more, a little later.
      setTimeout(() => !this.#stopping && this.#child === undefined && this.#start(), 1_000)
    })
    this.#child = child
  }

  /** @returns whether one was running */
  async #kill(): Promise<boolean> {
    const child = this.#child
    if (child === undefined) return false
    this.#child = undefined
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    return true
  }
}
