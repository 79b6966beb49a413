/** A PostgreSQL of the benchmark's own, with settings for its size and with everything in its buffers. */
import { execFileSync } from 'node:child_process'
import pg from 'pg'
import { startInstance, stopInstance } from '../../local/instance.ts'
import { cacheDir } from '../../tests/support/extension-directory.ts'
import { anyPorts } from '../../tests/support/services.ts'
import { makeTables, type Size, warmUpSql } from './data.ts'
import { parentOf } from './processes.ts'

export type Database = AsyncDisposable & {
  readonly url: string
  /** The process whose children are the backends. */
  readonly postmaster: number
}

/**
 * Statements are kept whole in pg_stat_activity, where those of the endpoints are read; the rest is what a server of
 * this size is given.
 */
const settings = {
  shared_buffers: '1GB',
  effective_cache_size: '3GB',
  work_mem: '16MB',
  maintenance_work_mem: '256MB',
  max_wal_size: '4GB',
  random_page_cost: '1.1',
  track_activity_query_size: '16kB',
}

/**
 * Starts it, makes the tables unless they are there, and reads them into memory.
 * @param options.isKept the data stay in `stateDir` when it is disposed of
 */
export async function openDatabase(
  stateDir: string,
  options: { readonly size: Size; readonly isKept: boolean },
): Promise<Database> {
  const close = async () => {
    await stopInstance(stateDir, { purge: !options.isKept })
  }
  try {
    let url = await start(stateDir)
    if (!(await hasTables(url))) {
      await configure(url)
      await stopInstance(stateDir)
      url = await start(stateDir)
      await makeTables(url, options.size)
    }
    await query(url, warmUpSql)
    return { url, postmaster: await postmasterOf(url), [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Keeps PostgreSQL, and the backends that begin from now on, to some cores. */
export function pinDatabase({ postmaster }: Database, cores: string): void {
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cores, String(postmaster)])
}

/** The statement that the API has sent last. */
export async function lastStatement({ url }: Database): Promise<string> {
  const [row] = await query<{ query: string }>(
    url,
    `select query from pg_stat_activity
     where application_name = 'millrace-api' and query like '%millrace_answer%'
     order by state_change desc limit 1`,
  )
  if (row === undefined) throw new Error('the API has sent no statement')
  return row.query
}

async function start(stateDir: string): Promise<string> {
  const { settings } = await startInstance({
    stateDir,
    cacheDir,
    ports: anyPorts,
    services: ['postgres'],
    boundToThisProcess: true,
  })
  return settings.postgres?.url ?? ''
}

async function configure(url: string): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await query(url, `alter system set ${name} = '${value}'`)
  }
}

async function hasTables(url: string): Promise<boolean> {
  const sql = "select to_regclass('public.user_activity') is not null as is_there"
  const [row] = await query<{ is_there: boolean }>(url, sql)
  return row?.is_there === true
}

async function postmasterOf(url: string): Promise<number> {
  return await withClient(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    return parentOf(rows[0]?.pid ?? 0)
  })
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  return await withClient(url, async (client) => (await client.query<Row>(sql)).rows)
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
