/** Builds the fixtures with real dbt and writes `recorded-rows/`: `node tests/conformance/record-rows.ts <venv> [fixture…]`. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Fixture, readFixtures } from './fixtures.ts'
import {
  buildCommands,
  buildScripts,
  databaseFile,
  type RecordedBuild,
  readBuild,
  writeRowRecording,
} from './row-recording.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

const answerSchema = z.object({ exit: z.number(), error: z.string().nullable() })

/** dbt, waiting for fixtures to build. */
function startDbt(python: string) {
  const child = spawn(python, [join(here, 'run_dbt_builds.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      TZ: 'UTC',
      DBT_PROFILES_DIR: here,
      DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
      PYTHONHASHSEED: '0', // dbt keeps some lists as sets
    },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    build: async (request: unknown) => {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return answerSchema.parse(JSON.parse((await lines.next()).value ?? 'null'))
    },
    stop: () => child.stdin.end(),
  }
}

async function recordFixture(fixture: Fixture, dbt: ReturnType<typeof startDbt>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rows-'))
  const { environment, clock } = fixture
  try {
    cpSync(fixture.folder, folder, { recursive: true })
    process.chdir(folder) // views of files name them by a path that begins there
    const builds: RecordedBuild[] = []
    for (const sql of buildScripts(fixture)) {
      const commands = buildCommands(fixture, builds.length)
      const request = { folder, environment, database: databaseFile, sql, commands }
      const { exit, error } = await dbt.build(request)
      if (error !== null) console.error(`  ${error.trim().replaceAll('\n', '\n  ')}`)
      builds.push(await readBuild(exit, clock))
    }
    writeRowRecording(fixture.name, builds)
  } finally {
    process.chdir(here)
    rmSync(folder, { recursive: true, force: true })
  }
}

const [venv, ...names] = process.argv.slice(2)
if (venv === undefined) throw new Error('usage: record-rows.ts <virtual environment> [fixture…]')
mkdirSync(join(here, 'recorded-rows'), { recursive: true })
const dbt = startDbt(join(venv, 'bin/python'))
for (const fixture of readFixtures(names)) {
  console.log(fixture.name)
  await recordFixture(fixture, dbt).catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
}
dbt.stop()
