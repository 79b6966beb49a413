/** Asks DuckDB's parser what compiled queries read. */
import { quoteLiteral } from '../../core/sql.ts'
import type { TemplateDatabase } from '../stdlib/database.ts'
import { readTables } from './read-tables.ts'
import type { TableName } from './table-name.ts'

/** Queries in one question: their trees stay within a few megabytes. */
const batchSize = 100

/**
 * @param queries compiled SQL by id; nothing is run, and no table needs to exist
 * @returns tables by id, with nothing for what is not a query
 */
export async function loadReads(
  database: TemplateDatabase,
  queries: ReadonlyMap<string, string>,
): Promise<Map<string, readonly TableName[]>> {
  const reads = new Map<string, readonly TableName[]>()
  const entries = [...queries]
  for (let from = 0; from < entries.length; from += batchSize) {
    const batch = entries.slice(from, from + batchSize)
    const values = batch.map(([, sql], at) => `(${at}, ${quoteLiteral(sql)})`)
    const { rows } = await database.query(
      `select place, json_serialize_sql(query)::varchar
       from (values ${values.join(', ')}) as queries(place, query) order by place`,
    )
    for (const [at, tree] of rows) {
      const id = batch[Number(at)]?.[0]
      if (id !== undefined) reads.set(id, readTables(JSON.parse(String(tree))))
    }
  }
  return reads
}
