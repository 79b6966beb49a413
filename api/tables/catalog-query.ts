/** The statements that read which tables are served, and in which state they are. */
import { z } from 'zod'
import {
  type PublishedContract,
  publishedContractSchema,
} from '../../core/contracts/published-table.ts'
import { quoteLiteral, quoteRelation } from '../../core/sql.ts'
import { columnKindOf } from '../sources/column-kind.ts'
import type { PublishedTable } from './published-table.ts'

/** A JSON object of `TableState`, over a row of millrace.published. */
const stateColumns = `'version', coalesce(version, snapshot)::text,
    'asOf', to_char(as_of at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'source', source_uuid,
    'contract', md5(contract::text)`

export const tableStateSchema = z.object({
  version: z.string(),
  asOf: z.string(),
  source: z.string(),
  contract: z.string(),
  relation: z.string().nullable(),
})

/** One row with the state of a table as JSON text, and none when it is not served any more. */
export function stateStatement(schema: string, table: string): string {
  const relation = quoteLiteral(quoteRelation(schema, table))
  return `select json_build_object(${stateColumns}, 'relation', to_regclass(${relation})::oid::text)::text
  from millrace.published
  where schema_name = ${quoteLiteral(schema)} and table_name = ${quoteLiteral(table)}
    and contract->>'api' = 'true' and as_of is not null`
}

/** One row of JSON text for each table of the schema that is served, sorted by name. */
export function catalogStatement(schema: string): string {
  return `select json_build_object(
    'name', p.table_name, 'contract', p.contract, 'strategy', p.strategy,
    'rows', case when p.strategy = 'swap' then p.row_count
      else greatest(c.reltuples::bigint, p.row_count) end,
    'state', (select json_build_object(${stateColumns}, 'relation', c.oid::text)),
    'columns', (
      select json_agg(json_build_object('name', a.attname, 'nullable', not a.attnotnull,
        'postgresType', format_type(a.atttypid, a.atttypmod), 'type', b.typname,
        'isArray', b.typcategory = 'A',
        'modifier', case when t.typtype = 'd' then t.typtypmod else a.atttypmod end) order by a.attnum)
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
    'key', (
      select json_agg(a.attname order by k.place)
      from (
        select i.indkey, i.indnkeyatts from pg_index i
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
          and i.indpred is null and i.indexprs is null
          and not exists (
            select from unnest(i.indkey) with ordinality k(number, place)
            join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
            where k.place <= i.indnkeyatts and not a.attnotnull)
        order by i.indisprimary desc, i.indnkeyatts, i.indexrelid limit 1) i,
        unnest(i.indkey) with ordinality k(number, place)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
      where k.place <= i.indnkeyatts))::text
  from millrace.published p
  join pg_namespace n on n.nspname = p.schema_name
  join pg_class c on c.relnamespace = n.oid and c.relname = p.table_name
  where p.schema_name = ${quoteLiteral(schema)} and p.contract->>'api' = 'true' and p.as_of is not null
    and has_table_privilege(c.oid, 'select')
  order by p.table_name`
}

const catalogRowSchema = z.object({
  name: z.string(),
  contract: publishedContractSchema,
  strategy: z.string(),
  rows: z.number(),
  state: tableStateSchema,
  columns: z
    .array(
      z.object({
        name: z.string(),
        nullable: z.boolean(),
        postgresType: z.string(),
        type: z.string(),
        isArray: z.boolean(),
        modifier: z.number(),
      }),
    )
    .nullable(),
  key: z.array(z.string()).nullable(),
})

/** One row of the catalog statement as a table. */
export function toPublishedTable(schema: string, json: string): PublishedTable {
  const row = catalogRowSchema.parse(JSON.parse(json))
  const described = describedColumns(row.contract)
  return {
    schema,
    name: row.name,
    columns: (row.columns ?? []).map(
      ({ name, nullable, postgresType, type, isArray, modifier }) => ({
        name,
        nullable,
        postgresType,
        kind: columnKindOf(type, isArray, modifier),
        ...(described.get(name.toLowerCase()) ?? { description: '', pii: false }),
      }),
    ),
    key: row.key ?? [],
    contract: row.contract,
    isWholly: row.strategy === 'swap',
    estimatedRows: row.rows,
    state: row.state,
  }
}

/** By name in lower case: DuckDB and the project's yml do not tell cases apart, and a mask must not fail by one. */
function describedColumns({ columns }: PublishedContract) {
  const described = new Map<string, { readonly description: string; readonly pii: boolean }>()
  for (const { name, description, pii } of columns) {
    const before = described.get(name.toLowerCase())
    described.set(name.toLowerCase(), {
      description: before?.description || description,
      pii: pii || before?.pii === true,
    })
  }
  return described
}
