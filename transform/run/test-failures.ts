/** Keeps the rows of a data test in the database, as `store_failures` and `store_failures_as` say. */
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import type { Relation } from '../compile/graph.ts'
import { relationSql } from '../materialize/statement.ts'
import type { Adapter, Session } from './adapter.ts'
import type { NodeContext } from './node-context.ts'
import type { KeptFailures } from './tested.ts'

/** Rows that survive a roll-back; more would have to be held in memory. */
const maxKeptRows = 10_000

type KeepContext = Pick<NodeContext, 'session' | 'state'>

/** Makes the relation anew, empty when nothing fails, and notes what stands there. */
export async function keepFailures(
  relation: Relation,
  as: KeptFailures['as'],
  sql: string,
  { session, state }: KeepContext,
): Promise<void> {
  await makeMissingSchema(relation, { session, state })
  const existing = state.existing(relation)
  if (existing !== undefined && existing !== as) {
    await session.execute(`drop ${existing} ${relationSql(relation)}`)
  }
  await session.execute(`create or replace ${as} ${relationSql(relation)} as\n${sql}`)
  state.noted(relation, as)
}

export async function makeMissingSchema(
  relation: Relation,
  { session, state }: KeepContext,
): Promise<void> {
  if (state.hasSchema(relation)) return
  await makeSchema(session, relation)
  state.madeSchema(relation)
}

/** What stands in it now, to be kept when the build is rolled back. */
export async function readFailures(
  relation: Relation,
  as: KeptFailures['as'],
  sql: string,
  { session, state }: KeepContext,
): Promise<KeptFailures> {
  if (as === 'view') return { relation, as, sql, columns: [], rows: [] }
  const columns = await state.columnsOf(session, relation)
  const found = await session.query(
    `select to_json(kept)::varchar as kept_row from ${relationSql(relation)} as kept limit ${maxKeptRows}`,
  )
  return { relation, as, sql, columns, rows: found.map((row) => String(row['kept_row'])) }
}

/** Puts all of them there again, for whoever looks into the failure of a build that was rolled back. */
export async function restoreKept(
  adapter: Pick<Adapter, 'transaction'>,
  results: readonly { readonly id: string; readonly kept?: KeptFailures }[],
): Promise<void> {
  for (const { id, kept } of results) {
    if (kept === undefined) continue
    const restoring = adapter.transaction((session) => restoreFailures(session, kept), {
      message: `failures of ${id}`,
    })
    // A view of a model that was never published has nothing to show.
    await restoring.catch((error: unknown) => {
      if (kept.as === 'table') throw error
    })
  }
}

/** @throws DuckDB's error when a view reads what is not there */
async function restoreFailures(session: Session, kept: KeptFailures): Promise<void> {
  const { relation, as, sql, columns, rows } = kept
  await makeSchema(session, relation)
  const name = relationSql(relation)
  await dropOther(session, relation, as)
  if (as === 'view') {
    await session.execute(`create or replace view ${name} as\n${sql}`)
    return
  }
  const list = columns.map((column) => `${quoteIdent(column.name)} ${column.type}`).join(', ')
  await session.execute(`create or replace table ${name} (${list})`)
  const shape = JSON.stringify(Object.fromEntries(columns.map((each) => [each.name, each.type])))
  for (let start = 0; start < rows.length; start += 500) {
    const some = `[${rows.slice(start, start + 500).join(',')}]`
    await session.execute(
      `insert into ${name} select unnest(kept) from (select unnest(from_json(${quoteLiteral(some)}, ${quoteLiteral(`[${shape}]`)})) as kept)`,
    )
  }
}

async function makeSchema(session: Session, { catalog, schema }: Relation): Promise<void> {
  await session.execute(`create schema if not exists ${quoteIdent(catalog)}.${quoteIdent(schema)}`)
}

/** What stands there may be of the other kind. */
async function dropOther(
  session: Session,
  { catalog, schema, name }: Relation,
  as: KeptFailures['as'],
): Promise<void> {
  const [found] = await session.query(
    `select table_type from information_schema.tables where lower(table_catalog) = lower(${quoteLiteral(catalog)})
     and lower(table_schema) = lower(${quoteLiteral(schema)}) and lower(table_name) = lower(${quoteLiteral(name)})`,
  )
  if (found === undefined) return
  const other = found['table_type'] === 'VIEW' ? 'view' : 'table'
  if (other !== as) await session.execute(`drop ${other} ${relationSql({ catalog, schema, name })}`)
}
