/** The same rounds of the same data as real dbt took; `record.ts` wrote what came out there. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type Files,
  makeFolder,
  messageOf,
  runFolder,
  statuses,
  writeProject,
} from '../../../support/project.ts'
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
import { databases, openEngine } from './engines.ts'

const recorded = roundsSchema.parse(
  JSON.parse(readFileSync(new URL('../../../goldens/snapshots.json', import.meta.url), 'utf8')),
)

/** Nothing that dbt calls, replaced by the same: then its macros take the snapshots. */
const byMacros: Files = {
  'macros/own.sql': '{% macro copy_grants() %}{{ return(True) }}{% endmacro %}',
}

describe.each([
  ...databases.map((database) => ({ database, by: 'the runner', macros: {} })),
  ...databases.map((database) => ({ database, by: 'macros', macros: byMacros })),
])('snapshots in $database by $by', ({ database, macros }) => {
  // The statements of the macros are the same in both; in a lake one of the cases that need most of them is enough.
  const isTaken = ({ onLake, name }: SnapshotCase) =>
    database === 'memory' ||
    (onLake && (macros === byMacros ? name.startsWith('timestamp, new_record') : true))
  const cases = snapshotCases.filter(isTaken)
  it.each(cases.map((one) => [one.name, one] as const))(
    'are those of dbt: %s',
    async (name, one) => {
      expect(comparable(await takeRounds(one, database, macros))).toEqual(recorded[name])
    },
  )
})

async function takeRounds(
  one: SnapshotCase,
  database: (typeof databases)[number],
  macros: Files,
): Promise<Round[]> {
  await using folder = await makeFolder()
  await using engine = await openEngine(database, folder.path)
  await writeProject(folder.path, {
    ...macros,
    'models/sources.yml': sourcesYaml,
    'snapshots/users.yml': snapshotYaml(one),
  })
  await engine.sql('create schema raw')
  await engine.sql(createUsers)
  const relation = 'main_history.users_snapshot'
  const rounds: Round[] = []
  for (const statements of roundsOf(one)) {
    for (const statement of statements) await engine.sql(statement)
    const run = await runFolder(folder.path, engine.adapter, { database, command: 'snapshot' })
    expect(statuses(run), messageOf(run, 'users_snapshot')).toEqual({ users_snapshot: 'success' })
    const described = await engine.sql(`describe ${relation}`)
    const rows = await engine.sql(versionsSql(one, relation))
    rounds.push({
      columns: described.map((row) => [String(row['column_name']), String(row['column_type'])]),
      rows: rows.map((row) =>
        Object.values(row).map((value) => (value === null ? null : String(value))),
      ),
    })
  }
  return rounds
}
