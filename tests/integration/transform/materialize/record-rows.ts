/** Builds the project with real dbt and writes `recorded-rows.json`: `node record-rows.ts <virtual environment>`. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { writeProject } from '../../../support/project.ts'
import { readState } from './database-state.ts'
import { eventTimes, everywhere, failing, onlyPlain, type Step, steps } from './project-files.ts'
import { type RecordedStep, writeRecordedSteps } from './recorded.ts'

const resultsSchema = z.object({
  results: z.array(z.object({ unique_id: z.string(), status: z.string() })),
})

const profiles =
  'shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, schema: main, threads: 1}}}\n'

async function recordStep(folder: string, venv: string, { step, fullRefresh }: Step) {
  const options = ['--event-time-start', eventTimes.start, '--event-time-end', eventTimes.end]
  const vars = JSON.stringify({ step })
  const flags = fullRefresh ? ['--full-refresh'] : []
  const args = ['--quiet', 'build', '--vars', vars, ...options, ...flags]
  const { stderr } = spawnSync(join(venv, 'bin/dbt'), args, { cwd: folder, encoding: 'utf8' })
  if (stderr !== '') throw new Error(stderr)
  const results = JSON.parse(readFileSync(join(folder, 'target/run_results.json'), 'utf8'))
  const failed = resultsSchema
    .parse(results)
    .results.filter(({ status }) => status !== 'success')
    .map(({ unique_id: id }) => id.split('.').at(-1) ?? '')
    .sort()
  // Views of files name them by a path that is relative to the project.
  process.chdir(folder)
  await using duckdb = await openDuckdb({ extensionDirectory, path: join(folder, 'shop.duckdb') })
  return { failed, ...(await duckdb.withConnection(readState)) }
}

const [venv] = process.argv.slice(2)
if (venv === undefined) throw new Error('usage: record-rows.ts <virtual environment>')
const folder = mkdtempSync(join(tmpdir(), 'millrace-materializations-'))
await writeProject(folder, {
  'dbt_project.yml': 'name: shop\nprofile: shop\n',
  'profiles.yml': profiles,
  ...everywhere,
  ...onlyPlain,
  ...failing,
})
mkdirSync(join(folder, 'out'))
const recorded: RecordedStep[] = []
for (const step of steps) recorded.push(await recordStep(folder, venv, step))
writeRecordedSteps(recorded)
rmSync(folder, { recursive: true, force: true })
