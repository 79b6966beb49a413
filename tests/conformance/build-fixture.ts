/** A fixture built by Millrace: the `dbt` command in this process, on a copy in a temporary folder. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runDbt } from '../../cli/dbt/run-dbt.ts'
import { openDuckdb } from '../../core/clients/duckdb.ts'
import { extensionDirectory } from '../support/extension-directory.ts'
import type { Fixture } from './fixtures.ts'
import {
  buildCommands,
  buildScripts,
  databaseFile,
  type RecordedBuild,
  readBuild,
} from './row-recording.ts'

export type OurBuild = RecordedBuild & {
  /** What the command printed, for whoever looks for the cause of a difference. */
  readonly output: string
}

const profiles = new URL('.', import.meta.url).pathname

/** Builds once, and a second time where the fixture says what changes in between. Not for two at once. */
export async function buildFixture(fixture: Fixture): Promise<OurBuild[]> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rows-'))
  const { environment } = fixture
  const home = process.cwd()
  const kept = Object.keys(environment).map((name) => [name, process.env[name]] as const)
  try {
    cpSync(fixture.folder, folder, { recursive: true })
    process.chdir(folder)
    Object.assign(process.env, environment)
    const builds: OurBuild[] = []
    for (const sql of buildScripts(fixture)) {
      await prepare(sql)
      const commands = buildCommands(fixture, builds.length)
      builds.push(await buildOnce(commands, fixture))
    }
    return builds
  } finally {
    process.chdir(home)
    for (const [name, value] of kept) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

async function prepare(sql: string): Promise<void> {
  await using duckdb = await openDuckdb({ extensionDirectory, path: databaseFile, threads: 1 })
  await duckdb.withConnection((connection) => connection.run(`${sql};`))
}

async function buildOnce(commands: readonly string[][], { clock }: Fixture): Promise<OurBuild> {
  rmSync('target/run_results.json', { force: true })
  let exit = 0
  const output = await withoutOutput(async () => {
    for (const command of commands) exit = await runDbt([...command, '--profiles-dir', profiles])
  })
  return { ...(await readBuild(exit, clock)), output }
}

/** Runs work while what it prints is kept. @returns the text */
async function withoutOutput(work: () => Promise<void>): Promise<string> {
  const streams = [process.stdout, process.stderr]
  const writes = streams.map((stream) => stream.write)
  let printed = ''
  for (const stream of streams) {
    stream.write = (chunk) => {
      printed += chunk.toString()
      return true
    }
  }
  try {
    await work()
  } finally {
    for (const [index, stream] of streams.entries()) {
      const write = writes[index]
      if (write !== undefined) stream.write = write
    }
  }
  return printed
}
