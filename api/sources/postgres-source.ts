/** PostgreSQL as the API sees it: read-only, UTC, every statement with a time limit. */
import { setTimeout } from 'node:timers/promises'
import type { CustomTypesConfig, Pool, PoolClient } from 'pg'
import { openPostgres } from '../../core/clients/postgres.ts'
import { problem } from '../../core/problems.ts'
import type { ParameterValue } from '../sql-endpoint/parse-value.ts'
import { createExpectedWait } from './expected-wait.ts'
import {
  explainPostgresError,
  isCanceled,
  isConnectionLost,
  isPlanOutdated,
} from './postgres-errors.ts'
import { openQuickLane, type QuickLane } from './quick-lane.ts'
import { type Caller, type RunningStatements, trackStatements } from './running-statements.ts'
import { sessionSql } from './session.ts'
import { queryText, type TextRow } from './text-query.ts'

export type SourceQuery = {
  /** One text has one name: the server keeps its parsed statement under it. */
  readonly name?: string
  readonly text: string
  readonly values: readonly ParameterValue[]
  /** It has parameters, and gives the same for the same values: calls at the same time may become one statement. */
  readonly isCombinable?: boolean
  readonly timeoutMs: number
  /** Whose leaving stops the statement; undefined: it is for more than one, or for nobody in particular. */
  readonly caller?: Caller | undefined
}

/** What a statement gives, as text, and what PostgreSQL says of its columns. */
export type Examined = {
  readonly rows: readonly (readonly (string | null)[])[]
  readonly fields: readonly {
    readonly name: string
    readonly dataTypeID: number
    readonly dataTypeModifier: number
    /** Number and column of the table that the values are taken from unchanged; 0 for anything else. */
    readonly tableID: number
    readonly columnID: number
  }[]
}

export type Ask = (text: string, values?: readonly ParameterValue[]) => Promise<Examined>

export interface PostgresSource {
  /** The first column of every row, as text. @throws `api/database-unavailable`, `api/timeout`, … */
  query(query: SourceQuery): Promise<string[]>
  /** All columns of every row, as PostgreSQL writes them. @throws as `query` */
  rows(query: SourceQuery): Promise<(string | null)[][]>
  /** Runs statements in one read-only transaction that is rolled back; errors are PostgreSQL's own. */
  examine<T>(work: (ask: Ask) => Promise<T>): Promise<T>
  /** Connections at work and idle, and requests that wait for one. */
  stats(): PoolStats
  /** Stops the statements that still run. */
  close(): Promise<void>
}

export type PoolStats = { readonly inUse: number; readonly idle: number; readonly waiting: number }

export type PostgresSourceOptions = {
  readonly url: string
  /** Where unqualified table names are looked up. */
  readonly schema: string
  readonly maxConnections?: number
  /** Requests that may wait for a connection; the rest are refused at once. Default 500. */
  readonly maxWaiting?: number
  /** Who would wait longer than so many milliseconds is refused at once, too. Default 500. */
  readonly maxWaitMs?: number
}

/** Milliseconds that one statement of an examination may take. */
export const examineMs = 10_000

/**
 * So much later than the server's own limit a connection is given up: the server is gone, or stands still. Types of `pg`
 * do not know the option.
 */
/** How long callers who wait for a connection still get one when the source is closed, in milliseconds. */
const closeMs = 2000

const within = (timeoutMs: number) => ({ query_timeout: timeoutMs + 1000 })

function asParameter(value: ParameterValue): string | null {
  return value === null ? null : String(value)
}

/** No value is parsed. */
const asText: CustomTypesConfig = { getTypeParser: () => (text: string) => text }

