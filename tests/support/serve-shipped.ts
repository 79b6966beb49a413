/** The API of this repository on a port, over a PostgreSQL of its own with a few rows in every table. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { ensureKeyTable, insertKey } from '../../api/access/keys/key-table.ts'
import { makeKey } from '../../api/access/keys/key-text.ts'
import { type ServedApi, serveApi } from '../../api/serve-api.ts'
import { type Settings, settingsSchema } from '../../core/settings.ts'
import { silentLog } from '../../core/silent-log.ts'
import { startInstance, stopInstance } from '../../local/instance.ts'
import { repository, runSql } from './api.ts'
import { cacheDir } from './extension-directory.ts'
import { makeShippedTables } from './shipped-tables.ts'

const schema = 'shipped'
const ports = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 }

export type ServeShippedOptions = {
  /** Differences to the defaults. */
  readonly settings?: Partial<Settings['api']>
  /** Run when the tables are there. */
  readonly setup?: string
  /** Callers need a key; one with these roles is made. */
  readonly keyRoles?: readonly string[]
}

/** Starts both, works, and stops them. */
export async function withShippedApi(
  options: ServeShippedOptions,
  work: (api: ServedApi, key: string) => Promise<void>,
): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-shipped-'))
  const start = { stateDir, cacheDir, ports, boundToThisProcess: true }
  const ending = new AbortController()
  try {
    const { settings } = await startInstance({ ...start, services: ['postgres'] })
    const postgresUrl = settings.postgres?.url ?? ''
    await makeShippedTables(postgresUrl, schema)
    await runSql(postgresUrl, `set search_path = ${schema}; ${options.setup ?? ''}`)
    const where = { projectDir: repository, host: '127.0.0.1', port: 0, postgresUrl, schema }
    const { keyRoles } = options
    const key = keyRoles === undefined ? '' : await addKey(postgresUrl, keyRoles)
    const access = keyRoles === undefined ? {} : { access: 'required' as const }
    const chosen = { ...settingsSchema.parse({}).api, ...access, ...options.settings }
    const api = await serveApi({ ...where, settings: chosen, log: silentLog }, ending.signal)
    try {
      await work(api, key)
    } finally {
      ending.abort()
      await api.finished
    }
  } finally {
    await stopInstance(stateDir, { purge: true })
    await rm(stateDir, { recursive: true, force: true })
  }
}

async function addKey(url: string, roles: readonly string[]): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await ensureKeyTable(client)
    const key = makeKey(randomBytes)
    await insertKey(client, key, { name: 'test', roles, lifetimeMs: undefined })
    return key.text
  } finally {
    await client.end()
  }
}
