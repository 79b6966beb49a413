/** Running on a DuckLake: one transaction is one snapshot, and tables have identities. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { lakeName } from '../../../core/clients/lake/attach.ts'
import { explainLakeError, isLakeConflict } from '../../../core/clients/lake/failures.ts'
import {
  type FileRows,
  type FileRowsRequest,
  fileRows,
} from '../../../core/clients/lake/file-rows.ts'
import { type LastChange, lastChanges } from '../../../core/clients/lake/last-changes.ts'
import { announceBuild } from '../../../core/clients/lake/running-builds.ts'
import {
  currentSnapshot,
  hasSnapshot,
  listColumns,
  listRelations,
  listSchemas,
} from '../../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../../core/clients/lake.ts'
import type { Relation } from '../../compile/graph.ts'
import type {
  Adapter,
  OpenSession,
  Session,
  Standing,
  TransactionOptions,
} from '../../run/adapter.ts'
import type { TemplateDatabase } from '../../stdlib/database.ts'
import { ConnectionSession, type SpokenFor } from '../connection-session.ts'

export function ducklakeAdapter(lake: Lake): Adapter {
  return {
    kind: 'ducklake',
    catalog: lakeName,
    keepsHistory: true,
    publish: 'atomic',
    transaction: (work, options) =>
      lake.transaction((connection) => work(new LakeSession(connection, lake)), options),
    connect: async () => new LakeSession(await lake.connect(), lake),
    snapshot: () => lake.currentSnapshot(),
    restThreads: () => lake.duckdb.threads.rest(),
    explain: (error) => explainLakeError(error, lake.options),
    isConflict: isLakeConflict,
  }
}

const noStanding: Standing = { relations: [], schemas: [] }

class LakeSession extends ConnectionSession implements OpenSession {
  readonly #lake: Lake
  /** Lets upkeep work again, once the transaction has ended. */
  #unmark: () => void = () => {}

  constructor(connection: DuckDBConnection, lake: Lake, spokenFor?: SpokenFor) {
    super(connection, lake.duckdb.threads, spokenFor)
    this.#lake = lake
  }

  for(node: string, wrap?: (database: TemplateDatabase) => TemplateDatabase): Session {
    const database = wrap?.(this.database) ?? this.database
    return new LakeSession(this.connection, this.#lake, { node, database })
  }

  override async begin(): Promise<void> {
    try {
      await this.#lake.begin(this.connection)
      this.#unmark = await announceBuild(this.connection, this.#lake.options.catalog)
    } catch (error) {
      // The catalog may be away after DuckDB has begun; another try begins again.
      await super.rollback()
      throw error
    }
  }

  async commit(options: TransactionOptions): Promise<void> {
    await this.#lake.commit(this.connection, options)
    this.#unmark()
  }

  override async rollback(): Promise<void> {
    await super.rollback()
    this.#unmark()
  }

  snapshot(): Promise<number> {
    return currentSnapshot(this.connection)
  }

  hasSnapshot(snapshot: number): Promise<boolean> {
    return hasSnapshot(this.connection, this.#lake.options.catalog, snapshot)
  }

  fileRows(request: FileRowsRequest): Promise<FileRows | undefined> {
    return fileRows(this.connection, this.#lake.options.catalog, request)
  }

  /** Of the lake from its catalog, of other databases from DuckDB. */
  override async standing(catalogs: readonly string[]): Promise<Standing> {
    const others = catalogs.filter((name) => name !== lakeName)
    const beside = others.length === 0 ? noStanding : await super.standing(others)
    const { catalog } = this.#lake.options
    const snapshot = await currentSnapshot(this.connection)
    const relations = await listRelations(this.connection, catalog, snapshot)
    const schemas = await listSchemas(this.connection, catalog, snapshot)
    return {
      relations: [
        ...relations.map((relation) => ({ catalog: lakeName, ...relation })),
        ...beside.relations,
      ],
      schemas: [...schemas.map((schema) => ({ catalog: lakeName, schema })), ...beside.schemas],
    }
  }

  override async kindBefore(relation: Relation): Promise<'table' | 'view' | undefined> {
    if (relation.catalog !== lakeName) return await super.kindBefore(relation)
    const snapshot = await currentSnapshot(this.connection)
    const { catalog } = this.#lake.options
    const [found] = await listRelations(this.connection, catalog, snapshot, relation)
    return found?.kind
  }

  override async columnsIn(
    database: string,
    schema: string,
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    if (database !== lakeName) return await super.columnsIn(database, schema)
    const snapshot = await currentSnapshot(this.connection)
    return await listColumns(this.connection, this.#lake.options.catalog, schema, snapshot)
  }

  async lastChanges(snapshot: number | undefined): Promise<ReadonlyMap<string, LastChange>> {
    const at = snapshot ?? (await currentSnapshot(this.connection))
    return await lastChanges(this.connection, this.#lake.options.catalog, at)
  }

  async tableIds(snapshot: number | undefined): Promise<ReadonlyMap<string, string>> {
    const tables = await this.#lake.tables(snapshot, this.connection)
    return new Map(tables.map(({ schema, name, uuid }) => [`${schema}.${name}`, uuid]))
  }
}
