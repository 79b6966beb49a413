/** `--show`: some rows of every seed that a run has loaded. */
import type { Options } from 'yargs'
import { relationSql } from '../../transform/materialize/statement.ts'
import type { RunResult } from '../../transform/run/result.ts'
import type { ProjectDatabase } from './project-database.ts'

export const showOption = {
  type: 'boolean',
  default: false,
  describe: 'Print some rows of each seed that was loaded',
} as const satisfies Options

/** As in dbt. */
const rowCount = 10

export async function showSeeds(
  { results }: Pick<RunResult, 'results'>,
  database: Pick<ProjectDatabase, 'read'>,
): Promise<void> {
  const { readPreview, renderPreview } = await import('./show-preview.ts')
  for (const { kind, status, relation, name } of results) {
    if (kind !== 'seed' || status !== 'success' || relation === undefined) continue
    const sql = `from ${relationSql(relation)} using sample reservoir(${rowCount} rows)`
    const query = { name, sql, file: name, compiledPath: undefined }
    const preview = await database.read((connection) => readPreview(connection, query, rowCount))
    const title = `Random sample of table: ${relation.schema}.${relation.name}`
    process.stdout.write(`${title}\n${renderPreview(preview, 'text', false, true)}\n`)
  }
}
