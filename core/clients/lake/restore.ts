/** Puts tables and views back as they were at a snapshot, inside a transaction: the past becomes the newest state. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../sql.ts'
import { queryRows } from '../duckdb.ts'
import { type LakeCatalog, lakeName } from './attach.ts'
import { metadataSchema } from './snapshots.ts'

export type RelationName = { readonly schema: string; readonly name: string }

type Past = {
  readonly relation: RelationName
  readonly kind: 'table' | 'view'
  readonly id: bigint
  /** Of a view. */
  readonly sql: string | undefined
  readonly aliases: string
}

export type Restored = RelationName & { readonly outcome: 'restored' | 'dropped' }

/**
 * Rows, comments, partitions and sort order come back; a relation that did not exist then is dropped. Restored
 * tables are new ones to the catalog, so who reads them by increments reads them in full once.
 * @param snapshot one that upkeep has not forgotten
 */
export async function restoreRelations(
  transaction: DuckDBConnection,
  catalog: LakeCatalog,
  relations: readonly RelationName[],
  snapshot: number,
): Promise<Restored[]> {
  const before = await relationsAt(transaction, catalog, snapshot)
  const now = await relationsAt(transaction, catalog, undefined)
  const past = relations.flatMap((relation) => before.get(keyOf(relation)) ?? [])
  const gone = relations.filter((relation) => !before.has(keyOf(relation)))
  const drop = async (relation: RelationName) => {
    const present = now.get(keyOf(relation))
    if (present !== undefined) await transaction.run(`drop ${present.kind} ${sqlOf(relation)}`)
    return present !== undefined
  }
  const restored: Restored[] = []
  // A view needs what it reads to be there.
  for (const then of [...past].sort(byKindAndId)) {
    const present = now.get(keyOf(then.relation))
    if (present !== undefined && present.kind !== then.kind) await drop(then.relation)
    const isReplaced = present?.kind === then.kind
    for (const statement of await statementsFor(transaction, catalog, then, snapshot, isReplaced)) {
      await transaction.run(statement)
    }
    restored.push({ ...then.relation, outcome: 'restored' })
  }
  for (const relation of gone) {
    if (await drop(relation)) restored.push({ ...relation, outcome: 'dropped' })
  }
  return restored
}

function byKindAndId(left: Past, right: Past): number {
  if (left.kind !== right.kind) return left.kind === 'table' ? -1 : 1
  return Number(left.id - right.id)
}

function keyOf({ schema, name }: RelationName): string {
  return `${schema}.${name}`.toLowerCase()
}

function sqlOf({ schema, name }: RelationName): string {
  return quoteRelation(lakeName, schema, name)
}

async function relationsAt(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  snapshot: number | undefined,
): Promise<Map<string, Past>> {
  const metadata = metadataSchema(catalog)
  const rows = await queryRows(
    connection,
    `select s.schema_name, r.*
     from (
       select schema_id, table_name as name, table_id as id, 'table' as kind, null as sql, '' as aliases
       from ${metadata}.ducklake_table t where ${aliveAt('t', snapshot)}
       union all
       select schema_id, view_name, view_id, 'view', sql, column_aliases
       from ${metadata}.ducklake_view v where ${aliveAt('v', snapshot)}
     ) r join ${metadata}.ducklake_schema s using (schema_id)
     where ${aliveAt('s', snapshot)}`,
  )
  return new Map(
    rows.map((row) => {
      const relation = { schema: String(row['schema_name']), name: String(row['name']) }
      const past: Past = {
        relation,
        kind: row['kind'] === 'view' ? 'view' : 'table',
        id: BigInt(String(row['id'])),
        sql: typeof row['sql'] === 'string' ? row['sql'] : undefined,
        aliases: String(row['aliases'] ?? ''),
      }
      return [keyOf(relation), past]
    }),
  )
}

function aliveAt(alias: string, snapshot: number | undefined): string {
  if (snapshot === undefined) return `${alias}.end_snapshot is null`
  return `${alias}.begin_snapshot <= ${snapshot} and (${alias}.end_snapshot is null or ${alias}.end_snapshot > ${snapshot})`
}

