/** The history of runs, read from the tables that every run writes in schema `ops`. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows, type Row } from '../../core/clients/duckdb.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { quoteLiteral } from '../../core/sql.ts'
import { opsRelation } from '../run/history.ts'

export type RunSummary = {
  readonly runId: string
  readonly command: string
  readonly outcome: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly elapsedMs: number
  readonly nodes: number
  readonly failed: number
  readonly skipped: number
  /** What readers saw before it. */
  readonly baseSnapshot: number | undefined
  /** The snapshot that it was written down in; for a committed run the one that it published. */
  readonly snapshot: number
  readonly author: string | undefined
  readonly revision: string | undefined
}

/** One node of a run. */
export type NodeRun = {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly status: string
  readonly rows: number | undefined
  readonly failures: number | undefined
  readonly elapsedMs: number
  readonly message: string | undefined
}

/** The newest runs, newest first. @throws `runs/no-history` */
export async function listRuns(
  connection: DuckDBConnection,
  catalog: string,
  limit: number,
): Promise<RunSummary[]> {
  const rows = await queryHistory(
    connection,
    `${runsQuery(catalog)} order by started_at desc, snapshot_id desc limit ${limit}`,
  )
  return rows.map(toSummary)
}

/**
 * The run with this id, or the only one that begins so.
 * @throws `runs/unknown`, `runs/ambiguous`, `runs/no-history`
 */
export async function findRun(
  connection: DuckDBConnection,
  catalog: string,
  id: string,
): Promise<RunSummary> {
  const rows = await queryHistory(
    connection,
    `${runsQuery(catalog)} where starts_with(run_id, ${quoteLiteral(id)}) limit 10`,
  )
  const found = rows.map(toSummary)
  const [only = found.find(({ runId }) => runId === id), second] = found
  if (only === undefined) throw problem('runs/unknown', { run: id })
  if (second === undefined) return only
  const exact = found.find(({ runId }) => runId === id)
  if (exact !== undefined) return exact
  throw problem('runs/ambiguous', { run: id, ids: found.map(({ runId }) => runId) })
}

/** What a run did, failures first, then in the order of their ids. */
export async function nodesOfRun(
  connection: DuckDBConnection,
  catalog: string,
  runId: string,
): Promise<NodeRun[]> {
  const ofRun = `where run_id = ${quoteLiteral(runId)}`
  const rows = await queryHistory(
    connection,
    `select * from (
       select node_id, name, kind, status, rows_written, null::bigint as failures, elapsed_ms, message
       from ${opsRelation(catalog, 'node_runs')} ${ofRun}
       union all
       select test_id, name, 'test', status, null, failures, elapsed_ms, message
       from ${opsRelation(catalog, 'test_results')} ${ofRun}
     ) order by status not in ('error', 'fail'), status <> 'warn', node_id`,
  )
  return rows.map((row) => ({
    id: String(row['node_id']),
    name: String(row['name']),
    kind: String(row['kind']),
    status: String(row['status']),
    rows: numberOf(row['rows_written']),
    failures: numberOf(row['failures']),
    elapsedMs: Number(row['elapsed_ms']),
    message: textOf(row['message']),
  }))
}

/** A run that published a relation; one that `failed` or was `interrupted` had published its nodes one by one. */
export type RelationRun = Pick<
  RunSummary,
  'runId' | 'command' | 'startedAt' | 'snapshot' | 'author' | 'revision'
> & {
  readonly id: string
  readonly rows: number | undefined
  readonly message: string | undefined
}

/**
 * The runs that published a model, seed or snapshot, newest first; none where it was only ever tried.
 * @param name its name or its unique id
 * @throws `runs/unknown-node` where no run was of it
 */
export async function runsOfNode(
  connection: DuckDBConnection,
  catalog: string,
  name: string,
  limit: number,
): Promise<RelationRun[]> {
  const rows = await queryHistory(
    connection,
    `select r.*, n.node_id, n.rows_written, n.message
     from (${runsQuery(catalog)} where outcome in ('committed', 'failed', 'interrupted')) r
     join ${opsRelation(catalog, 'node_runs')} n using (run_id)
     where ${quoteLiteral(name)} in (n.node_id, n.name) and n.status = 'success'
     order by r.snapshot_id desc limit ${limit}`,
  )
  if (rows.length === 0) await assertKnown(connection, catalog, name)
  return rows.map((row) => {
    const { runId, command, startedAt, snapshot, author, revision } = toSummary(row)
    const id = String(row['node_id'])
    const more = { rows: numberOf(row['rows_written']), message: textOf(row['message']) }
    return { id, runId, command, startedAt, snapshot, author, revision, ...more }
  })
}

async function assertKnown(
  connection: DuckDBConnection,
  catalog: string,
  name: string,
): Promise<void> {
  const rows = await queryHistory(
    connection,
    `select distinct node_id, name from ${opsRelation(catalog, 'node_runs')}`,
  )
  const known = rows.flatMap((row) => [String(row['name']), String(row['node_id'])])
  if (known.includes(name)) return
  throw problem('runs/unknown-node', { name, nearest: nearest(name, known) })
}

function runsQuery(catalog: string): string {
  return `select snapshot_id, run_id, command, outcome, epoch_ms(started_at) as started_ms, started_at,
    elapsed_ms, base_snapshot, nodes, failed, skipped, author, revision
    from ${opsRelation(catalog, 'runs')}`
}

async function queryHistory(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  try {
    return await queryRows(connection, sql)
  } catch (error) {
    const missing = /^Catalog Error: .*(does not exist|not found)/is
    if (error instanceof Error && missing.test(error.message)) {
      throw problem('runs/no-history', {}, { cause: error })
    }
    throw error
  }
}

function toSummary(row: Row): RunSummary {
  return {
    runId: String(row['run_id']),
    command: String(row['command']),
    outcome: String(row['outcome']),
    startedAt: new Date(Number(row['started_ms'])).toISOString(),
    elapsedMs: Number(row['elapsed_ms']),
    nodes: Number(row['nodes']),
    failed: Number(row['failed']),
    skipped: Number(row['skipped']),
    baseSnapshot: numberOf(row['base_snapshot']),
    snapshot: Number(row['snapshot_id']),
    author: textOf(row['author']),
    revision: textOf(row['revision']),
  }
}

function numberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function textOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}
