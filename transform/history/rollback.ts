/** Publishes the state before a run again, as a new snapshot. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../core/clients/duckdb.ts'
import {
  type RelationName,
  type Restored,
  restoreRelations,
} from '../../core/clients/lake/restore.ts'
import { currentSnapshot, hasSnapshot } from '../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { problem } from '../../core/problems.ts'
import { quoteLiteral } from '../../core/sql.ts'
import { bodyOf } from '../materialize/function.ts'
import { opsRelation } from '../run/history.ts'
import { findRun, type RunSummary } from './runs.ts'

export type RollbackPlan = {
  readonly run: RunSummary
  /** The snapshot that will be seen again. */
  readonly snapshot: number
  /** Ids of the runs whose work is undone, newest first: that one and all that ended after it began. */
  readonly undone: readonly string[]
  /** What they wrote. */
  readonly relations: readonly RelationName[]
}

/** The rollback is a run itself. */
export type RollbackRun = {
  readonly runId: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly author?: string | undefined
}

/** Of these something may be seen: node by node a run publishes what went well before it fails. */
const published = ['committed', 'failed', 'interrupted']

/**
 * What a rollback would do.
 * @param id of the run, or how it begins
 * @throws `runs/unknown`, `runs/ambiguous`, `runs/not-published`, `runs/forgotten`
 */
export async function planRollback(
  connection: DuckDBConnection,
  lake: Lake,
  catalog: string,
  id: string,
): Promise<RollbackPlan> {
  const run = await findRun(connection, catalog, id)
  const { runId, outcome, baseSnapshot } = run
  const isPublished =
    published.includes(outcome) && (await writtenBy(connection, catalog, [runId])).length > 0
  if (!isPublished || baseSnapshot === undefined) {
    throw problem('runs/not-published', { run: runId, outcome })
  }
  if (!(await hasSnapshot(connection, lake.options.catalog, baseSnapshot))) {
    throw problem('runs/forgotten', { run: runId, snapshot: baseSnapshot })
  }
  const rows = await queryRows(
    connection,
    `select run_id from ${opsRelation(catalog, 'runs')}
     where outcome in (${published.map(quoteLiteral).join(', ')}) and snapshot_id > ${baseSnapshot}
     order by snapshot_id desc`,
  )
  const undone = rows.map((row) => String(row['run_id']))
  const relations = await writtenBy(connection, catalog, undone)
  return { run, snapshot: baseSnapshot, undone, relations }
}

async function writtenBy(
  connection: DuckDBConnection,
  catalog: string,
  runs: readonly string[],
): Promise<RelationName[]> {
  const rows = await queryRows(
    connection,
    `select distinct relation, kind from ${opsRelation(catalog, 'node_runs')}
     where run_id in (${runs.map(quoteLiteral).join(', ')}) and status = 'success'
       and relation is not null
     order by relation`,
  )
  return rows.flatMap((row) => {
    const [schema = '', ...names] = String(row['relation']).split('.')
    const name = names.join('.')
    const body = row['kind'] === 'function' ? [{ schema, name: bodyOf(name) }] : []
    return [{ schema, name }, ...body]
  })
}

/**
 * What the run and those after it wrote is put back as it was before the run; landed tables are left alone. A model
 * that reads by increments is built in full at the next build.
 * @throws as `planRollback`
 */
export async function rollBackRun(
  lake: Lake,
  catalog: string,
  id: string,
  by: RollbackRun,
): Promise<RollbackPlan & { readonly restored: readonly Restored[] }> {
  return await lake.transaction(
    async (transaction) => {
      // The newest state is read first: of two that write models at once the second to commit begins again.
      await transaction.run(
        `update ${opsRelation(catalog, 'model_fence')} set run_id = ${quoteLiteral(by.runId)}
         where name = 'build'`,
      )
      const plan = await planRollback(transaction, lake, catalog, id)
      const { relations, snapshot } = plan
      const restored = await restoreRelations(
        transaction,
        lake.options.catalog,
        relations,
        snapshot,
      )
      await recordRollback(transaction, catalog, plan, by)
      return { ...plan, restored }
    },
    { message: `rollback ${id}`, author: by.author, extra: () => ({ run_id: by.runId }) },
  )
}

/** So that a rollback can be rolled back, and stands in the history of each model. */
async function recordRollback(
  transaction: DuckDBConnection,
  catalog: string,
  { run, undone, relations }: RollbackPlan,
  { runId, startedAt, author }: RollbackRun,
): Promise<void> {
  const id = quoteLiteral(runId)
  const started = `timestamptz ${quoteLiteral(startedAt)}`
  const by = author === undefined ? 'null' : quoteLiteral(author)
  const base = await currentSnapshot(transaction)
  await transaction.run(
    `insert into ${opsRelation(catalog, 'runs')}
       (run_id, command, outcome, started_at, elapsed_ms, base_snapshot, nodes, failed, skipped, author)
     values (${id}, 'rollback', 'committed', ${started}, epoch_ms(now()) - epoch_ms(${started}), ${base},
       ${relations.length}, 0, 0, ${by})`,
  )
  const nodeRuns = opsRelation(catalog, 'node_runs')
  await transaction.run(
    `insert into ${nodeRuns} (run_id, node_id, name, kind, relation, status, message, base_snapshot)
     select ${id}, max(node_id), max(name), max(kind), relation, 'success',
       ${quoteLiteral(`as before ${run.runId}`)}, ${base}
     from ${nodeRuns}
     where run_id in (${undone.map(quoteLiteral).join(', ')}) and status = 'success'
       and relation is not null
     group by relation`,
  )
  const found = await queryRows(
    transaction,
    `select 1 from duckdb_tables() where database_name = ${quoteLiteral(catalog)}
       and schema_name = 'ops' and table_name = 'node_state'`,
  )
  if (found.length === 0) return // of a release that could not skip what has not changed
  await transaction.run(
    `insert into ${opsRelation(catalog, 'node_state')} (node_id, run_id)
     select distinct node_id, ${id} from ${nodeRuns}
     where run_id in (${undone.map(quoteLiteral).join(', ')})`,
  )
}
