/** What a database holds, as plain data: to compare what dbt has built with what we have. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../../../core/clients/duckdb.ts'
import { extrasQuery, relationsQuery, rowsQuery } from './project-files.ts'

type RelationState = {
  readonly kind: string
  /** Name and type, in order. */
  readonly columns: string[]
  /** As JSON, sorted. */
  readonly rows: string[]
}

export type DatabaseState = {
  readonly relations: Record<string, RelationState>
  /** Comments and indexes. */
  readonly extras: string[]
}

/** Of the catalog that the connection uses. */
export async function readState(connection: DuckDBConnection): Promise<DatabaseState> {
  const relations: Record<string, RelationState> = {}
  for (const { name, kind } of await queryRows(connection, relationsQuery)) {
    const described = await queryRows(connection, `describe "${String(name)}"`)
    const rows = await queryRows(connection, rowsQuery(String(name)))
    relations[String(name)] = {
      kind: String(kind),
      columns: described.map(
        (row) => `${String(row['column_name'])} ${String(row['column_type'])}`,
      ),
      rows: rows.map(({ row }) => String(row)),
    }
  }
  const extras = await queryRows(connection, extrasQuery)
  return { relations, extras: extras.map(({ extra }) => String(extra)) }
}
