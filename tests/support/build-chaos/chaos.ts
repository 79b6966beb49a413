/** Builds that are killed at random moments while rows land, and what readers saw meanwhile. */

import { openDuckdb } from '../../../core/clients/duckdb.ts'
import type { LakeOptions } from '../../../core/clients/lake/attach.ts'
import { type Lake, openLake } from '../../../core/clients/lake.ts'
import type { PublishMode } from '../../../transform/index.ts'
import { randomOf } from '../chaos/plan.ts'
import { pause } from '../chaos/wait.ts'
import { extensionDirectory } from '../extension-directory.ts'
import { forgetEverything } from '../maintain.ts'
import { queryLake, writeProject } from '../project.ts'
import { chaosProject, markerOf } from './project.ts'
import { lookAt } from './reader.ts'
import { type BuildEnd, Runner } from './runner.ts'
import { incrementalRows } from './truth.ts'

export type BuildChaosOptions = {
  /** An empty folder, for the project. */
  readonly folder: string
  readonly lake: LakeOptions
  readonly publish: PublishMode
  readonly seed: number
  /** Kills in the middle of a build. */
  readonly kills: number
  readonly onLine: (line: string) => void
}

export type BuildChaosResult = {
  readonly kills: number
  /** Those whose build was published all the same. */
  readonly publishedKills: number
  /** Kills that came when the build had ended. */
  readonly lateKills: number
  /** Looks at the lake, and what they found that was not whole. */
  readonly looks: number
  readonly violations: readonly string[]
  /** Builds that were left in peace and ended otherwise than they had to. */
  readonly wrongEnds: readonly string[]
  /** Increments as they stand at the end, and after everything was built anew. */
  readonly increments: Awaited<ReturnType<typeof incrementalRows>>
  readonly rebuilt: Awaited<ReturnType<typeof incrementalRows>>
}

/** How often upkeep forgets all history and merges files. */
const roundsBetweenUpkeep = 5

/** The lake for the one who watches; close it. */
export async function openWatched(options: LakeOptions): Promise<Lake> {
  return await openLake(await openDuckdb({ extensionDirectory, threads: 1 }), options)
}

export async function runBuildChaos(
  lake: Lake,
  options: BuildChaosOptions,
): Promise<BuildChaosResult> {
  const chaos = new Chaos(lake, options)
  try {
    return await chaos.run()
  } finally {
    await chaos.end()
  }
}

class Chaos {
  readonly #lake: Lake
  readonly #options: BuildChaosOptions
  readonly #random: () => number
  readonly #violations = new Set<string>()
  readonly #wrongEnds: string[] = []
  #runner: Runner
  /** Getting ready while the other builds. */
  #spare: Runner
  #generation = 0
  #batch = 0
  #nextId = 0
  #looks = 0
  /** Of a build in peace; moments are chosen by it. */
  #buildMs = 500

  constructor(lake: Lake, options: BuildChaosOptions) {
    this.#lake = lake
    this.#options = options
    this.#random = randomOf(options.seed)
    this.#runner = this.#newRunner()
    this.#spare = this.#newRunner()
  }

