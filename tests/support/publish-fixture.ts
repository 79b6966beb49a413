/** A lake with a SQLite catalog in a temporary folder, and a PostgreSQL database of the test's own. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pool, QueryResultRow } from 'pg'
import { openDuckdb } from '../../core/clients/duckdb.ts'
import { type Lake, openLake } from '../../core/clients/lake.ts'
import { openPostgres } from '../../core/clients/postgres.ts'
import {
  type PublishOptions,
  type PublishResult,
  publishRelations,
} from '../../transform/publish/publish.ts'
import type { PublishRequest } from '../../transform/publish/request.ts'
import { extensionDirectory } from './extension-directory.ts'

export type PublishFixture = AsyncDisposable & {
  readonly folder: string
  readonly lake: Lake
  readonly url: string
  readonly pool: Pool
  /** One lake transaction. @returns the snapshot it made */
  readonly build: (...statements: readonly string[]) => Promise<number>
  readonly publish: (
    requests: readonly PublishRequest[],
    options?: Partial<PublishOptions>,
  ) => Promise<PublishResult[]>
  /** Rows of a query of PostgreSQL. */
  readonly rows: <Row extends QueryResultRow>(sql: string) => Promise<Row[]>
}

/** Everything is made anew; `postgresUrl` names the server and a user who may create databases. */
export async function openPublishFixture(postgresUrl: string): Promise<PublishFixture> {
  const database = `publish_${randomUUID().replaceAll('-', '')}`
  const admin = openPostgres({ url: postgresUrl, maxConnections: 1 })
  await admin.query(`create database ${database}`)
  const url = Object.assign(new URL(postgresUrl), { pathname: `/${database}` }).href
  const folder = await mkdtemp(join(tmpdir(), 'millrace-publish-'))
  const lake = await openTestLake(folder)
  const pool = openPostgres({ url, maxConnections: 8 })
  await lake.transaction(async (transaction) => {
    await transaction.run('create schema lake.marts')
  })
  return {
    folder,
    lake,
    url,
    pool,
    build: async (...statements) => {
      await lake.transaction(async (transaction) => {
        for (const statement of statements) await transaction.run(statement)
      })
      return await lake.currentSnapshot()
    },
    publish: (requests, options = {}) =>
      publishRelations(requests, { lake, postgresUrl: url, schema: 'public', ...options }),
    rows: async (sql) => (await pool.query(sql)).rows,
    [Symbol.asyncDispose]: async () => {
      await pool.end()
      lake.close()
      await admin.query(`drop database ${database} with (force)`)
      await admin.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The fixture's lake, also for a child process. */
export async function openTestLake(folder: string): Promise<Lake> {
  return await openLake(
    await openDuckdb({ extensionDirectory, extensions: ['ducklake', 'sqlite_scanner'] }),
    {
      catalog: { kind: 'sqlite', path: join(folder, 'catalog.sqlite') },
      dataPath: `${folder}/data/`,
    },
  )
}

/** A request with everything defaulted but what is given. */
export function request(
  model: string,
  settings: Partial<Omit<PublishRequest, 'model'>> = {},
): PublishRequest {
  return {
    model,
    source: { schema: 'marts', table: model },
    strategy: 'swap',
    table: model,
    uniqueKey: [],
    indexes: [],
    grants: {},
    ...settings,
  }
}
