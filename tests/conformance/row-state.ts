/** What a build has left in a DuckDB file, as facts: relations, columns, counts and hashes of rows. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { z } from 'zod'
import { openDuckdb, queryRows } from '../../core/clients/duckdb.ts'
import { extensionDirectory } from '../support/extension-directory.ts'

export const relationSchema = z.strictObject({
  kind: z.enum(['table', 'view']),
  /** Name and type, in order. */
  columns: z.array(z.string()),
  /** Undefined where the relation cannot be read, as a view of what is gone. */
  rows: z.number().optional(),
  /** Of all rows, in whatever order they lie. */
  hash: z.string().optional(),
})

type RelationFacts = z.infer<typeof relationSchema>

export type DatabaseFacts = {
  /** By schema and name. */
  readonly relations: Record<string, RelationFacts>
  /** Comments, indexes and constraints, sorted. */
  readonly extras: string[]
}

const relationsQuery = `
  select schema_name as schema, table_name as name, 'table' as kind from duckdb_tables()
  where database_name = current_database() and not temporary
  union all
  select schema_name, view_name, 'view' from duckdb_views()
  where database_name = current_database() and not temporary and not internal
  order by 1, 2`

const extrasQuery = `
  select 'comment on ' || schema_name || '.' || table_name || ': ' || comment as extra
  from duckdb_tables() where database_name = current_database() and comment is not null
  union all
  select 'comment on ' || schema_name || '.' || view_name || ': ' || comment
  from duckdb_views() where database_name = current_database() and comment is not null
  union all
  select 'comment on ' || schema_name || '.' || table_name || '.' || column_name || ': ' || comment
  from duckdb_columns() where database_name = current_database() and comment is not null
  union all
  select 'index of ' || schema_name || '.' || table_name || ': ' || expressions || if(is_unique, ', unique', '')
  from duckdb_indexes() where database_name = current_database()
  union all
  select 'constraint of ' || schema_name || '.' || table_name || ': ' || constraint_text
  from duckdb_constraints() where database_name = current_database()
  order by 1`

/**
 * Reads a database file. Instants of these days, which the clock gave, count as equal; so do the dates of a column
 * that holds no other (a calendar holds today too, and is no clock).
 * @param clock columns that hold the time of the run in another form, or a hash of it
 */
export async function readDatabase(path: string, clock: readonly string[]): Promise<DatabaseFacts> {
  await using duckdb = await openDuckdb({ extensionDirectory, path, threads: 1 })
  return await duckdb.withConnection(async (connection) => {
    const relations: Record<string, RelationFacts> = {}
    for (const { schema, name, kind } of await queryRows(connection, relationsQuery)) {
      const table = `${quoted(String(schema))}.${quoted(String(name))}`
      relations[`${schema}.${name}`] = {
        kind: kind === 'view' ? 'view' : 'table',
        ...(await readRelation(connection, table, clock).catch(() => ({ columns: [] }))),
      }
    }
    const extras = await queryRows(connection, extrasQuery)
    return { relations, extras: extras.map(({ extra }) => String(extra)) }
  })
}

async function readRelation(
  connection: DuckDBConnection,
  table: string,
  clock: readonly string[],
): Promise<Omit<RelationFacts, 'kind'>> {
  const described = await queryRows(connection, `describe ${table}`)
  const columns = described.map(({ column_name: name, column_type: type }) => ({
    name: String(name),
    type: String(type),
  }))
  const values = columns.map(({ name, type }) => textOfValue(name, type, clock.includes(name)))
  const [found] = await queryRows(
    connection,
    `select count(*)::integer as rows, md5(coalesce(string_agg(row, '' order by row), '')) as hash
     from (select md5([${values.join(', ')}]::varchar) as row from ${table})`,
  )
  return {
    columns: columns.map(({ name, type }) => `${name} ${type}`),
    rows: Number(found?.['rows']),
    hash: String(found?.['hash']),
  }
}

/** SQL of a value as text. */
function textOfValue(name: string, type: string, isClock: boolean): string {
  const column = quoted(name)
  if (isClock) return `if(${column} is null, null, 'clock')`
  if (!/^(DATE|TIMESTAMP.*)$/.test(type)) return `${column}::varchar`
  const isNow = `${column}::timestamp between now()::timestamp - interval 2 days and now()::timestamp + interval 2 days`
  const isClockHere = type === 'DATE' ? `bool_and(${isNow}) over ()` : isNow
  return `if(${isClockHere}, 'clock', ${column}::varchar)`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
