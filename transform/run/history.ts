/**
 * The runner's own tables in schema `ops`: runs, results, failing rows, and what incremental models have seen.
 * All are appended to and never updated, but for `model_fence`: every build updates its one row, so that of two
 * builds at once the second to commit conflicts and begins again.
 */
import { quoteLiteral, quoteRelation } from '../../core/sql.ts'
import type { Session } from './adapter.ts'
import type { NodeResult, RunResult } from './result.ts'

const opsSchema = 'ops'

/** Column → type of each table. What later releases add comes last, and is added to tables that are there. */
const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  runs: {
    run_id: 'varchar',
    command: 'varchar',
    outcome: 'varchar',
    started_at: 'timestamptz',
    elapsed_ms: 'double',
    base_snapshot: 'bigint',
    nodes: 'bigint',
    failed: 'bigint',
    skipped: 'bigint',
    author: 'varchar',
    revision: 'varchar',
  },
  node_runs: {
    run_id: 'varchar',
    node_id: 'varchar',
    name: 'varchar',
    kind: 'varchar',
    relation: 'varchar',
    status: 'varchar',
    rows_written: 'bigint',
    elapsed_ms: 'double',
    message: 'varchar',
    base_snapshot: 'bigint',
    is_whole: 'boolean',
  },
  test_results: {
    run_id: 'varchar',
    test_id: 'varchar',
    name: 'varchar',
    status: 'varchar',
    failures: 'bigint',
    elapsed_ms: 'double',
    message: 'varchar',
    base_snapshot: 'bigint',
  },
  test_failures: {
    run_id: 'varchar',
    test_id: 'varchar',
    name: 'varchar',
    row_number: 'bigint',
    failing_row: 'varchar',
    failed_at: 'timestamptz',
  },
  model_state: {
    model: 'varchar',
    upstream: 'varchar',
    upstream_uuid: 'varchar',
    watermark: 'bigint',
    rows_seen: 'bigint',
    base_snapshot: 'bigint',
    run_id: 'varchar',
    recorded_at: 'timestamptz',
  },
  node_state: { node_id: 'varchar', logic: 'varchar', inputs: 'varchar', run_id: 'varchar' },
  model_fence: { name: 'varchar', run_id: 'varchar' },
}

export function opsRelation(catalog: string, table: string): string {
  return quoteRelation(catalog, opsSchema, table)
}

/** Makes the tables that are missing, and the columns that an earlier release did not have. */
export async function ensureHistory(session: Session, catalog: string): Promise<void> {
  const known = await session.columnsIn(catalog, opsSchema)
  if (known.size === 0) {
    await session.execute(`create schema if not exists ${quoteRelation(catalog, opsSchema)}`)
  }
  for (const [name, columns] of Object.entries(tables)) {
    const there = known.get(name)
    const missing = Object.entries(columns).filter(([column]) => !there?.has(column))
    const list = missing.map((column) => column.join(' '))
    if (there === undefined) {
      await session.execute(`create table ${opsRelation(catalog, name)} (${list.join(', ')})`)
      continue
    }
    for (const column of list) {
      await session.execute(`alter table ${opsRelation(catalog, name)} add column ${column}`)
    }
  }
  if (!known.has('model_fence')) {
    await session.execute(`insert into ${opsRelation(catalog, 'model_fence')} values ('build', '')`)
  }
}

/** Claims the right to commit: two transactions that do this cannot both commit. */
export async function takeFence(session: Session, catalog: string, runId: string): Promise<void> {
  await session.execute(
    `update ${opsRelation(catalog, 'model_fence')} set run_id = ${quoteLiteral(runId)} where name = 'build'`,
  )
}

export type SqlValue = string | number | bigint | boolean | undefined

/** Appends rows to one of the tables, values in the table's order. */
export async function appendHistory(
  session: Session,
  catalog: string,
  table: string,
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += 500) {
    const values = rows.slice(start, start + 500).map((row) => `(${row.map(valueSql).join(', ')})`)
    // By name: in a table of an earlier release the columns may stand in another order.
    const columns = Object.keys(tables[table] ?? {}).join(', ')
    await session.execute(
      `insert into ${opsRelation(catalog, table)} (${columns}) values ${values.join(',\n')}`,
    )
  }
}

function valueSql(value: SqlValue): string {
  if (value === undefined) return 'null'
  return typeof value === 'string' ? quoteLiteral(value) : String(value)
}

/** Who ran it, and on which state of the project. */
export type RunOrigin = {
  readonly author?: string | undefined
  readonly revision?: string | undefined
}

/** Writes down a run and its results. */
export async function recordRun(
  session: Session,
  catalog: string,
  run: Omit<RunResult, 'built' | 'snapshot'>,
  baseSnapshot: number | undefined,
  { author, revision }: RunOrigin = {},
): Promise<void> {
  const { runId, command, outcome, startedAt, elapsedMs, results } = run
  const count = (...statuses: readonly string[]) =>
    results.filter(({ status }) => statuses.includes(status)).length
  const counts = [results.length, count('error', 'fail'), count('skipped')]
  const head = [runId, command, outcome, startedAt, elapsedMs, baseSnapshot]
  await appendHistory(session, catalog, 'runs', [[...head, ...counts, author, revision]])
  await recordNodes(session, catalog, runId, results, baseSnapshot)
}

/** Writes down results of a run. */
export async function recordNodes(
  session: Session,
  catalog: string,
  runId: string,
  results: readonly NodeResult[],
  baseSnapshot: number | undefined,
): Promise<void> {
  const isTest = ({ kind }: NodeResult) => kind === 'test'
  const nodeRows = results.filter((result) => !isTest(result)).map(nodeRow)
  const testRows = results.filter(isTest).map(testRow)
  await appendHistory(session, catalog, 'node_runs', nodeRows)
  await appendHistory(session, catalog, 'test_results', testRows)

  function nodeRow(result: NodeResult): SqlValue[] {
    const { id, name, kind, relation, rows, elapsedMs: took, message, isWhole } = result
    const place = relation && `${relation.schema}.${relation.name}`
    // Who reads of a success takes what it wrote to be there.
    const status = result.isRolledBack === true ? 'rolled-back' : result.status
    return [runId, id, name, kind, place, status, rows, took, message, baseSnapshot, isWhole]
  }

  function testRow({ id, name, status, failures, elapsedMs: took, message }: NodeResult) {
    return [runId, id, name, status, failures, took, message, baseSnapshot]
  }
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
