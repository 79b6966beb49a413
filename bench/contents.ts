/** What a program has left in its database, so that only those are compared that did the same work. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { attachLake, extensionDirectory, type Place } from './floor-work.ts'

export type Contents = {
  /** Tables and views, those apart that stood there before or are the program's own. */
  readonly relations: number
  readonly rows: number
  /** Of all rows, columns with fractions left out: sums of those depend on the order of the rows. */
  readonly digest: string
  /** Nodes that ended well, by the program's own run_results.json. */
  readonly nodes: number | undefined
}

export async function readContents(folder: string, place: Place): Promise<Contents> {
  const isLake = place === 'lake'
  const instance = await DuckDBInstance.create(
    isLake ? ':memory:' : join(folder, 'synth.duckdb'),
    isLake ? { extension_directory: extensionDirectory() } : { access_mode: 'read_only' },
  )
  const connection = await instance.connect()
  try {
    if (isLake) for (const statement of attachLake(folder)) await connection.run(statement)
    return { ...(await countRows(connection, isLake ? 'lake' : 'synth')), nodes: nodesOf(folder) }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function countRows(connection: DuckDBConnection, catalog: string) {
  const tables = await connection.runAndReadAll(
    `select '"' || table_schema || '"."' || table_name || '"' as name,
       list('"' || column_name || '"' order by column_name)
         filter (not regexp_matches(data_type, '^(DOUBLE|FLOAT|DECIMAL)')) as columns
     from information_schema.columns
     where table_catalog = '${catalog}' and table_schema not in ('ops', 'raw')
       and table_name not like 'ducklake%' and table_name <> 'events'
     group by all order by all`,
  )
  let rows = 0
  let digest = 0n
  for (const { name, columns } of tables.getRowObjectsJson()) {
    const list = Array.isArray(columns) ? columns.join(', ') : 'null'
    const found = await connection.runAndReadAll(
      `select count(*)::bigint, coalesce(bit_xor(hash(${list})), 0)::varchar
       from "${catalog}".${String(name)}`,
    )
    const [count, hash] = found.getRows()[0] ?? []
    rows += Number(count)
    digest = (digest * 31n + BigInt(String(hash))) % 2n ** 64n
  }
  return { relations: tables.currentRowCount, rows, digest: digest.toString(16) }
}

function nodesOf(folder: string): number | undefined {
  const file = join(folder, 'target/run_results.json')
  if (!existsSync(file)) return undefined
  const { results }: { results: readonly { status: string }[] } = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  return results.filter(({ status }) => status === 'success' || status === 'pass').length
}
