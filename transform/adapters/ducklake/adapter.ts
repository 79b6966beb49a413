/** Running on a DuckLake: one transaction is one snapshot, and tables have identities. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { lakeName } from '../../../core/clients/lake/attach.ts'
import { explainLakeError, isLakeConflict } from '../../../core/clients/lake/failures.ts'
import { currentSnapshot, hasSnapshot } from '../../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../../core/clients/lake.ts'
import { MillraceError } from '../../../core/errors.ts'
import type { Adapter, Session } from '../../run/adapter.ts'
import { ConnectionSession } from '../connection-session.ts'

export function ducklakeAdapter(lake: Lake): Adapter {
  return {
    kind: 'ducklake',
    catalog: lakeName,
    keepsHistory: true,
    unit: 'run',
    transaction: (work, options) =>
      lake.transaction((connection) => work(new LakeSession(connection, lake)), options),
    snapshot: () => lake.currentSnapshot(),
    isOutage: (error) =>
      isLakeConflict(error) || explainLakeError(error, lake.options) instanceof MillraceError,
  }
}

class LakeSession extends ConnectionSession implements Session {
  readonly #lake: Lake

  constructor(connection: DuckDBConnection, lake: Lake) {
    super(connection)
    this.#lake = lake
  }

  snapshot(): Promise<number> {
    return currentSnapshot(this.connection)
  }

  hasSnapshot(snapshot: number): Promise<boolean> {
    return hasSnapshot(this.connection, this.#lake.options.catalog, snapshot)
  }

  async tableIds(snapshot: number | undefined): Promise<ReadonlyMap<string, string>> {
    const tables = await this.#lake.tables(snapshot, this.connection)
    return new Map(tables.map(({ schema, name, uuid }) => [`${schema}.${name}`, uuid]))
  }
}
