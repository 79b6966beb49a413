/**
 * The runner's own tables in schema `ops`: runs, results, failing rows, and what incremental models have seen.
 * All are appended to and never updated, but for `model_fence`: every build updates its one row, so that of two
 * builds at once the second to commit conflicts and begins again.
 */
import { quoteLiteral, quoteRelation } from '../../core/sql.ts'
import type { Session } from './adapter.ts'
import type { NodeResult, RunResult } from './result.ts'

const opsSchema = 'ops'

const tables: Readonly<Record<string, string>> = {
  runs: `run_id varchar, command varchar, outcome varchar, started_at timestamptz, elapsed_ms double,
    base_snapshot bigint, nodes bigint, failed bigint, skipped bigint`,
  run_results: `run_id varchar, node_id varchar, name varchar, kind varchar, status varchar, rows_written bigint,
    failures bigint, elapsed_ms double, message varchar, base_snapshot bigint`,
  test_failures:
    'run_id varchar, test_id varchar, name varchar, row_number bigint, failing_row varchar, failed_at timestamptz',
  model_state: `model varchar, upstream varchar, upstream_uuid varchar, watermark bigint, rows_seen bigint,
    base_snapshot bigint, run_id varchar, recorded_at timestamptz`,
  model_fence: 'name varchar, run_id varchar',
}

export function opsRelation(catalog: string, table: string): string {
  return quoteRelation(catalog, opsSchema, table)
}

/** Makes the tables that are missing. */
export async function ensureHistory(session: Session, catalog: string): Promise<void> {
  const rows = await session.query(
    `select table_name from information_schema.tables
     where table_catalog = ${quoteLiteral(catalog)} and table_schema = ${quoteLiteral(opsSchema)}`,
  )
  const known = new Set(rows.map((row) => String(row['table_name'])))
  const missing = Object.keys(tables).filter((name) => !known.has(name))
  if (missing.length === 0) return
  await session.execute(`create schema if not exists ${quoteRelation(catalog, opsSchema)}`)
  for (const name of missing) {
    await session.execute(`create table ${opsRelation(catalog, name)} (${tables[name]})`)
  }
  if (missing.includes('model_fence')) {
    await session.execute(`insert into ${opsRelation(catalog, 'model_fence')} values ('build', '')`)
  }
}

/** Claims the right to commit: two transactions that do this cannot both commit. */
export async function takeFence(session: Session, catalog: string, runId: string): Promise<void> {
  await session.execute(
    `update ${opsRelation(catalog, 'model_fence')} set run_id = ${quoteLiteral(runId)} where name = 'build'`,
  )
}

export type SqlValue = string | number | bigint | undefined

/** Appends rows to one of the tables, values in the table's order. */
export async function appendHistory(
  session: Session,
  catalog: string,
  table: string,
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += 500) {
    const values = rows.slice(start, start + 500).map((row) => `(${row.map(valueSql).join(', ')})`)
    await session.execute(`insert into ${opsRelation(catalog, table)} values ${values.join(',\n')}`)
  }
}

function valueSql(value: SqlValue): string {
  if (value === undefined) return 'null'
  return typeof value === 'string' ? quoteLiteral(value) : String(value)
}

/** Writes down a run and its results. */
export async function recordRun(
  session: Session,
  catalog: string,
  run: Omit<RunResult, 'built' | 'snapshot'>,
  baseSnapshot: number | undefined,
): Promise<void> {
  const { runId, command, outcome, startedAt, elapsedMs, results } = run
  const count = (...statuses: readonly string[]) =>
    results.filter(({ status }) => statuses.includes(status)).length
  const failed = count('error', 'fail')
  await appendHistory(session, catalog, 'runs', [
    [
      runId,
      command,
      outcome,
      startedAt,
      elapsedMs,
      baseSnapshot,
      results.length,
      failed,
      count('skipped'),
    ],
  ])
  const rows = results.map((result) => resultRow(runId, result, baseSnapshot))
  await appendHistory(session, catalog, 'run_results', rows)
}

function resultRow(
  runId: string,
  result: NodeResult,
  baseSnapshot: number | undefined,
): SqlValue[] {
  const { id, name, kind, status, rows, failures, elapsedMs, message } = result
  return [runId, id, name, kind, status, rows, failures, elapsedMs, message, baseSnapshot]
}

/** Keeps the failing rows of tests. */
export async function recordFailures(
  session: Session,
  catalog: string,
  runId: string,
  results: readonly NodeResult[],
  at: string,
): Promise<void> {
  const rows = results.flatMap(({ id, name, failingRows }) =>
    failingRows.map((row, index): SqlValue[] => [runId, id, name, index + 1, row, at]),
  )
  await appendHistory(session, catalog, 'test_failures', rows)
}
