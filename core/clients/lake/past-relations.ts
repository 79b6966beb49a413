/** Tables, views and macros as the catalog knew them at a snapshot. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../sql.ts'
import { queryRows, type Row } from '../duckdb.ts'
import { type LakeCatalog, lakeName } from './attach.ts'
import { metadataSchema } from './snapshots.ts'

export type RelationName = { readonly schema: string; readonly name: string }

export type Past = {
  readonly relation: RelationName
  readonly kind: 'table' | 'view' | 'macro'
  readonly id: bigint
  /** Of a view. */
  readonly sql: string | undefined
  readonly aliases: string
}

/** Where to look, and when; no snapshot is now. */
export type When = {
  readonly connection: DuckDBConnection
  readonly catalog: LakeCatalog
  readonly snapshot: number | undefined
}

export function keyOf({ schema, name }: RelationName): string {
  return `${schema}.${name}`.toLowerCase()
}

export function sqlOf({ schema, name }: RelationName): string {
  return quoteRelation(lakeName, schema, name)
}

/** All of them, by key. A macro that has the name of a table or view stands apart. */
export async function relationsAt({
  connection,
  catalog,
  snapshot,
}: When): Promise<Map<string, Past[]>> {
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
       union all
       select schema_id, macro_name, macro_id, 'macro', null, ''
       from ${metadata}.ducklake_macro m where ${aliveAt('m', snapshot)}
     ) r join ${metadata}.ducklake_schema s using (schema_id)
     where ${aliveAt('s', snapshot)}`,
  )
  const found = new Map<string, Past[]>()
  for (const past of rows.map(toPast)) {
    const key = keyOf(past.relation)
    found.set(key, [...(found.get(key) ?? []), past])
  }
  return found
}

function toPast(row: Row): Past {
  const { kind } = row
  return {
    relation: { schema: String(row['schema_name']), name: String(row['name']) },
    kind: kind === 'view' || kind === 'macro' ? kind : 'table',
    id: BigInt(String(row['id'])),
    sql: typeof row['sql'] === 'string' ? row['sql'] : undefined,
    aliases: String(row['aliases'] ?? ''),
  }
}

function aliveAt(alias: string, snapshot: number | undefined): string {
  if (snapshot === undefined) return `${alias}.end_snapshot is null`
  return `${alias}.begin_snapshot <= ${snapshot} and (${alias}.end_snapshot is null or ${alias}.end_snapshot > ${snapshot})`
}

/** Columns as they stand in `create table`, with what was written there of NULL and of defaults. */
export async function columnsOf({ relation, id }: Past, when: When): Promise<string[]> {
  const { connection, snapshot } = when
  const types = await queryRows(
    connection,
    `describe from ${sqlOf(relation)} at (version => ${snapshot})`,
  )
  const rows = await ask(
    when,
    (metadata, alive) => `select column_name, nulls_allowed, default_value, default_value_type
     from ${metadata}.ducklake_column c
     where table_id = ${id} and parent_column is null and ${alive('c')}`,
  )
  const written = new Map(rows.map((row) => [String(row['column_name']), row]))
  return types.map((row) => {
    const name = String(row['column_name'])
    const column = written.get(name)
    const isRequired = Number(column?.['nulls_allowed'] ?? 1) === 0
    const parts = [quoteIdent(name), String(row['column_type']), column && defaultOf(column)]
    return [...parts, isRequired && 'not null'].filter(Boolean).join(' ')
  })
}

/** No default stands in the catalog as the text NULL, which DuckLake does not tell from a default of that text either. */
function defaultOf({ default_value: value, default_value_type: type }: Row): string | undefined {
  if (typeof value !== 'string' || value === 'NULL') return undefined
  return `default ${type === 'expression' ? `(${value})` : quoteLiteral(value)}`
}

/** Statements that give a table its partitions and sort order. @param target it, under the name that it has now */
export async function layoutOf({ id }: Past, target: string, when: When): Promise<string[]> {
  const partitions = await ask(
    when,
    (metadata, alive) => `select p.transform, c.column_name
     from ${metadata}.ducklake_partition_info i
     join ${metadata}.ducklake_partition_column p using (partition_id)
     join ${metadata}.ducklake_column c on c.column_id = p.column_id and c.table_id = i.table_id
     where i.table_id = ${id} and ${alive('i')} and ${alive('c')}
     order by p.partition_key_index`,
  )
  const keys = partitions.map((row) =>
    partitionKey(String(row['transform']), String(row['column_name'])),
  )
  const sorts = await ask(
    when,
    (metadata, alive) => `select e.expression, e.sort_direction, e.null_order
     from ${metadata}.ducklake_sort_info i join ${metadata}.ducklake_sort_expression e using (sort_id)
     where i.table_id = ${id} and ${alive('i')} order by e.sort_key_index`,
  )
  const order = sorts.map(
    (row) =>
      `${row['expression']} ${row['sort_direction']} ${String(row['null_order']).replace('_', ' ')}`,
  )
  return [
    ...(keys.length === 0 ? [] : [`alter table ${target} set partitioned by (${keys.join(', ')})`]),
    ...(order.length === 0 ? [] : [`alter table ${target} set sorted by (${order.join(', ')})`]),
  ]
}

/** `identity`, `year` … `hour`, `bucket(8)`. */
function partitionKey(transform: string, column: string): string {
  if (transform === 'identity') return quoteIdent(column)
  const [, name = transform, argument] = /^(\w+)\((\d+)\)$/.exec(transform) ?? []
  const first = argument === undefined ? '' : `${argument}, `
  return `${name}(${first}${quoteIdent(column)})`
}

/** Statements that give a table or view its comments, and those of its columns. */
export async function commentsOf({ relation, kind, id }: Past, when: When): Promise<string[]> {
  const own = await ask(
    when,
    (metadata, alive) => `select value from ${metadata}.ducklake_tag t
     where object_id = ${id} and key = 'comment' and ${alive('t')}`,
  )
  const columns = await ask(
    when,
    (metadata, alive) => `select c.column_name, t.value from ${metadata}.ducklake_column_tag t
     join ${metadata}.ducklake_column c on c.table_id = t.table_id and c.column_id = t.column_id
     where t.table_id = ${id} and t.key = 'comment' and ${alive('t')} and ${alive('c')}`,
  )
  const target = sqlOf(relation)
  const written = [...own, ...columns].filter(({ value }) => value !== null)
  return written.map(({ column_name: column, value }) => {
    const what =
      column === undefined ? `${kind} ${target}` : `column ${target}.${quoteIdent(String(column))}`
    return `comment on ${what} is ${quoteLiteral(String(value))}`
  })
}

/** The statement that makes a macro again, all its overloads in one. */
export async function macroOf({ relation, id }: Past, when: When): Promise<string> {
  const bodies = await ask(
    when,
    (metadata) => `select i.impl_id, i.sql, i.type from ${metadata}.ducklake_macro_impl i
     where i.macro_id = ${id} order by i.impl_id`,
  )
  const parameters = await ask(
    when,
    (metadata) => `select * from ${metadata}.ducklake_macro_parameters
     where macro_id = ${id} order by impl_id, column_id`,
  )
  const overloads = bodies.map(({ impl_id: overload, sql, type }) => {
    const list = parameters.filter(({ impl_id: of }) => of === overload).map(parameterSql)
    return `(${list.join(', ')}) as ${type === 'table' ? 'table ' : ''}${sql}`
  })
  return `create or replace macro ${sqlOf(relation)} ${overloads.join(', ')}`
}

function parameterSql(row: Row): string {
  const name = quoteIdent(String(row['parameter_name']))
  const type = String(row['parameter_type'])
  const typed = type === 'unknown' ? name : `${name} ${typeName(type)}`
  const given = String(row['default_value_type'])
  if (given === 'unknown') return typed
  return `${typed} := ${quoteLiteral(String(row['default_value']))}::${typeName(given)}`
}

/** The catalog's names of types are DuckDB's, but for these. */
function typeName(type: string): string {
  return { int8: 'tinyint', float32: 'float', float64: 'double' }[type] ?? type
}

function ask(
  { connection, catalog, snapshot }: When,
  query: (metadata: string, alive: (alias: string) => string) => string,
): Promise<Row[]> {
  return queryRows(
    connection,
    query(metadataSchema(catalog), (alias) => aliveAt(alias, snapshot)),
  )
}
