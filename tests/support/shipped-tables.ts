/** The tables that this repository publishes, as a build leaves them, with a few rows: for its documents and contract tests. */
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { quoteIdent } from '../../core/sql.ts'
import { migrate } from '../../transform/publish/migrate.ts'
import { repository, runSql } from './api.ts'
import { servedSql } from './served-table.ts'

const folder = `${repository}models/marts/`

const columnSchema = z.object({
  name: z.string(),
  data_type: z.string(),
  meta: z.object({ pii: z.boolean() }).optional(),
})
const modelSchema = z.object({
  name: z.string(),
  columns: z.array(columnSchema),
  config: z.object({
    meta: z.object({ publish: z.object({ strategy: z.enum(['swap', 'merge', 'append']) }) }),
  }),
})
type Column = z.output<typeof columnSchema>

/** One user with one purchase, and the same user in every aggregate. */
const userId = 123

/** What `millrace ml score` publishes. */
const predictions = `create table predictions (user_id bigint primary key, score double precision not null,
    model_version text not null, scored_at timestamptz not null, as_of timestamptz);
  insert into predictions values (${userId}, 0.25, '7', now(), now());`

/** Makes the schema anew. */
export async function makeShippedTables(url: string, schema: string): Promise<void> {
  await runSql(url, `drop schema if exists ${schema} cascade; create schema ${schema}`)
  await migrate(url, { schema, withTables: true })
  const models = readdirSync(folder)
    .filter((file) => file.endsWith('.yml'))
    .flatMap(
      (file) =>
        z.object({ models: z.array(modelSchema) }).parse(parse(readFileSync(folder + file, 'utf8')))
          .models,
    )
  // Users first: what they did refers to them.
  const sorted = models.sort((a, b) => Number(b.name === 'users') - Number(a.name === 'users'))
  const statements = sorted.map(({ name, columns, config }) => {
    const pii = columns.filter((column) => column.meta?.pii === true).map((column) => column.name)
    const { strategy } = config.meta.publish
    const types = columns.map((column) => `${quoteIdent(column.name)} ${postgresType(column)}`)
    return `create table if not exists ${name} (${types.join(', ')});
      insert into ${name} (${columns.map((column) => quoteIdent(column.name)).join(', ')})
      values (${columns.map(sampleOf).join(', ')});
      ${servedSql({ schema, table: name, strategy, pii, rows: 1 })}`
  })
  const all = [...statements, predictions, servedSql({ schema, table: 'predictions', rows: 1 })]
  await runSql(url, `set search_path = ${schema}; set timezone = 'UTC'; ${all.join('\n')}`)
}

/** As publishing maps it. */
function postgresType({ data_type: type }: Column): string {
  if (type === 'varchar') return 'text'
  return type === 'json' ? 'jsonb' : type.replace('decimal', 'numeric')
}

function sampleOf({ name, data_type: type }: Column): string {
  if (name === 'metric_name') return "'total_purchases'"
  if (type === 'varchar') return name === 'action' ? "'purchase'" : "'sample'"
  if (type === 'json') return `'{"event_id": "e1"}'`
  // Some endpoints look back from now.
  if (type === 'timestamp') return "now() at time zone 'utc' - interval '1 hour'"
  if (type === 'date') return "(now() at time zone 'utc')::date"
  return type.startsWith('decimal') ? '0.5' : String(userId)
}
