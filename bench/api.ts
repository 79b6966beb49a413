/**
 * The API beside FastAPI with SQLAlchemy, and beside pgbench, which sends the same statements to the same PostgreSQL:
 * requests a second, latencies, CPU and memory, in closed and open loops. Writes its sections of docs/benchmarks.md.
 * Needs Linux with apt and python3.
 *
 *   node bench/api.ts [--only activity,activity-many,active-day,active,cached] [--programs millrace,FastAPI,pgbench]
 *     [--layouts split,shared] [--rounds 5] [--seconds 3] [--warm-up 10] [--no-open] [--no-write]
 *     [--users 100000] [--events 2000000] [--pool 10] [--state <folder>] [--sources]
 *
 * --state keeps PostgreSQL's data in a folder, so that the next run need not make them; --sources runs cli/main.ts and
 * not the bundle. Quickly, the program alone: --programs millrace --rounds 3 --no-open --no-write.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { type Case, caseNames, casesOf, writeProject } from './api/cases.ts'
import { type Database, lastStatement, openDatabase, pinDatabase } from './api/database.ts'
import {
  type Bench,
  type Contender,
  measureClosed,
  measureOpen,
  type Sample,
} from './api/measure.ts'
import {
  type ClosedRow,
  describeCase,
  introduction,
  type Layout,
  layouts,
  type OpenRow,
} from './api/report.ts'
import { type Server, startFastapi, startFloor, startOurs } from './api/servers.ts'
import { buildRelease, median, releaseCommand, repository } from './harness.ts'
import { writeSections } from './page.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: caseNames.join(',') },
    programs: { type: 'string', default: 'millrace,FastAPI,pgbench' },
    layouts: { type: 'string', default: 'split,shared' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '10' },
    open: { type: 'boolean', default: true },
    write: { type: 'boolean', default: true },
    users: { type: 'string', default: '100000' },
    events: { type: 'string', default: '2000000' },
    pool: { type: 'string', default: '10' },
    state: { type: 'string' },
    sources: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
})
const users = Number(values.users)
const events = Number(values.events)
const pool = Number(values.pool)
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const warmUpSeconds = Number(values['warm-up'])
const programs = values.programs.split(',')
/** Of what FastAPI answers in a closed loop, or else we. */
const openShares = [0.5, 0.8]
const openSeconds = 5

if (values.help)
  process.stdout.write(`${readFileSync(import.meta.filename, 'utf8').split('*/')[0]}*/\n`)
else await main()

