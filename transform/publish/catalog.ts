/** What PostgreSQL says about the tables that publishing meets. */
import type { PoolClient } from 'pg'

export type TargetColumn = {
  readonly name: string
  /** As PostgreSQL writes it: `character varying(50)`. */
  readonly type: string
  readonly isRequired: boolean
}

export type TargetTable = {
  readonly oid: number
  readonly owner: string
  readonly comment: string | undefined
  readonly columns: readonly TargetColumn[]
}

/** A table that is there, or undefined. */
export async function readTarget(
  client: PoolClient,
  schema: string,
  table: string,
): Promise<TargetTable | undefined> {
  const { rows } = await client.query<{ oid: number; owner: string; comment: string | null }>(
    `select c.oid, pg_get_userbyid(c.relowner) as owner, obj_description(c.oid, 'pg_class') as comment
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  )
  const [found] = rows
  if (found === undefined) return undefined
  const columns = await client.query<{ name: string; type: string; required: boolean }>(
    `select attname as name, format_type(atttypid, atttypmod) as type,
       attnotnull and not atthasdef and attidentity = '' as required
     from pg_attribute
     where attrelid = $1 and attnum > 0 and not attisdropped
     order by attnum`,
    [found.oid],
  )
  return {
    oid: found.oid,
    owner: found.owner,
    comment: found.comment ?? undefined,
    columns: columns.rows.map(({ name, type, required }) => ({ name, type, isRequired: required })),
  }
}

export type Dependents = {
  /** They would die with the table, but survive an exchange of its rows. */
  readonly views: readonly string[]
  /** Foreign keys of other tables, triggers, policies, functions, publications. */
  readonly others: readonly string[]
}

/** What would be lost, or would stand in the way, if the table were dropped. */
export async function readDependents(client: PoolClient, oid: number): Promise<Dependents> {
  const { rows } = await client.query<{ kind: string; name: string }>(
    `select distinct 'view' as kind, r.ev_class::regclass::text as name
     from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
     where d.refclassid = 'pg_class'::regclass and d.refobjid = $1 and r.ev_class <> $1
     union
     select 'other', pg_describe_object(d.classid, d.objid, d.objsubid)
     from pg_depend d
     where d.refclassid = 'pg_class'::regclass and d.refobjid = $1 and d.deptype = 'n'
       and d.classid not in ('pg_rewrite'::regclass, 'pg_constraint'::regclass)
     union
     select 'other', format('foreign key %s of %s', conname, conrelid::regclass)
     from pg_constraint where contype = 'f' and confrelid = $1 and conrelid <> $1
     union
     select 'other', 'trigger ' || tgname from pg_trigger where tgrelid = $1 and not tgisinternal
     union
     select 'other', 'policy ' || polname from pg_policy where polrelid = $1
     union
     select 'other', 'publication ' || p.pubname
     from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = $1
     order by 1, 2`,
    [oid],
  )
  const named = (kind: string) => rows.filter((row) => row.kind === kind).map(({ name }) => name)
  return { views: named('view'), others: named('other') }
}

/** Tables (of a list) that other tables of the list refer to come before those. */
export async function orderByForeignKeys(
  client: PoolClient,
  schema: string,
  tables: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ child: string; parent: string }>(
    `select c.relname as child, p.relname as parent
     from pg_constraint f
     join pg_class c on c.oid = f.conrelid
     join pg_class p on p.oid = f.confrelid
     join pg_namespace n on n.oid = c.relnamespace and n.oid = p.relnamespace
     where f.contype = 'f' and n.nspname = $1 and c.relname = any($2) and p.relname = any($2)
       and c.oid <> p.oid`,
    [schema, tables],
  )
  const ordered: string[] = []
  const visit = (table: string, path: readonly string[]) => {
    if (ordered.includes(table) || path.includes(table)) return
    for (const { child, parent } of rows) if (child === table) visit(parent, [...path, table])
    ordered.push(table)
  }
  for (const table of [...tables].sort()) visit(table, [])
  return ordered
}

/** Tells whether a unique index without a condition covers exactly these columns. */
export async function hasUniqueIndex(
  client: PoolClient,
  oid: number,
  columns: readonly string[],
): Promise<boolean> {
  const { rows } = await client.query<{ columns: string[] }>(
    `select array(
       select attname::text from pg_attribute
       where attrelid = i.indrelid and attnum = any(i.indkey::int2[])
     ) as columns
     from pg_index i
     where i.indrelid = $1 and i.indisunique and i.indisvalid and i.indimmediate
       and i.indpred is null and i.indexprs is null and i.indnkeyatts = i.indnatts`,
    [oid],
  )
  const wanted = [...columns].sort().join('\0')
  return rows.some((row) => [...row.columns].sort().join('\0') === wanted)
}
