/**
 * users, user_activity and aggregated_metrics. A table that is there already with just these columns is taken over;
 * one with others is somebody else's and is left alone.
 */
import type { Knex } from 'knex'
import { problem } from '../../../core/problems.ts'
import type { SchemaMigration } from './schema-migration.ts'

type TableDefinition = {
  readonly name: string
  /** As PostgreSQL writes the types. */
  readonly columns: Readonly<Record<string, string>>
  readonly create: (database: Knex, schema: string) => Promise<void>
}

const timestamp = 'timestamp without time zone'

const users: TableDefinition = {
  name: 'users',
  columns: {
    user_id: 'integer',
    name: 'character varying(100)',
    email: 'character varying(100)',
    signup_date: timestamp,
  },
  create: async (database, schema) => {
    await database.schema.withSchema(schema).createTable('users', (table) => {
      table.increments('user_id')
      table.string('name', 100)
      table.string('email', 100)
      table.timestamp('signup_date', { useTz: false })
    })
  },
}

const userActivity: TableDefinition = {
  name: 'user_activity',
  columns: {
    id: 'integer',
    user_id: 'integer',
    action: 'character varying(50)',
    event_timestamp: timestamp,
    details: 'jsonb',
  },
  create: async (database, schema) => {
    await database.schema.withSchema(schema).createTable('user_activity', (table) => {
      table.increments('id')
      table.integer('user_id').references('user_id').inTable(`${schema}.users`)
      table.string('action', 50)
      table.timestamp('event_timestamp', { useTz: false })
      table.jsonb('details')
      // Answers "who was active since" from the index alone.
      table.index(['event_timestamp', 'user_id'], 'user_activity_event_timestamp_idx')
      table.index(['user_id', 'event_timestamp'], 'user_activity_user_id_idx')
    })
  },
}

const aggregatedMetrics: TableDefinition = {
  name: 'aggregated_metrics',
  columns: {
    metric_id: 'integer',
    metric_name: 'character varying(50)',
    metric_value: 'numeric',
    created_at: timestamp,
  },
  create: async (database, schema) => {
    await database.schema.withSchema(schema).createTable('aggregated_metrics', (table) => {
      table.increments('metric_id')
      table.string('metric_name', 50)
      table.specificType('metric_value', 'numeric')
      table.timestamp('created_at', { useTz: false })
      table.index(['metric_name', 'created_at'], 'aggregated_metrics_metric_name_idx')
    })
  },
}

const tables = [users, userActivity, aggregatedMetrics] as const

export const userActivityMigration: SchemaMigration = {
  name: '0002-user-activity',
  up: async (database, schema) => {
    for (const table of tables) {
      const existing = await columnsOf(database, schema, table.name)
      if (existing === undefined) await table.create(database, schema)
      else assertSame(`${schema}.${table.name}`, table.columns, existing)
    }
  },
  down: async (database, schema) => {
    for (const { name } of [...tables].reverse()) {
      await database.schema.withSchema(schema).dropTableIfExists(name)
    }
  },
}

async function columnsOf(
  database: Knex,
  schema: string,
  table: string,
): Promise<Record<string, string> | undefined> {
  const { rows } = await database.raw<{ rows: { name: string; type: string }[] }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
     from pg_attribute a
     join pg_class c on c.oid = a.attrelid
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = ? and c.relname = ? and a.attnum > 0 and not a.attisdropped`,
    [schema, table],
  )
  if (rows.length === 0) return undefined
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]))
}

/** @throws `publish/foreign-table` */
function assertSame(
  table: string,
  expected: Readonly<Record<string, string>>,
  actual: Readonly<Record<string, string>>,
): void {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
  const differences = names
    .filter((name) => expected[name] !== actual[name])
    .map((name) => {
      if (actual[name] === undefined) return `it lacks ${name}`
      if (expected[name] === undefined) return `it has ${name}`
      return `${name} is ${actual[name]}, not ${expected[name]}`
    })
  if (differences.length > 0) {
    throw problem('publish/foreign-table', { table, differences: differences.join('; ') })
  }
}
