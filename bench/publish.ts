/**
 * What a merge into PostgreSQL costs beside the size of the table: the same number of changed rows in tables of several
 * sizes. CPU seconds of the publishing process, from its start to its end, and of PostgreSQL.
 *
 *   node bench/publish.ts [--rows 100000,1000000] [--changed 1000] [--runs 3]
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDuckdb } from '../core/clients/duckdb.ts'
import { type Lake, openLake } from '../core/clients/lake.ts'
import { openPostgres } from '../core/clients/postgres.ts'
import { processEnvironment } from '../core/config/environment.ts'
import { loadConfig } from '../core/config.ts'
import { startInstance, stopInstance } from '../local/instance.ts'
import { publishRelations } from '../transform/publish/publish.ts'
import { measure, repository } from './harness.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000,1000000' },
    changed: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '3' },
    publish: { type: 'string' },
  },
})

type Place = { readonly folder: string; readonly url: string; readonly table: string }

const extensionDirectory = join(configOf().cacheDir, 'duckdb-extensions')

function configOf() {
  return loadConfig({ projectDir: repository, target: 'local', environment: processEnvironment })
}

/** How the rows of a table change between two publishes. */
const changes: Readonly<Record<string, (table: string, rows: number, changed: number) => string>> =
  {
    'rows added': (table, rows, changed) =>
      `insert into ${table} select id + (select max(id) + 1 from ${table}), name, amount, happened from ${table} where id < ${Math.min(changed, rows)}`,
    'rows updated': (table, rows, changed) =>
      `update ${table} set amount = amount + 1 where id < ${rows} and id % ${Math.floor(rows / changed)} = 0`,
    'table replaced': (table, rows, changed) =>
      `create or replace table ${table} as select * replace (if(id < ${rows} and id % ${Math.floor(rows / changed)} = 0, amount + 1, amount)::decimal(18, 2) as amount) from ${table}`,
  }

if (values.publish === undefined) await main()
else await publish(JSON.parse(values.publish) as Place) // written by main below

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const stateDir = join(folder, 'state')
  try {
    const { settings } = await startInstance({
      stateDir,
      cacheDir: configOf().cacheDir,
      ports: { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 },
      services: ['postgres'],
      boundToThisProcess: true,
    })
    const { url } = settings.postgres ?? {}
    if (url === undefined) throw new Error('PostgreSQL is missing')
    console.log('| published rows | change | CPU s, command | CPU s, PostgreSQL | wall s |')
    console.log('| --: | --- | --: | --: | --: |')
    for (const rows of values.rows.split(',').map(Number)) await benchTable(folder, url, rows)
  } finally {
    await stopInstance(stateDir)
    await rm(folder, { recursive: true, force: true })
  }
}

async function benchTable(folder: string, url: string, rows: number): Promise<void> {
  const table = `t${rows}`
  const relation = `lake.marts.${table}`
  const place = { folder, url, table }
  await write(folder, [
    'create schema if not exists lake.marts',
    `create table ${relation} as select range as id, 'name ' || range as name,
       (range % 1000)::decimal(18, 2) as amount, timestamp '2024-01-01' + to_seconds(range) as happened
     from range(${rows})`,
  ])
  const postmaster = await postmasterOf(url)
  report(rows, 'first publish', [await once(place, postmaster)])
  for (const [name, change] of Object.entries(changes)) {
    const found: Measured[] = []
    for (let run = 0; run < Number(values.runs); run++) {
      await write(folder, [change(relation, rows, Number(values.changed))])
      found.push(await once(place, postmaster))
    }
    report(rows, `${values.changed} ${name}`, found)
  }
}

type Measured = {
  readonly command: number
  readonly postgres: number
  readonly wall: number
}

async function once(place: Place, postmaster: number): Promise<Measured> {
  const before = cpuSecondsOf(postmaster)
  const command = [process.execPath, new URL(import.meta.url).pathname]
  const used = measure([...command, '--publish', JSON.stringify(place)], { secondsAllowed: 600 })
  if (used.status !== 0) throw new Error(`the publish ended with ${used.status}`)
  await new Promise((resolve) => setTimeout(resolve, 300)) // its backends end a moment later
  return { command: used.cpu_s, postgres: cpuSecondsOf(postmaster) - before, wall: used.wall_s }
}

function report(rows: number, change: string, measured: readonly Measured[]): void {
  const median = (pick: (one: Measured) => number) => {
    const sorted = measured.map(pick).sort((one, other) => one - other)
    return (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(2)
  }
  const figures = [median((one) => one.command), median((one) => one.postgres)]
  console.log(`| ${rows} | ${change} | ${figures.join(' | ')} | ${median((one) => one.wall)} |`)
}

/** The command that is measured. */
async function publish({ folder, url, table }: Place): Promise<void> {
  await using lake = await open(folder)
  await publishRelations(
    [
      {
        model: table,
        source: { schema: 'marts', table },
        strategy: 'merge',
        table,
        uniqueKey: ['id'],
        indexes: [],
        grants: {},
      },
    ],
    { lake, postgresUrl: url, schema: 'public' },
  )
}

async function write(folder: string, statements: readonly string[]): Promise<void> {
  await using lake = await open(folder)
  await lake.transaction(async (transaction) => {
    for (const statement of statements) await transaction.run(statement)
  })
}

async function open(folder: string): Promise<Lake & AsyncDisposable> {
  const lake = await openLake(await openDuckdb({ extensionDirectory }), {
    catalog: { kind: 'sqlite', path: join(folder, 'lake.sqlite') },
    dataPath: `${join(folder, 'data')}/`,
  })
  return Object.assign(lake, { [Symbol.asyncDispose]: async () => lake.close() })
}

/** The process whose children are PostgreSQL's backends. */
async function postmasterOf(url: string): Promise<number> {
  const pool = openPostgres({ url, maxConnections: 1 })
  try {
    const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
    return statOf(String(rows[0]?.pid)).parent
  } finally {
    await pool.end()
  }
}

/** Of a process, its children, and those of its children that have ended. */
function cpuSecondsOf(parent: number): number {
  let ticks = statOf(String(parent)).all
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = statOf(pid)
      if (stat.parent === parent) ticks += stat.own
    } catch {
      // It has ended since the folder was read.
    }
  }
  return ticks / 100 // USER_HZ, whatever the kernel counts in
}

function statOf(pid: string): {
  readonly parent: number
  readonly own: number
  readonly all: number
} {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [user = 0, system = 0, children = 0, childrenSystem = 0] = fields.slice(11, 15)
  const own = user + system
  return { parent: fields[1] ?? 0, own, all: own + children + childrenSystem }
}
