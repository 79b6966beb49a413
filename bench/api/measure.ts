/** One program under one load: what it answers, how soon, and what that costs each process. */
import type { Case } from './cases.ts'
import type { Database } from './database.ts'
import { askEvenly } from './open-loop.ts'
import { askByPgbench } from './pgbench.ts'
import { cpuSecondsOf, peakMbOf } from './processes.ts'
import type { Server } from './servers.ts'
import { type Load, quantilesOf, type Tools } from './tools.ts'
import { askByWrk } from './wrk.ts'

export type Sample = Load & {
  /** Microseconds of CPU for each answer: of the server, of PostgreSQL, of the generator. */
  readonly server_us: number
  readonly postgres_us: number
  readonly generator_us: number
  /** MB of the server, so far. */
  readonly peak_mb: number
}

export type Contender = {
  readonly name: string
  /** Undefined: pgbench, which needs none. */
  readonly server: Server | undefined
}

export type Bench = {
  readonly database: Database
  readonly users: number
  /** Connections to PostgreSQL. */
  readonly pool: number
  /** Of the generator over HTTP, and of pgbench, which stands where a server would. */
  readonly httpTools: Tools
  readonly statementTools: Tools
}

/** A closed loop. @param statement that the endpoint sends */
export async function measureClosed(
  bench: Bench,
  { server }: Contender,
  one: Case,
  load: { readonly statement: string; readonly seconds: number },
): Promise<Sample> {
  const { database, pool, users } = bench
  const { seconds } = load
  const serverBefore = server === undefined ? 0 : cpuSecondsOf(server.pid)
  const before = cpuSecondsOf(database.postmaster)
  const { callers = pool } = one
  const seen =
    server === undefined
      ? await askByPgbench(bench.statementTools, { ...statementLoad(bench, one), ...load })
      : await askByWrk(bench.httpTools, { ...one, url: server.url, users, callers, seconds })
  // Backends that have just ended are counted a moment later.
  await new Promise((resolve) => setTimeout(resolve, 200))
  const each = (cpuSeconds: number) => (cpuSeconds * 1e6) / (seen.perSecond * seconds)
  return {
    ...seen,
    server_us: server === undefined ? 0 : each(cpuSecondsOf(server.pid) - serverBefore),
    postgres_us: each(cpuSecondsOf(database.postmaster) - before),
    generator_us: each(seen.generator_s),
    peak_mb: server === undefined ? 0 : peakMbOf(server.pid),
  }
}

export type OpenSample = Pick<Load, 'p50' | 'p99' | 'p999' | 'failed'>

/** An open loop. */
export async function measureOpen(
  bench: Bench,
  { server }: Contender,
  one: Case,
  load: { readonly statement: string; readonly perSecond: number; readonly seconds: number },
): Promise<OpenSample> {
  if (server === undefined) {
    return await askByPgbench(bench.statementTools, { ...statementLoad(bench, one), ...load })
  }
  let user = 0
  // Steps through all users, far from each other; the same in every run.
  const addressOf = () => {
    user = (user + 61_803) % bench.users
    return server.url + one.path.replace('{user}', String(1 + user))
  }
  const { admitted, refused, failed } = await askEvenly(addressOf, load)
  return { ...quantilesOf(admitted), failed: refused.length + failed }
}

function statementLoad({ database, pool }: Bench, { values = [] }: Case) {
  return { postgresUrl: database.url, clients: pool, values }
}