async function main(): Promise<void> {
  const tools = install('bench/api/install-tools.sh')
  const venv = programs.includes('FastAPI') ? install('bench/api/fastapi/install.sh') : ''
  if (!values.sources) buildRelease()
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-bench-api-'))
  try {
    const stateDir = values.state ?? join(scratch, 'state')
    const isKept = values.state !== undefined
    await using database = await openDatabase(stateDir, { size: { users, events }, isKept })
    writeProject(join(scratch, 'project'))
    for (const one of casesOf(users).filter(({ name }) => values.only.split(',').includes(name))) {
      await measureCase(one, { database, tools, venv, scratch })
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

type Place = {
  readonly database: Database
  readonly tools: string
  readonly venv: string
  readonly scratch: string
}

async function measureCase(one: Case, place: Place): Promise<void> {
  const before = load()
  const closed: ClosedRow[] = []
  const open: OpenRow[] = []
  for (const layout of layouts.filter(({ name }) => values.layouts.split(',').includes(name))) {
    // A claim about one core.
    if (one.name === 'cached' && layout.name !== 'split') continue
    const found = await measureLayout(one, layout, place)
    closed.push(...found.closed)
    open.push(...found.open)
  }
  const scale = `${users.toLocaleString('en')} users, ${events.toLocaleString('en')} events, ${one.callers ?? pool} callers, ${pool} connections`
  const loads = `${before} before and ${load()} after`
  const text = describeCase(one, closed, open, { scale, loads })
  process.stdout.write(`\n${text}\n`)
  if (!values.write) return
  writeSections(
    new Map([
      ['api', introduction],
      [`api-${one.name}`, text],
    ]),
  )
}

async function measureLayout(one: Case, layout: Layout, place: Place) {
  const { database, tools, venv, scratch } = place
  pinDatabase(database, layout.others)
  // The open loop is ours; what this process starts is told its cores.
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', layout.others, `${process.pid}`])
  const options = { postgresUrl: database.url, pool, cores: layout.server, folder: scratch }
  const command = values.sources
    ? [process.execPath, join(repository, 'cli/main.ts')]
    : releaseCommand
  await using ours = await startOurs(command, join(scratch, 'project'), options)
  const isCompared = one.values !== undefined
  await using fastapi =
    isCompared && programs.includes('FastAPI') ? await startFastapi(venv, options) : undefined
  // What answers without a statement is compared with an answer that costs nothing to make.
  await using floor = isCompared ? undefined : await startFloor(options)
  const bench: Bench = {
    database,
    users,
    pool,
    httpTools: { folder: tools, cores: layout.others, scratch },
    statementTools: { folder: tools, cores: layout.server, scratch },
  }
  const contenders: Contender[] = [
    { name: 'millrace', server: ours },
    ...(fastapi === undefined ? [] : [{ name: 'FastAPI', server: fastapi }]),
    ...(floor === undefined ? [] : [{ name: 'node:http alone', server: floor }]),
    ...(isCompared && programs.includes('pgbench') ? [{ name: 'pgbench', server: undefined }] : []),
  ]
  const answer = await answerOf(ours, one)
  if (fastapi !== undefined) assertAlike(answer, await answerOf(fastapi, one))
  const statement = isCompared ? await lastStatement(database) : ''
  for (const contender of contenders.filter(({ server }) => server !== undefined)) {
    await measureClosed(bench, contender, one, { statement, seconds: warmUpSeconds })
  }
  const closed = contenders.map(({ name }) => {
    const samples: Sample[] = []
    return { layout, program: name, samples }
  })
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const sample = await measureClosed(bench, contender, one, { statement, seconds })
      closed[index]?.samples.push(sample)
      const { perSecond, p99, failed } = sample
      process.stderr.write(
        `${one.name} ${layout.name} ${contender.name}: ${perSecond.toFixed(0)}/s, p99 ${p99.toFixed(1)} ms, failed ${failed}\n`,
      )
    }
  }
  if (!values.open || !isCompared) return { closed, open: [] }
  const rates = (closed.find(({ program }) => program === 'FastAPI') ?? closed[0])?.samples ?? []
  const base = median(rates.map(({ perSecond }) => perSecond))
  const open: OpenRow[] = []
  for (const share of openShares) {
    const perSecond = Math.max(1, Math.round(base * share))
    for (const contender of contenders) {
      const rate = { statement, perSecond, seconds: openSeconds }
      const sample = await measureOpen(bench, contender, one, rate)
      open.push({ layout, program: contender.name, perSecond, sample })
    }
  }
  return { closed, open }
}

type Answer = {
  readonly active_users?: number
  readonly data?: readonly Readonly<Record<'id' | 'action' | 'details', unknown>>[]
}

async function answerOf({ url }: Server, one: Case): Promise<Answer> {
  const answer = await fetch(url + one.path.replace('{user}', '1'))
  if (!answer.ok) throw new Error(`${answer.url} answers ${answer.status}`)
  return (await answer.json()) as Answer // assertAlike finds out
}

/** Whoever does something else is not compared. @throws when the answers differ by more than time passes */
function assertAlike(one: Answer, other: Answer): void {
  const rows = ({ data }: Answer) =>
    data?.map(({ id, action, details }) => ({ id, action, details }))
  const [count = 0, otherCount = 0] = [one.active_users, other.active_users]
  const isNear = Math.abs(count - otherCount) <= 1 + count / 1000
  if (isNear && isDeepStrictEqual(rows(one), rows(other))) return
  throw new Error(`other answers: ${JSON.stringify(one)}, ${JSON.stringify(other)}`)
}

/** @returns what the script prints: the folder that it has filled */
function install(script: string): string {
  return execFileSync('sh', [join(repository, script)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim()
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1)
}
