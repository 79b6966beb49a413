/** What upkeep must not change: rows and sums of every table as it was at a snapshot. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteIdent, quoteRelation } from '../../sql.ts'
import { queryRows } from '../duckdb.ts'
import { type LakeCatalog, lakeName } from './attach.ts'
import { listTables } from './snapshots.ts'

/** `schema.name` → row count, and the sum of each numeric column, as text. */
export type Fingerprints = ReadonlyMap<string, string>

/** One scan a table, of its numeric columns. */
export async function fingerprintTables(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  snapshot: number,
): Promise<Fingerprints> {
  const found = new Map<string, string>()
  for (const { schema, name } of await listTables(connection, catalog, snapshot)) {
    const relation = `${quoteRelation(lakeName, schema, name)} at (version => ${snapshot})`
    const columns = await queryRows(connection, `describe from ${relation}`)
    const sums = columns
      .filter((row) => /^(U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|UINTEGER|DECIMAL)/.test(typeOf(row)))
      .map((row) => `sum(${quoteIdent(String(row['column_name']))})`)
    const [row] = await queryRows(
      connection,
      `select concat_ws(' ', ${['count(*)', ...sums].map((sum) => `coalesce(${sum}, 0)`).join(', ')}) as text
       from ${relation}`,
    )
    found.set(`${schema}.${name}`, String(row?.['text']))
  }
  return found
}

function typeOf(row: Readonly<Record<string, unknown>>): string {
  return String(row['column_type'])
}

/** Names of tables that are not what they were. */
export function changedTables(before: Fingerprints, after: Fingerprints): string[] {
  return [...before].filter(([name, text]) => after.get(name) !== text).map(([name]) => name)
}