  async run(): Promise<BuildChaosResult> {
    const { kills: wanted, folder } = this.#options
    await writeProject(folder, chaosProject)
    await this.#sql('create schema lake.raw')
    await this.#sql(
      'create table lake.raw.events (id bigint, key bigint, amount bigint, happened_on date, batch bigint)',
    )
    await this.#land()
    await this.#buildInPeace()
    let kills = 0
    let publishedKills = 0
    let lateKills = 0
    for (let round = 1; kills < wanted; round++) {
      if (lateKills > 20 + wanted) throw new Error('builds end before they can be killed')
      await this.#land()
      const { wasLate, wasPublished } = await this.#killedBuild()
      if (wasLate) lateKills++
      else kills++
      if (!wasLate && wasPublished) publishedKills++
      await this.#look()
      if (round % roundsBetweenUpkeep === 0) {
        await forgetEverything(this.#lake)
        const wrong = this.#violations.size + this.#wrongEnds.length
        this.#options.onLine(`${kills} kills, ${publishedKills} after the commit, ${wrong} wrong`)
      }
      if (this.#random() < 0.5) await this.#land()
      await this.#buildInPeace()
    }
    const increments = await incrementalRows(this.#lake)
    await this.#buildInPeace(true)
    return {
      kills,
      publishedKills,
      lateKills,
      looks: this.#looks,
      violations: [...this.#violations],
      wrongEnds: this.#wrongEnds,
      increments,
      rebuilt: await incrementalRows(this.#lake),
    }
  }

  async end(): Promise<void> {
    await Promise.all([this.#runner.kill(), this.#spare.kill()])
  }

  #newRunner(): Runner {
    const { folder, lake, publish } = this.#options
    return new Runner({ folder, lake, publish })
  }

  async #sql(text: string): Promise<void> {
    await queryLake(this.#lake, text)
  }

  /** Rows of yesterday and of days long gone; now and then none, or some go. */
  async #land(): Promise<void> {
    const kind = this.#random()
    if (kind < 0.1) return
    if (kind < 0.16) {
      const rest = Math.floor(this.#random() * 11)
      await this.#sql(`delete from lake.raw.events where id % 11 = ${rest}`)
      return
    }
    const rows = 1 + Math.floor(this.#random() * 30)
    const from = this.#nextId
    this.#nextId += rows
    const lateDays = this.#random() < 0.3 ? Math.floor(this.#random() * 20) : 0
    const day = `date '2024-11-25' + ${Math.floor(this.#batch / 10) - lateDays}::int`
    await this.#sql(`insert into lake.raw.events
      select range, (range * 7 + ${this.#batch}) % 9, range * 3, ${day}, ${this.#batch++}
      from range(${from}, ${this.#nextId})`)
  }

  async #next(): Promise<number> {
    this.#generation++
    await writeProject(this.#options.folder, { ...chaosProject, ...markerOf(this.#generation) })
    return this.#generation
  }

  async #buildInPeace(fullRefresh = false): Promise<void> {
    const generation = await this.#next()
    const begunMs = Date.now()
    const end = await this.#runner.build({ generation, fullRefresh })
    this.#expect(end, 'committed', `build ${generation}`)
    this.#buildMs = 0.7 * this.#buildMs + 0.3 * (Date.now() - begunMs)
    if (generation === 1 && this.#wrongEnds.length > 0) throw new Error(this.#wrongEnds.join())
    await this.#look()
  }

  #expect(end: BuildEnd | undefined, outcome: string, what: string): void {
    if (end?.outcome === outcome) return
    const wrong = `${what}: ${end?.outcome ?? 'the process ended'} ${end?.detail ?? ''}`
    this.#wrongEnds.push(wrong)
    this.#options.onLine(wrong)
  }

  async #killedBuild(): Promise<{ readonly wasLate: boolean; readonly wasPublished: boolean }> {
    const generation = await this.#next()
    const isBroken = this.#random() < 0.1
    const atCommit = !isBroken && this.#random() < 0.4
    const share = this.#random()
    const building = await this.#runner.start({ generation, isBroken })
    let isOver = false
    const watching = this.#watch(() => isOver)
    if (atCommit) {
      await building.committing
      await pause(share * 0.4 * this.#buildMs)
    } else {
      await pause(share * this.#buildMs)
    }
    await this.#runner.kill()
    isOver = true
    await watching
    this.#runner = this.#spare
    this.#spare = this.#newRunner()
    const end = await building.ended
    if (end !== undefined) {
      const { publish } = this.#options
      const failed = publish === 'atomic' ? 'rolled-back' : 'failed'
      this.#expect(end, isBroken ? failed : 'committed', `build ${generation}`)
    }
    const rows = await queryLake(
      this.#lake,
      `select 1 from lake.main.log where generation = ${generation}`,
    )
    return { wasLate: end !== undefined, wasPublished: rows.length > 0 }
  }

  /** Looks again and again until it is over. */
  async #watch(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#look()
      await pause(100)
    }
  }

  async #look(): Promise<void> {
    this.#looks++
    for (const violation of await lookAt(this.#lake, this.#options.publish)) {
      if (this.#violations.has(violation)) continue
      this.#violations.add(violation)
      this.#options.onLine(violation)
    }
  }
}
