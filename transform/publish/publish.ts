/**
 * Publishing: tables of the lake, pinned to one snapshot, into PostgreSQL. Rows are staged while readers go on; then
 * one transaction makes all of them visible together and notes in millrace.published what was published, so
 * that the same publish again does nothing, and one that died can simply be repeated.
 */
import { randomUUID } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { PoolClient } from 'pg'
import { loadExtension } from '../../core/clients/duckdb-extensions.ts'
import { toConninfo } from '../../core/clients/lake/attach.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { connectPostgres, openPostgres } from '../../core/clients/postgres.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../core/sql.ts'
import { cancelOn } from './cancel.ts'
import { commitJobs } from './commit.ts'
import { examine, type Job, type Work } from './examine.ts'
import { explainPublishError } from './failures.ts'
import { lockSchema } from './locks.ts'
import { assertColumnsMatch, assertRowsFit } from './merge.ts'
import { migrate, ownTables } from './migrate.ts'
import type { PublishRequest } from './request.ts'
import { createStage, fillStage, stageOf } from './stage.ts'
import { dressStage } from './swap.ts'

export type PublishOptions = {
  readonly lake: Lake
  readonly postgresUrl: string
  /** PostgreSQL schema of the published tables. */
  readonly schema: string
  /** The lake's snapshot to publish, usually the one a build made. Default: the newest. */
  readonly snapshot?: number
  readonly onProgress?: (progress: PublishProgress) => void
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly waits?: Partial<PublishWaits>
}

/** Milliseconds. */
type PublishWaits = {
  /** For another publish into the same schema. Default 600,000. */
  readonly busyMs: number
  /** For transactions that would find an exchanged table empty. Default 5,000. */
  readonly snapshotMs: number
  /** For those who hold a table that is to be exchanged. Default 15,000. */
  readonly lockMs: number
}

export type PublishProgress = {
  readonly model: string
  readonly table: string
  readonly step: 'staging' | 'staged' | 'published'
  /** Rows staged so far. */
  readonly rows: bigint
}

export type PublishResult = {
  readonly model: string
  /** schema.table */
  readonly table: string
  readonly outcome: 'swapped' | 'merged' | 'appended' | 'unchanged' | 'superseded'
  readonly snapshot: number
  /** Rows that were carried over. */
  readonly rows: bigint
  /** Rows that merge or append really wrote; undefined for a swap. */
  readonly written: bigint | undefined
  readonly elapsedMs: number
}

const defaultWaits: PublishWaits = { busyMs: 600_000, snapshotMs: 5_000, lockMs: 15_000 }

/**
 * Publishes tables; all of them become visible at one instant, or none does.
 * @returns one result a request, in their order
 * @throws any `publish/…` problem, `lake/…` when the lake does not answer; PostgreSQL is then as it was
 */
export async function publishRelations(
  requests: readonly PublishRequest[],
  options: PublishOptions,
): Promise<PublishResult[]> {
  if (requests.length === 0) return []
  assertDistinct(requests)
  const { lake, postgresUrl, schema, signal } = options
  const clock = options.clock ?? systemClock
  const waits = { ...defaultWaits, ...options.waits }
  await migrate(postgresUrl, { schema, withTables: requests.some(isOwnTable) })
  const pool = openPostgres({ url: postgresUrl, maxConnections: 1, applicationName: 'millrace' })
  const client = await connectPostgres(pool)
  // A broken connection shows at the next query; without a listener it would end the process.
  client.on('error', () => {})
  try {
    await client.query(`set timezone = 'UTC'`)
    using _ = await cancelOn(signal, client, postgresUrl)
    await lockSchema(client, schema, { clock, signal, budgetMs: waits.busyMs })
    const snapshot = options.snapshot ?? (await lake.currentSnapshot())
    return await lake.read(async (duckdb) => {
      const asOf = await lake.snapshotTime(snapshot, duckdb)
      const locked = { ...options, clock, waits, client, duckdb, snapshot, asOf }
      return await publishLocked(requests, locked)
    })
  } catch (error) {
    // Once it is told to stop, whatever breaks was broken by that.
    throw signal?.aborted ? signal.reason : explainPublishError(error, postgresUrl)
  } finally {
    client.release(true)
    await pool.end()
  }
}

type Locked = PublishOptions & {
  readonly client: PoolClient
  readonly duckdb: DuckDBConnection
  readonly clock: Clock
  readonly waits: PublishWaits
  readonly snapshot: number
  /** When the snapshot was committed. */
  readonly asOf: string
}

