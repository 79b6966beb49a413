/**
 * Migrations by knex: the schema `millrace` with its ledger of what was published, and the hand-made tables
 * that this repository's models are merged into. Each target schema keeps its own list of what has run.
 */
import knex, { type Knex } from 'knex'
import { connectPostgres, openPostgres } from '../../core/clients/postgres.ts'
import { explainPublishError } from './failures.ts'
import { ledgerMigration } from './migrations/0001-published.ts'
import { userActivityMigration } from './migrations/0002-user-activity.ts'
import type { SchemaMigration } from './migrations/schema-migration.ts'

/** Tables that the migrations make. */
export const ownTables: readonly string[] = ['users', 'user_activity', 'aggregated_metrics']

export type MigrateOptions = {
  /** PostgreSQL schema of the published tables; made when it is missing. */
  readonly schema: string
  /** Also make `ownTables`. Default true. */
  readonly withTables?: boolean
}

/**
 * Brings PostgreSQL up to date; doing it again changes nothing.
 * @returns the names of the migrations that ran now
 * @throws `publish/foreign-table` when a table of that name with other columns is there, `publish/postgres-unreachable`
 */
export async function migrate(url: string, options: MigrateOptions): Promise<string[]> {
  const { schema, withTables = true } = options
  const pool = openPostgres({ url, maxConnections: 1, applicationName: 'millrace-migrate' })
  const lock = await connectPostgres(pool)
  lock.on('error', () => {})
  const database = knex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } })
  try {
    // Two processes that start together would trip over each other's CREATE TABLE.
    await lock.query(`select pg_advisory_lock(hashtext('millrace.migrate'), 0)`)
    await lock.query('create schema if not exists millrace')
    await database.schema.createSchemaIfNotExists(schema)
    const ran = await runMigrations(database, schema, 'migrations', [ledgerMigration])
    if (!withTables) return ran
    const log = `migrations_${schema}`.slice(0, 50)
    return [...ran, ...(await runMigrations(database, schema, log, [userActivityMigration]))]
  } catch (error) {
    throw explainPublishError(error, url)
  } finally {
    await database.destroy()
    lock.release(true)
    await pool.end()
  }
}

async function runMigrations(
  database: Knex,
  schema: string,
  tableName: string,
  migrations: readonly SchemaMigration[],
): Promise<string[]> {
  const migrationSource: Knex.MigrationSource<SchemaMigration> = {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => ({
      up: (transaction) => migration.up(transaction, schema),
      down: (transaction) => migration.down(transaction, schema),
    }),
  }
  const [, ran]: [number, string[]] = await database.migrate.latest({
    migrationSource,
    schemaName: 'millrace',
    tableName,
  })
  return ran
}
