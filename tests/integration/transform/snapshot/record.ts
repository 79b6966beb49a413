/** Lets real dbt take the snapshots of `cases.ts` and writes `tests/goldens/snapshots.json`: `node …/record.ts <venv>`. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  comparable,
  createUsers,
  type Round,
  roundsOf,
  roundsSchema,
  type SnapshotCase,
  snapshotCases,
  snapshotYaml,
  sourcesYaml,
  versionsSql,
} from './cases.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const profile = `shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: snapshots.duckdb, schema: main, threads: 1}
`

function recordCase(one: SnapshotCase, python: string): Round[] {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-snapshots-'))
  try {
    mkdirSync(join(folder, 'models'))
    mkdirSync(join(folder, 'snapshots'))
    writeFileSync(join(folder, 'dbt_project.yml'), 'name: shop\nprofile: shop\n')
    writeFileSync(join(folder, 'profiles.yml'), profile)
    writeFileSync(join(folder, 'models/sources.yml'), sourcesYaml)
    writeFileSync(join(folder, 'snapshots/users.yml'), snapshotYaml(one))
    const relation = 'main_history.users_snapshot'
    const { status, stdout, stderr } = spawnSync(python, [join(here, 'record_snapshots.py')], {
      cwd: folder,
      encoding: 'utf8',
      input: JSON.stringify({
        setup: ['create schema raw', createUsers],
        rounds: roundsOf(one),
        relation,
        query: versionsSql(one, relation),
      }),
      env: { PATH: process.env['PATH'], DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' },
    })
    if (status !== 0) throw new Error(`${one.name}: dbt could not be run\n${stderr}`)
    const { rounds = [] } = roundsSchema.parse({ rounds: JSON.parse(stdout) })
    return comparable(rounds)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const [venv] = process.argv.slice(2)
if (venv === undefined) throw new Error('usage: record.ts <virtual environment>')
const recorded: Record<string, Round[]> = {}
for (const one of snapshotCases) {
  console.log(one.name)
  recorded[one.name] = recordCase(one, join(venv, 'bin/python'))
}
// A row a line, so that a change can be read.
const text = JSON.stringify(recorded).replaceAll(
  /(\{"columns":|"rows":\[|\],(?=\[)|\},(?="))/g,
  '$1\n',
)
writeFileSync(join(here, '../../../goldens/snapshots.json'), `${text}\n`)
