/** An API over a PostgreSQL schema of its own, with endpoints given as text. */
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { openToEveryone } from '../../api/access/open-access.ts'
import { createApi } from '../../api/create-api.ts'
import type { NamedPredictor } from '../../api/predictions/fallback.ts'
import { openPredictionService } from '../../api/predictions/service.ts'
import type { LakeSource } from '../../api/sources/lake-source.ts'
import { openPostgresSource } from '../../api/sources/postgres-source.ts'
import { parseEndpoint } from '../../api/sql-endpoint/parse-endpoint.ts'
import { openEndpointService } from '../../api/sql-endpoint/service.ts'
import { openTableService, type TableSettings } from '../../api/tables/service.ts'
import { systemClock } from '../../core/clock.ts'
import { type Settings, settingsSchema } from '../../core/settings.ts'
import { silentLog } from '../../core/silent-log.ts'

export const repository = new URL('../..', import.meta.url).pathname

export const shippedActiveUsers = readFileSync(
  `${repository}api/endpoints/active-users.sql`,
  'utf8',
)

type PredictionSettings = Settings['api']['predictions']

/** The text of an endpoint's file. */
export function endpointFile(header: string, sql: string): string {
  return `/* ---\n${header}\n--- */\n${sql}\n`
}

export type TestApi = Awaited<ReturnType<typeof openTestApi>>

/** Runs statements as the owner of the schema. */
export async function runSql(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/**
 * Makes the schema anew with the given statements, checks the endpoints (name → file) and opens the app.
 * Close it with `close()`.
 */
export async function openTestApi(
  url: string,
  schema: string,
  options: {
    readonly setup?: string
    /** What is in the schema stays, and `setup` is not run. */
    readonly keepSchema?: boolean
    readonly endpoints?: Readonly<Record<string, string>>
    readonly tables?: Partial<TableSettings>
    readonly lake?: LakeSource
    readonly predictors?: readonly NamedPredictor[]
    readonly predictions?: Partial<PredictionSettings>
  } = {},
) {
  const setup = options.setup ?? ''
  const fresh = `drop schema if exists ${schema} cascade; create schema ${schema}`
  if (options.keepSchema !== true) {
    await runSql(url, `${fresh}; set search_path = ${schema}; set timezone = 'UTC'; ${setup}`)
  }
  const endpoints = Object.entries(options.endpoints ?? {}).map(([name, text]) =>
    parseEndpoint(`api/endpoints/${name}.sql`, text),
  )
  const postgres = openPostgresSource({ url, schema, maxConnections: 4 })
  const ping = () => postgres.query({ text: 'select 1::text', values: [], timeoutMs: 2000 })
  const settings = settingsSchema.parse({}).api
  const tables = openTableService({
    url,
    schema,
    source: postgres,
    log: silentLog,
    settings: { ...settings, ...options.tables },
  })
  await tables.catalog.reload()
  const predictions = openPredictionService({
    source: postgres,
    predictors: options.predictors ?? [],
    settings: { ...settings.predictions, ...options.predictions },
    log: silentLog,
    clock: systemClock,
    random: Math.random,
  })
  const sql = openEndpointService({
    endpoints,
    sources: { postgres, schema, lake: options.lake },
    seal: tables.seal,
    cacheBytes: settings.cache_bytes,
    clock: systemClock,
  })
  const app = createApi({
    access: openToEveryone(settingsSchema.parse({}).api),
    sql,
    tables,
    predictions,
    checks: { postgres: ping },
    log: silentLog,
    clock: systemClock,
  })
  return {
    app,
    tables,
    sql,
    check: () => sql.check('PostgreSQL'),
    /** Asks and reads the JSON of the answer. */
    get: async (path: string, init?: RequestInit) => {
      const response = await app.request(path, init)
      const text = await response.text()
      const body: unknown = text === '' ? undefined : JSON.parse(text)
      return { status: response.status, headers: response.headers, text, body }
    },
    close: async () => {
      options.lake?.close()
      await Promise.all([postgres.close(), tables.exports.close()])
    },
  }
}