/** Opens the source; connections are made when they are needed. */
export function openPostgresSource(options: PostgresSourceOptions): PostgresSource {
  const { url, schema, maxConnections: allConnections = 10 } = options
  const lane = allConnections > 1 ? openQuickLane({ url, schema }) : undefined
  const maxConnections = lane === undefined ? allConnections : allConnections - 1
  const pool = openPostgres({ url, maxConnections, applicationName: 'millrace-api' })
  const { maxWaiting = 500, maxWaitMs = 500 } = options
  const wait = createExpectedWait(maxConnections)
  const running = trackStatements(url)
  const timeouts = new WeakMap<PoolClient, number>()

  async function withClient<T>(
    timeoutMs: number,
    work: (client: PoolClient) => Promise<T>,
    caller?: Caller,
  ): Promise<T> {
    const { waitingCount, idleCount, totalCount } = pool
    // Until its next tick `pg` counts those as waiting, too, who get one of these.
    const free = idleCount + maxConnections - totalCount
    const isLate = free === 0 && wait.milliseconds(waitingCount) > maxWaitMs
    if (isLate || waitingCount - free >= maxWaiting) throw problem('api/overloaded', {})
    const client = await pool.connect()
    const start = performance.now()
    const held = running.hold(client, caller)
    let lost: Error | undefined
    try {
      if (caller?.destroyed) throw problem('api/caller-left', {})
      await prepareSession(client, { timeoutMs, schema, timeouts, running })
      return await work(client)
    } catch (error) {
      if (error instanceof Error && isConnectionLost(error)) lost = error
      if (caller?.destroyed && isCanceled(error)) throw problem('api/caller-left', {})
      throw error
    } finally {
      await held.release(lost)
      wait.held(performance.now() - start)
    }
  }

  async function rows(query: SourceQuery): Promise<TextRow[]> {
    const { name, text, values, isCombinable = false, timeoutMs, caller } = query
    const limit = within(timeoutMs)
    const statement = { name: name ?? '', text, values: values.map(asParameter) }
    if (name !== undefined) {
      const found = await lane?.rows({ ...statement, isCombinable })
      if (found !== undefined) return found
    }
    const rowsOnce = async (client: PoolClient) => {
      const how = { text, values: [...values], rowMode: 'array' as const, types: asText }
      return (await client.query<TextRow>({ ...how, ...limit })).rows
    }
    try {
      return await withClient(
        timeoutMs,
        async (client) => {
          if (name === undefined) return await rowsOnce(client)
          try {
            const begun = performance.now()
            const found = await queryText(client, { ...statement, ...limit })
            lane?.took(name, performance.now() - begun)
            return found
          } catch (error) {
            if (!isPlanOutdated(error)) throw error
            // A table was replaced under the prepared statement; a fresh one sees the tables as they are.
            return await rowsOnce(client)
          }
        },
        caller,
      )
    } catch (error) {
      throw explainPostgresError(error, timeoutMs)
    }
  }

  return {
    query: async (query) => (await rows(query)).map((row) => row[0] ?? 'null'),
    rows,
    examine: (work) =>
      withClient(examineMs, async (client) => {
        await client.query('begin read only')
        try {
          return await work((text, values = []) =>
            client.query<(string | null)[]>({
              text,
              values: [...values],
              rowMode: 'array',
              ...within(examineMs),
              types: asText,
            }),
          )
        } finally {
          await client.query('rollback').catch(() => {})
        }
      }),
    stats: () => withLane(poolStats(pool), lane),
    close: async () => {
      // Whoever the lane sends elsewhere still needs the pool, which forgets those who wait when it ends.
      await lane?.close()
      await untilNoneWaits(pool)
      const ended = endPool(pool)
      await running.close()
      await ended
    },
  }
}

type SessionOptions = {
  readonly timeoutMs: number
  readonly schema: string
  /** What is set already. */
  readonly timeouts: WeakMap<PoolClient, number>
  readonly running: RunningStatements
}

/** A session is set up once, and again only when a statement has another time limit than the one before. */
async function prepareSession(
  client: PoolClient,
  { timeoutMs, schema, timeouts, running }: SessionOptions,
): Promise<void> {
  const current = timeouts.get(client)
  if (current === timeoutMs) return
  const limit = `set statement_timeout = ${Math.trunc(timeoutMs)}`
  const text = current === undefined ? `${sessionSql(schema)}; ${limit}` : limit
  await client.query({ text, ...within(timeoutMs) })
  if (current === undefined) await running.introduce(client)
  timeouts.set(client, timeoutMs)
}

function withLane(stats: PoolStats, lane: QuickLane | undefined): PoolStats {
  const { isOpen, inLine } = lane?.stats() ?? { isOpen: false, inLine: 0 }
  if (!isOpen) return stats
  const { inUse, idle, waiting } = stats
  return inLine > 0 ? { inUse: inUse + 1, idle, waiting } : { inUse, idle: idle + 1, waiting }
}

/** What `pg` says of a pool. */
export function poolStats(pool: Pool): PoolStats {
  const { totalCount, idleCount, waitingCount } = pool
  return { inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount }
}

async function untilNoneWaits(pool: Pool): Promise<void> {
  const late = performance.now() + closeMs
  while (pool.waitingCount > 0 && performance.now() < late) await setTimeout(5)
}

async function endPool(pool: Pool): Promise<void> {
  if (!pool.ending) await pool.end()
}
