/**
 * Migrations by knex: the schema `millrace` with its ledger of what was published, and the hand-made tables
 * that this repository's models are merged into. Each target schema keeps its own list of what has run.
 */
import knex, { type Knex } from 'knex'
import type { PoolClient } from 'pg'
import { connectPostgres, openPostgres } from '../../core/clients/postgres.ts'
import { quoteIdent } from '../../core/sql.ts'
import { explainPublishError } from './failures.ts'
import { ledgerMigration } from './migrations/0001-published.ts'
import { userActivityMigration } from './migrations/0002-user-activity.ts'
import { contractMigration } from './migrations/0003-contract.ts'
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
  const pooling = { min: 0, max: 1 }
  const database = knex({ client: 'pg', connection: url, pool: pooling, log: silent })
  try {
    // Two processes that start together would trip over each other's CREATE TABLE.
    await lock.query(`select pg_advisory_lock(hashtext('millrace.migrate'), 0)`)
    for (const name of ['millrace', schema]) await ensureSchema(lock, name)
    const ours = [ledgerMigration, contractMigration]
    const ran = await runMigrations(database, schema, 'migrations', ours)
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

/** Whatever fails is thrown as well; knex would also print it. */
const silent: Knex.Logger = { warn() {}, error() {}, deprecate() {}, debug() {} }

/** `if not exists` would ask for the right to create schemas even where the schema is there. */
async function ensureSchema(client: PoolClient, schema: string): Promise<void> {
  const { rows } = await client.query('select 1 from pg_namespace where nspname = $1', [schema])
  if (rows.length === 0) await client.query(`create schema ${quoteIdent(schema)}`)
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