async function publishLocked(
  requests: readonly PublishRequest[],
  options: Locked,
): Promise<PublishResult[]> {
  const { clock, schema, snapshot } = options
  const started = clock.now()
  const jobs = await examine(requests, options)
  const { staged, written } = await stageAndCommit(jobs, options)
  return jobs.map(({ request, decision }) => {
    const rows = staged.get(request.table) ?? 0n
    const table = `${schema}.${request.table}`
    if (decision.kind !== 'unchanged' && decision.kind !== 'superseded') {
      options.onProgress?.({ model: request.model, table, step: 'published', rows })
    }
    return {
      model: request.model,
      table,
      outcome: outcomes[decision.kind],
      snapshot,
      rows,
      written: written.get(request.table),
      elapsedMs: clock.now() - started,
    }
  })
}

const outcomes = {
  swap: 'swapped',
  merge: 'merged',
  append: 'appended',
  unchanged: 'unchanged',
  superseded: 'superseded',
} as const satisfies Record<Job['decision']['kind'], PublishResult['outcome']>

type Counts = ReadonlyMap<string, bigint>

async function stageAndCommit(
  jobs: readonly Job[],
  options: Locked,
): Promise<{ readonly staged: Counts; readonly written: Counts }> {
  const { client, schema } = options
  const works = jobs.flatMap(({ work }) => (work === undefined ? [] : [work]))
  try {
    const staged = await stageAll(works, options)
    return { staged, written: await commitJobs(client, jobs, options) }
  } catch (error) {
    // A publish that is killed leaves them; the next one begins by dropping them.
    const stages = works.map(({ request }) => quoteRelation(schema, stageOf(request.table)))
    if (stages.length > 0) {
      await client.query(`drop table if exists ${stages.join(', ')}`).catch(() => {})
    }
    throw error
  }
}

/** Fills, checks and dresses every stage. @returns rows by table */
async function stageAll(works: readonly Work[], options: Locked): Promise<Counts> {
  const { client, schema } = options
  const staged = new Map<string, bigint>()
  if (works.length === 0) return staged
  for (const { request, columns, kind } of works) {
    await createStage(client, schema, request.table, columns, kind === 'swap')
  }
  await withAttached(options, async (attached) => {
    for (const work of works)
      staged.set(work.request.table, await stageOne(work, attached, options))
  })
  return staged
}

async function stageOne(work: Work, attached: string, options: Locked): Promise<bigint> {
  const { client, duckdb, schema, snapshot, postgresUrl } = options
  const { request, columns } = work
  const report = (step: 'staging' | 'staged', rows: bigint) =>
    options.onProgress?.({ model: request.model, table: `${schema}.${request.table}`, step, rows })
  try {
    report('staging', 0n)
    options.signal?.throwIfAborted()
    const carried = work.kind === 'swap' ? { from: 0n } : work.carried
    const target = { schema, table: request.table }
    const rows = await fillStage(duckdb, attached, target, { request, snapshot, columns, carried })
    if (work.kind === 'swap') {
      await dressStage(client, { request, schema, columns, target: work.target })
    } else {
      assertColumnsMatch(work.merge)
      await client.query(`analyze ${quoteRelation(schema, stageOf(request.table))}`)
      await assertRowsFit(client, work.merge)
    }
    report('staged', rows)
    return rows
  } catch (error) {
    throw explainPublishError(error, postgresUrl, request.model)
  }
}

/** DuckDB sees PostgreSQL under a name of its own for the time of the work, and stops when it is told to. */
async function withAttached<T>(
  { lake, duckdb, postgresUrl, schema, signal }: Locked,
  work: (attached: string) => Promise<T>,
): Promise<T> {
  const attached = `publish_${randomUUID().replaceAll('-', '')}`
  await loadExtension(duckdb, lake.duckdb.extensionDirectory, 'postgres_scanner')
  // U+FFFD is what a NUL becomes: PostgreSQL's text cannot hold it.
  await duckdb.run(`set pg_null_byte_replacement = '\ufffd'`)
  const conninfo = quoteLiteral(`${toConninfo(postgresUrl)} application_name='millrace-copy'`)
  await duckdb.run(
    `attach ${conninfo} as ${quoteIdent(attached)} (type postgres, schema ${quoteLiteral(schema)})`,
  )
  const interrupt = () => duckdb.interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    return await work(attached)
  } finally {
    signal?.removeEventListener('abort', interrupt)
    await duckdb.run(`detach ${quoteIdent(attached)}`).catch(() => {})
  }
}

function assertDistinct(requests: readonly PublishRequest[]): void {
  const seen = new Map<string, string>()
  for (const { table, model } of requests) {
    const other = seen.get(table)
    if (other !== undefined) {
      const reason = `${other} is published as ${table} too`
      throw problem('publish/bad-settings', { model, reason })
    }
    seen.set(table, model)
  }
}

/** The hand-made tables of this repository's own models come from migrations. */
function isOwnTable({ table, strategy }: PublishRequest): boolean {
  return strategy === 'merge' && ownTables.includes(table)
}
