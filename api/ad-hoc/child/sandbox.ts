/**
 * DuckDB inside the child: the lake attached read-only, everything outside it shut, the settings locked. Callers never
 * name the lake itself, but views of the database `readable` that are made for each query (run-query.ts), because a
 * table of DuckLake also has columns like `filename`.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { extensionsOf, type LakeCatalog } from '../../../core/clients/lake/attach.ts'
import { openLake } from '../../../core/clients/lake.ts'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../../core/sql.ts'
import type { ChildOptions } from '../protocol.ts'

/** The database that callers' names are looked up in. */
export const readable = 'readable'

export type Sandbox = {
  readonly connection: DuckDBConnection
  readonly catalog: LakeCatalog
  readonly options: ChildOptions
}

/** Opens it; what it holds lives as long as the process. @throws `lake/*`, and what DuckDB throws */
export async function openSandbox(options: ChildOptions): Promise<Sandbox> {
  const duckdb = await openDuckdb({
    extensionDirectory: options.extensionDirectory,
    extensions: extensionsOf(options.lake),
    memoryLimit: options.memoryLimit,
    threads: options.threads,
    tempDirectory: options.scratch,
    maxTempSize: options.maxTempSize,
    config: { autoload_known_extensions: 'false', allow_community_extensions: 'false' },
  })
  const lake = await openLake(duckdb, { ...options.lake, readOnly: true, mustExist: true })
  const connection = await lake.connect()
  // The catalog needs no place here: the extensions that read SQLite and PostgreSQL open it by themselves.
  const allowed = [options.lake.dataPath, `${options.scratch}/`].map(quoteLiteral)
  const searchPath = options.schemas.map((schema) => quoteRelation(readable, schema)).join(',')
  for (const statement of [
    `attach ':memory:' as ${readable}`,
    ...options.schemas.map((schema) => `create schema ${readable}.${quoteIdent(schema)}`),
    `set search_path = ${quoteLiteral(searchPath)}`,
    `set allowed_directories = [${allowed.join(', ')}]`,
    'set enable_external_access = false',
    'set lock_configuration = true',
  ]) {
    await connection.run(statement)
  }
  return { connection, catalog: options.lake.catalog, options }
}
