/** Takes one snapshot inside the run's transaction. A table that is there is added to, and never made anew. */
import { problem } from '../../core/problems.ts'
import type { SnapshotNode } from '../compile/graph.ts'
import {
  addColumns,
  changesName,
  dropChanges,
  firstSnapshot,
  missingColumns,
  type SnapshotTarget,
  stageChanges,
  takeChanges,
} from '../materialize/snapshot.ts'
import { nameMetaColumns, snapshotSettings } from '../materialize/snapshot-settings.ts'
import type { Statement, TableColumn } from '../materialize/statement.ts'
import type { Session } from './adapter.ts'
import { type FoundSnapshot, findSnapshotRules, queryColumns } from './find-snapshot-rules.ts'
import type { NodeContext } from './node-context.ts'

export type Taken = {
  /** Versions that begin. */
  readonly rows: number
  readonly message: string | undefined
  /** All of its rows are of this run. */
  readonly isWhole: boolean
}

/** @throws DuckDB's error, `model/invalid-config`, `model/not-a-snapshot` */
export async function takeSnapshot(node: SnapshotNode, context: NodeContext): Promise<Taken> {
  const { session, state, renderer } = context
  const { relation } = node
  const said = snapshotSettings(node)
  const sql = await renderer.render(node.id, { isIncremental: false, database: session.database })
  const existing = state.existing(relation)
  if (existing === 'view') throw notSnapshot(node, 'it is a view')
  const query = await queryColumns(session, sql)
  if (existing === undefined) {
    return await takeFirst({ node, context, settings: nameMetaColumns(node, said, query), sql })
  }
  const table = await state.columnsOf(session, relation)
  const settings = nameMetaColumns(node, said, query, table)
  const found = { node, context, settings, sql }
  const rules = await findSnapshotRules(found, query, table)
  const target = { name: node.name, relation, settings, rules }
  const missing = missingColumns(target, table)
  if (missing.length > 0) throw notSnapshot(node, `it has no ${missing.join(', ')}`)
  const rows = await takeLater({ session, target, sql }, query, table)
  state.wrote(node, 'table', 'changed')
  return rows
}

async function takeFirst(found: FoundSnapshot): Promise<Taken> {
  const { node, context, sql, settings } = found
  const { session, state } = context
  const { relation, name } = node
  const rules = await findSnapshotRules(found, [], undefined)
  const rows = await session.execute(firstSnapshot({ name, relation, settings, rules }, sql).sql)
  state.wrote(node, 'table', 'replaced')
  return { rows, message: undefined, isWhole: true }
}

type Later = {
  readonly session: Session
  readonly target: SnapshotTarget
  readonly sql: string
}

async function takeLater(
  { session, target, sql }: Later,
  query: readonly TableColumn[],
  table: readonly TableColumn[],
): Promise<Taken> {
  const changes = await session.execute(stageChanges(target, sql, query, table).sql)
  await runStatements(session, addColumns(target, query, table))
  if (changes === 0) {
    await session.execute(dropChanges(target).sql)
    return { rows: 0, message: undefined, isWhole: false }
  }
  const rows = await runStatements(session, takeChanges(target, query, table))
  const message = await describeDoubled(session, target)
  await session.execute(dropChanges(target).sql)
  return { rows, message, isWhole: false }
}

async function runStatements(session: Session, statements: readonly Statement[]): Promise<number> {
  let rows = 0
  for (const { sql, countsRows } of statements) {
    const written = await session.execute(sql)
    if (countsRows) rows += written
  }
  return rows
}

/** Rows with the same key each get versions of their own, as in dbt; that is hardly ever meant. */
async function describeDoubled(
  session: Session,
  target: SnapshotTarget,
): Promise<string | undefined> {
  const key = target.settings.uniqueKey.join(', ')
  const [found] = await session.query(
    `select count(*)::int as doubled from (
  select 1 from ${changesName(target)} where millrace_change <> 'delete'
  group by ${key} having count(*) > 1
) as keys`,
  )
  const doubled = Number(found?.['doubled'] ?? 0)
  if (doubled === 0) return undefined
  return `${doubled} ${doubled === 1 ? 'key stands' : 'keys stand'} in several rows: ${key} is not unique`
}

function notSnapshot(node: SnapshotNode, reason: string) {
  const { schema, name } = node.relation
  const parameters = { node: node.name, relation: `${schema}.${name}`, reason }
  return problem('model/not-a-snapshot', parameters, { at: { file: node.file } })
}
