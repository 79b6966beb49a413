/** Running on a plain DuckDB file: one transaction too, but no snapshots and no identities of tables. */
import type { Duckdb } from '../../../core/clients/duckdb.ts'
import { explainDuckdbError } from '../../../core/clients/duckdb.ts'
import { MillraceError } from '../../../core/errors.ts'
import type { Adapter, Session } from '../../run/adapter.ts'
import { ConnectionSession } from '../connection-session.ts'

/** @param catalog the database's name: the file's name without its extension, or `memory` */
export function duckdbAdapter(duckdb: Duckdb, catalog: string): Adapter {
  return {
    kind: 'duckdb',
    catalog,
    transaction: (work) =>
      duckdb.withConnection(async (connection) => {
        await connection.run('begin')
        try {
          const result = await work(new PlainSession(connection))
          await connection.run('commit')
          return result
        } catch (error) {
          await connection.run('rollback').catch(() => {})
          throw explainDuckdbError(error, catalog)
        }
      }),
    snapshot: async () => undefined,
    isOutage: (error) => explainDuckdbError(error, catalog) instanceof MillraceError,
  }
}

class PlainSession extends ConnectionSession implements Session {
  async snapshot(): Promise<undefined> {
    return undefined
  }

  async hasSnapshot(): Promise<boolean> {
    return false
  }

  async tableIds(): Promise<undefined> {
    return undefined
  }
}
