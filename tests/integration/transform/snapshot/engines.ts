/** The two databases that snapshots are taken in by tests. */
import { openDuckdb, queryRows, type Row } from '../../../../core/clients/duckdb.ts'
import { type Adapter, duckdbAdapter, ducklakeAdapter } from '../../../../transform/index.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { openFolderLake } from '../../../support/project.ts'

export type Engine = AsyncDisposable & {
  readonly adapter: Adapter
  /** Schemas of the database need not be qualified. */
  readonly sql: (text: string) => Promise<Row[]>
}

export const databases = ['memory', 'lake'] as const

export async function openEngine(
  database: (typeof databases)[number],
  folder: string,
): Promise<Engine> {
  if (database === 'lake') {
    const lake = await openFolderLake(folder)
    return {
      adapter: ducklakeAdapter(lake),
      sql: (text) =>
        lake.read(async (connection) => {
          await connection.run('use lake')
          return await queryRows(connection, text)
        }),
      [Symbol.asyncDispose]: async () => lake.close(),
    }
  }
  const duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
  return {
    adapter: duckdbAdapter(duckdb, 'memory'),
    sql: (text) => duckdb.withConnection((connection) => queryRows(connection, text)),
    [Symbol.asyncDispose]: async () => duckdb.close(),
  }
}
