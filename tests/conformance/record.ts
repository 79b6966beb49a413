/** Runs real dbt over the fixtures and writes `recorded/`: `node tests/conformance/record.ts <venv> [fixture…]`. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Fixture, lsCalls, readFixtures, splitArguments } from './fixtures.ts'
import { type Recording, toRecording, writeRecording } from './recording.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

const answerSchema = z.array(
  z.object({
    success: z.boolean(),
    error: z.string().nullable(),
    lines: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
)

/** Compiles a copy of the fixture with dbt. @throws when dbt refuses one of the commands */
function recordFixture(fixture: Fixture, python: string): Recording {
  const copy = mkdtempSync(join(tmpdir(), 'millrace-conformance-'))
  try {
    cpSync(fixture.folder, copy, { recursive: true })
    const calls = lsCalls(fixture)
    const options = ['--target', fixture.target, '--vars', JSON.stringify(fixture.vars)]
    const listing = calls.map((line) => ['ls', ...splitArguments(line), '--no-write-json'])
    const commands = [
      ...fixture.before,
      ['compile', ...options],
      ...listing.map((call) => [...call, ...options]),
    ]
    const answers = runDbt(fixture, copy, python, commands)
    const lines = answers.slice(-calls.length).map((answer) => answer.lines)
    const ls = Object.fromEntries(calls.map((call, index) => [call, lines[index] ?? []]))
    const manifest: unknown = JSON.parse(readFileSync(join(copy, 'target/manifest.json'), 'utf8'))
    const compiled = answers[fixture.before.length]
    return toRecording(manifest, ls, compiled?.warnings ?? [])
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function runDbt(
  { name, setup, environment }: Fixture,
  cwd: string,
  python: string,
  commands: readonly string[][],
) {
  const { status, stdout, stderr } = spawnSync(python, [join(here, 'run_dbt.py')], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    input: JSON.stringify({ setup: setup ?? null, database: 'conformance.duckdb', commands }),
    env: {
      PATH: process.env['PATH'],
      DBT_PROFILES_DIR: here,
      DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
      PYTHONHASHSEED: '0', // dbt keeps some lists as sets
      ...environment,
    },
  })
  if (status !== 0) throw new Error(`${name}: dbt could not be run\n${stderr}`)
  const answers = answerSchema.parse(JSON.parse(stdout))
  const failed = answers.findIndex(({ success }) => !success)
  if (failed >= 0) {
    const command = commands[failed]?.join(' ')
    throw new Error(`${name}: dbt ${command}: ${answers[failed]?.error ?? stderr}`)
  }
  return answers
}

const [venv, ...names] = process.argv.slice(2)
if (venv === undefined) throw new Error('usage: record.ts <virtual environment> [fixture…]')
mkdirSync(join(here, 'recorded'), { recursive: true })
for (const fixture of readFixtures(names)) {
  console.log(fixture.name)
  try {
    writeRecording(fixture.name, recordFixture(fixture, join(venv, 'bin/python')))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
