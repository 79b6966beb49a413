/** The API of this repository on a port, over a PostgreSQL of its own with a few rows in every table. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
}

/** Starts both, works, and stops them. */
export async function withShippedApi(
  options: ServeShippedOptions,
  work: (api: ServedApi) => Promise<void>,
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
    const chosen = { ...settingsSchema.parse({}).api, ...options.settings }
    const api = await serveApi({ ...where, settings: chosen, log: silentLog }, ending.signal)
    try {
      await work(api)
    } finally {
      ending.abort()
      await api.finished
    }
  } finally {
    await stopInstance(stateDir, { purge: true })
    await rm(stateDir, { recursive: true, force: true })
  }
}