async function statementsFor(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  past: Past,
  snapshot: number,
  isReplaced: boolean,
): Promise<string[]> {
  const relation = sqlOf(past.relation)
  if (past.kind === 'view') {
    const sql = past.sql?.replaceAll('{DUCKLAKE_CATALOG}', quoteIdent(lakeName))
    return [
      `create or replace view ${relation}${past.aliases} as ${sql}`,
      ...(await commentsOf(connection, catalog, past, snapshot)),
    ]
  }
  // Once a name is replaced in a transaction, its past cannot be read there any more.
  const { schema, name } = past.relation
  const made = { schema, name: `${name}__restored` }
  const rows = `${relation} at (version => ${snapshot})`
  return [
    `create table ${sqlOf(made)} as from ${rows} limit 0`,
    ...(await layoutOf(connection, catalog, past, made, snapshot)),
    `insert into ${sqlOf(made)} from ${rows}`,
    ...(isReplaced ? [`drop table ${relation}`] : []),
    `alter table ${sqlOf(made)} rename to ${quoteIdent(name)}`,
    ...(await commentsOf(connection, catalog, past, snapshot)),
  ]
}

/** Partitions and sort order. */
async function layoutOf(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  { id }: Past,
  made: RelationName,
  snapshot: number,
): Promise<string[]> {
  const metadata = metadataSchema(catalog)
  const partitions = await queryRows(
    connection,
    `select p.transform, c.column_name
     from ${metadata}.ducklake_partition_info i
     join ${metadata}.ducklake_partition_column p using (partition_id)
     join ${metadata}.ducklake_column c on c.column_id = p.column_id and c.table_id = i.table_id
     where i.table_id = ${id} and ${aliveAt('i', snapshot)} and ${aliveAt('c', snapshot)}
     order by p.partition_key_index`,
  )
  const keys = partitions.map((row) =>
    partitionKey(String(row['transform']), String(row['column_name'])),
  )
  const sorts = await queryRows(
    connection,
    `select e.expression, e.sort_direction, e.null_order
     from ${metadata}.ducklake_sort_info i join ${metadata}.ducklake_sort_expression e using (sort_id)
     where i.table_id = ${id} and ${aliveAt('i', snapshot)} order by e.sort_key_index`,
  )
  const order = sorts.map(
    (row) =>
      `${row['expression']} ${row['sort_direction']} ${String(row['null_order']).replace('_', ' ')}`,
  )
  const alter = `alter table ${sqlOf(made)} set`
  return [
    ...(keys.length === 0 ? [] : [`${alter} partitioned by (${keys.join(', ')})`]),
    ...(order.length === 0 ? [] : [`${alter} sorted by (${order.join(', ')})`]),
  ]
}

/** `identity`, `year` … `hour`, `bucket(8)`. */
function partitionKey(transform: string, column: string): string {
  if (transform === 'identity') return quoteIdent(column)
  const [, name = transform, argument] = /^(\w+)\((\d+)\)$/.exec(transform) ?? []
  const first = argument === undefined ? '' : `${argument}, `
  return `${name}(${first}${quoteIdent(column)})`
}

async function commentsOf(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  { relation, kind, id }: Past,
  snapshot: number,
): Promise<string[]> {
  const metadata = metadataSchema(catalog)
  const own = await queryRows(
    connection,
    `select value from ${metadata}.ducklake_tag t
     where object_id = ${id} and key = 'comment' and ${aliveAt('t', snapshot)}`,
  )
  const columns = await queryRows(
    connection,
    `select c.column_name, t.value from ${metadata}.ducklake_column_tag t
     join ${metadata}.ducklake_column c on c.table_id = t.table_id and c.column_id = t.column_id
     where t.table_id = ${id} and t.key = 'comment' and ${aliveAt('t', snapshot)} and ${aliveAt('c', snapshot)}`,
  )
  const target = sqlOf(relation)
  return [
    ...own.map((row) => `comment on ${kind} ${target} is ${quoteLiteral(String(row['value']))}`),
    ...columns.map(
      (row) =>
        `comment on column ${target}.${quoteIdent(String(row['column_name']))} is ${quoteLiteral(String(row['value']))}`,
    ),
  ]
}
