/**
 * The staged table in the place of the old one. By rename, which is quick and holds readers up for milliseconds; or,
 * where a reader would be hurt by that, by exchanging the rows, which no reader notices in any isolation level.
 */
import type { PoolClient } from 'pg'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../core/sql.ts'
import type { TargetTable } from './catalog.ts'
import type { StagedColumn } from './column-types.ts'
import { assertKey } from './merge.ts'
import type { PublishRequest } from './request.ts'
import { stageOf } from './stage.ts'

export type SwapTarget = {
  readonly request: PublishRequest
  readonly schema: string
  readonly columns: readonly StagedColumn[]
  /** The table that is there now. */
  readonly target: TargetTable | undefined
}

/**
 * Makes the filled stage what the table has to be: key, indexes, comments, the old table's owner and rights.
 * @throws `publish/duplicate-key`, `publish/null-key`, `publish/unknown-column`, `publish/denied`
 */
export async function dressStage(client: PoolClient, swap: SwapTarget): Promise<void> {
  const { request, schema, target } = swap
  const stage = quoteRelation(schema, stageOf(request.table))
  assertKnownColumns(swap)
  await assertKey(client, stage, request.model, request.uniqueKey)
  if (request.uniqueKey.length > 0) {
    await client.query(`alter table ${stage} add primary key (${columnList(request.uniqueKey)})`)
  }
  for (const columns of request.indexes) {
    await client.query(`create index on ${stage} (${columnList(columns)})`)
  }
  for (const statement of commentStatements(swap, stage)) await client.query(statement)
  if (target !== undefined) await copyRights(client, target, stage)
  for (const [privilege, roles] of Object.entries(request.grants)) {
    await client.query(`grant ${privilege} on ${stage} to ${roles.map(roleName).join(', ')}`)
  }
  await client.query(`analyze ${stage}`)
}

function assertKnownColumns({ request, schema, columns }: SwapTarget): void {
  const known = new Set(columns.map(({ name }) => name))
  const wrong = [...request.uniqueKey, ...request.indexes.flat()].filter((name) => !known.has(name))
  if (wrong.length > 0) {
    const parameters = { model: request.model, table: `${schema}.${request.table}` }
    const named = `${[...new Set(wrong)].join(', ')} (unique_key or indexes)`
    throw problem('publish/unknown-column', { ...parameters, columns: named })
  }
}

function commentStatements({ request, columns, target }: SwapTarget, stage: string): string[] {
  const text = request.description?.trim() || target?.comment
  const statements =
    text === undefined ? [] : [`comment on table ${stage} is ${quoteLiteral(text)}`]
  for (const { name } of columns) {
    const description = request.columnDescriptions?.[name]?.trim()
    if (!description) continue
    statements.push(
      `comment on column ${stage}.${quoteIdent(name)} is ${quoteLiteral(description)}`,
    )
  }
  return statements
}

/** Owner and grants of the old table, so that an exchange takes nobody's rights away. */
async function copyRights(client: PoolClient, target: TargetTable, stage: string): Promise<void> {
  const { rows } = await client.query<{
    privilege: string
    grantee: string | null
    grantable: boolean
    column_name: string | null
  }>(
    `select a.privilege_type as privilege, nullif(a.grantee, 0)::regrole::text as grantee,
       a.is_grantable as grantable, null as column_name
     from pg_class c, aclexplode(c.relacl) a where c.oid = $1 and a.grantee <> c.relowner
     union all
     select a.privilege_type, nullif(a.grantee, 0)::regrole::text, a.is_grantable, t.attname
     from pg_attribute t, aclexplode(t.attacl) a where t.attrelid = $1 and not t.attisdropped
       and t.attname in (select attname from pg_attribute where attrelid = $2::regclass)`,
    [target.oid, stage],
  )
  for (const { privilege, grantee, grantable, column_name } of rows) {
    const what = column_name === null ? privilege : `${privilege} (${quoteIdent(column_name)})`
    const option = grantable ? ' with grant option' : ''
    await client.query(`grant ${what} on ${stage} to ${grantee ?? 'public'}${option}`)
  }
  const me = await client.query<{ name: string }>('select current_user as name')
  if (me.rows[0]?.name !== target.owner) {
    await client.query(`alter table ${stage} owner to ${quoteIdent(target.owner)}`)
  }
}

/** Inside the publishing transaction; the old table is locked or does not exist. */
export async function renameStage(client: PoolClient, swap: SwapTarget): Promise<void> {
  const { table } = swap.request
  const target = quoteRelation(swap.schema, table)
  const stage = quoteRelation(swap.schema, stageOf(table))
  if (swap.target !== undefined) await client.query(`drop table ${target}`)
  await client.query(`alter table ${stage} rename to ${quoteIdent(table)}`)
  const prefix = `${stageOf(table)}_`
  const indexes = await client.query<{ name: string; free: boolean }>(
    `select c.relname as name,
       to_regclass(format('%I.%I', $2::text, $3 || substr(c.relname, length($4) + 1))) is null as free
     from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = $1::regclass and starts_with(c.relname, $4)`,
    [target, swap.schema, `${table}_`, prefix],
  )
  for (const { name, free } of indexes.rows) {
    if (!free) continue
    const index = quoteRelation(swap.schema, name)
    const plain = quoteIdent(`${table}_${name.slice(prefix.length)}`)
    await client.query(`alter index ${index} rename to ${plain}`)
  }
}

/** Tells whether the old table can take the staged rows as it is. */
export function canExchangeRows({ columns, target }: SwapTarget): boolean {
  if (target === undefined || target.columns.length !== columns.length) return false
  return columns.every(({ name, type }) =>
    target.columns.some((old) => old.name === name && plainType(old.type) === plainType(type)),
  )
}

/** Inside the publishing transaction: the old rows for the new ones, in a table that stays. */
export async function exchangeRows(client: PoolClient, swap: SwapTarget): Promise<void> {
  const target = quoteRelation(swap.schema, swap.request.table)
  const stage = quoteRelation(swap.schema, stageOf(swap.request.table))
  const columns = columnList(swap.columns.map(({ name }) => name))
  await client.query(`delete from ${target}`)
  await client.query(`insert into ${target} (${columns}) select ${columns} from ${stage}`)
  await client.query(`drop table ${stage}`)
}

function plainType(type: string): string {
  return type
    .replace('timestamp without time zone', 'timestamp')
    .replace('timestamp with time zone', 'timestamptz')
    .replace('time without time zone', 'time')
}

function columnList(columns: readonly string[]): string {
  return columns.map(quoteIdent).join(', ')
}

function roleName(role: string): string {
  return role.toLowerCase() === 'public' ? 'public' : quoteIdent(role)
}
