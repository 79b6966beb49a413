/**
 * Columns of what a unit test gives rows for: those of the relation when it is there, else what the schema file
 * declares, else what the SQL of the model would give. dbt needs the relation.
 */
import { problem } from '../../core/problems.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { SelectableNode } from '../compile/graph.ts'
import type { UnitTestInput } from '../compile/render-unit-test.ts'
import type { TableColumn } from '../materialize/statement.ts'
import { relationSql } from '../materialize/statement.ts'
import type { NodeContext } from '../run/node-context.ts'
import { describe } from '../run/run-state.ts'

type Context = Pick<NodeContext, 'session' | 'state' | 'renderer'>

/** @throws `model/compiler-error` when nothing tells them */
export async function inputColumns(
  { id, target, input }: UnitTestInput,
  context: Context,
): Promise<readonly TableColumn[]> {
  const columns =
    (await ofRelation(target, context)) ??
    declared(target) ??
    (await orNone(() => ofSql(id, target, context)))
  if (columns !== undefined && columns.length > 0) return columns
  const relation = target !== undefined && 'relation' in target ? relationSql(target.relation) : id
  const reason = `Not able to get columns for unit test '${target?.name ?? input}' from relation ${relation} because the relation doesn't exist`
  throw problem('model/compiler-error', { reason })
}

async function ofRelation(
  target: SelectableNode | undefined,
  { session, state }: Context,
): Promise<readonly TableColumn[] | undefined> {
  if (target === undefined || !('relation' in target)) return undefined
  if (target.kind === 'model' && target.materialized === 'ephemeral') return undefined
  const file = target.kind === 'source' ? target.properties['external_name'] : undefined
  if (typeof file === 'string') return await orNone(() => describe(session, `(from ${file})`))
  if (state.existing(target.relation) === undefined && target.kind !== 'source') return undefined
  return await orNone(() => state.columnsOf(session, target.relation))
}

/** Those of a schema file that gives every column its type. */
function declared(target: SelectableNode | undefined): readonly TableColumn[] | undefined {
  const columns = target !== undefined && 'columns' in target ? target.columns : []
  const typed = columns.flatMap(({ name, dataType }) =>
    dataType === undefined ? [] : [{ name, type: dataType }],
  )
  return typed.length > 0 && typed.length === columns.length ? typed : undefined
}

async function ofSql(
  id: string,
  target: SelectableNode | undefined,
  { session, renderer }: Context,
): Promise<readonly TableColumn[] | undefined> {
  if (target?.kind === 'seed') {
    return await describe(session, `(from read_csv(${quoteLiteral(target.absolutePath)}))`)
  }
  if (target?.kind !== 'model') return undefined
  const sql = await renderer.render(id, { isIncremental: false, database: session.database })
  return await describe(session, `(\n${sql}\n)`)
}

/** A query that cannot even be bound tells nothing. */
async function orNone<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find()
  } catch {
    return undefined
  }
}
