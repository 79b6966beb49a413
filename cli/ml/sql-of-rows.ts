/** Whether the rows of an export come from the SQL that the project has now: its hash goes with the model from there on. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { type LakeCatalog, lakeName } from '../../core/clients/lake/attach.ts'
import { lastChanges } from '../../core/clients/lake/last-changes.ts'
import { listTables } from '../../core/clients/lake/snapshots.ts'
import { problem } from '../../core/problems.ts'
import type { SqlCheck } from '../../ml/features/export.ts'
import type { FeatureSet } from '../../ml/features/feature-set.ts'
import type { Graph, LogicOf } from '../../transform/index.ts'
import { printWarning } from '../runner/warnings.ts'

type Project = {
  readonly graph: Graph
  readonly logicOf: LogicOf
}

/**
 * Of a snapshot of the past, what differs is told and written into the manifest: it cannot be built again.
 * @param isPast whether it was asked for by its number
 * @throws `ml/other-sql` where the newest rows are of other SQL
 */
export async function checkSqlOfRows(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  { graph, logicOf }: Project,
  { features, labels, logic }: FeatureSet,
  { snapshot, isPast }: { readonly snapshot: number; readonly isPast: boolean },
): Promise<SqlCheck> {
  const { loadBuiltStates, rowsMadeOf } = await import('../../transform/index.ts')
  const read = logic.map(({ id }) => id)
  const made = rowsMadeOf({
    ...{ graph, logicOf, ids: [features.id, labels.id], snapshot },
    states: await loadBuiltStates(connection, lakeName, snapshot, read),
    changes: await lastChanges(connection, catalog, snapshot),
    tables: await listTables(connection, catalog, snapshot),
  })
  const { others, isIncremental } = made
  if (others.length > 0 && !isPast) {
    const models = [features.name, labels.name]
    throw problem('ml/other-sql', { models, others, isIncremental })
  }
  const doubts = [...others, ...made.doubts]
  if (doubts.length > 0) printWarning(problem('ml/sql-doubtful', { doubts }))
  return { isOther: others.length > 0, doubts }
}
