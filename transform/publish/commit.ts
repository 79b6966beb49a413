/** The one transaction in which everything that was staged becomes visible, and is noted as published. */
import type { PoolClient } from 'pg'
import type { Clock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import { quoteRelation } from '../../core/sql.ts'
import { orderByForeignKeys, readDependents } from './catalog.ts'
import { contractOf } from './contract.ts'
import type { Job, Work } from './examine.ts'
import { explainPublishError } from './failures.ts'
import { announcePublish, confirmPublished, writePublished } from './ledger.ts'
import { lockTables, tableHolders, waitForSnapshots } from './locks.ts'
import { advanceSequences, applyAppend, applyMerge } from './merge.ts'
import { stageOf } from './stage.ts'
import { canExchangeRows, exchangeRows, renameStage, type SwapTarget } from './swap.ts'

type Place = {
  readonly schema: string
  readonly snapshot: number
  /** When the snapshot was committed. */
  readonly asOf: string
  readonly postgresUrl: string
  readonly clock: Clock
  readonly waits: { readonly snapshotMs: number; readonly lockMs: number }
  readonly signal?: AbortSignal | undefined
}

type SwapWork = Extract<Work, { kind: 'swap' }>
type MergeWork = Exclude<Work, { kind: 'swap' }>

/**
 * @returns rows really written, by table, of those that were merged or appended to
 * @throws `publish/has-dependents`, `publish/blocked`, `publish/constraint-violated`
 */
export async function commitJobs(
  client: PoolClient,
  jobs: readonly Job[],
  place: Place,
): Promise<Map<string, bigint>> {
  const works = jobs.flatMap(({ work }) => (work === undefined ? [] : [work]))
  const swaps = works.filter((work) => work.kind === 'swap')
  const merges = works.filter((work) => work.kind !== 'swap')
  const byRows = await chooseRowExchange(client, swaps, place)
  const written = new Map<string, bigint>()
  place.signal?.throwIfAborted()
  await client.query('begin')
  try {
    await mergeAll(client, merges, place, written)
    await swapAll(client, swaps, byRows, place)
    for (const job of jobs) await note(client, job, place)
    await announcePublish(client, place.schema)
    await client.query('commit')
    return written
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Parents of foreign keys first, so that no row ever refers to one that is not there. */
async function mergeAll(
  client: PoolClient,
  merges: readonly MergeWork[],
  place: Place,
  written: Map<string, bigint>,
): Promise<void> {
  const byTable = new Map(merges.map((work) => [work.request.table, work]))
  const order = await orderByForeignKeys(client, place.schema, [...byTable.keys()])
  for (const table of order) {
    const work = byTable.get(table)
    if (work === undefined) continue
    try {
      const apply = work.kind === 'merge' ? applyMerge : applyAppend
      const { inserted, updated } = await apply(client, work.merge)
      await advanceSequences(client, work.merge)
      await client.query(`drop table ${quoteRelation(place.schema, stageOf(table))}`)
      written.set(table, BigInt(inserted + updated))
    } catch (error) {
      throw explainPublishError(error, place.postgresUrl, work.request.model)
    }
  }
}

async function swapAll(
  client: PoolClient,
  swaps: readonly SwapWork[],
  byRows: ReadonlySet<SwapWork>,
  place: Place,
): Promise<void> {
  for (const work of byRows) await exchangeRows(client, toSwapTarget(work, place.schema))
  const renamed = swaps.filter((work) => !byRows.has(work))
  const held = renamed.filter(({ target }) => target !== undefined)
  const names = held.map(({ request }) => request.table)
  const budgetMs = place.waits.lockMs
  if (await lockTables(client, place.schema, names, { ...place, budgetMs })) {
    for (const work of renamed) await renameStage(client, toSwapTarget(work, place.schema))
    return
  }
  const holders = await tableHolders(client, place.schema, names)
  assertRowsWillDo(held, holders, budgetMs, place)
  for (const work of held) await exchangeRows(client, toSwapTarget(work, place.schema))
  for (const work of renamed.filter(({ target }) => target === undefined)) {
    await renameStage(client, toSwapTarget(work, place.schema))
  }
}

/**
 * Swaps for which a rename would hurt: views hang on the table, or a transaction holds an old snapshot.
 * @throws `publish/has-dependents`, `publish/blocked`
 */
async function chooseRowExchange(
  client: PoolClient,
  swaps: readonly SwapWork[],
  place: Place,
): Promise<ReadonlySet<SwapWork>> {
  const existing = swaps.filter(({ target }) => target !== undefined)
  const byRows = new Set<SwapWork>()
  for (const work of existing) {
    if (await hasViews(client, work, place.schema)) byRows.add(work)
  }
  const renamed = existing.filter((work) => !byRows.has(work))
  if (renamed.length === 0) return byRows
  const budgetMs = place.waits.snapshotMs
  const holders = await waitForSnapshots(client, { ...place, budgetMs })
  if (holders.length === 0) return byRows
  assertRowsWillDo(renamed, holders.join('; '), budgetMs, place)
  return new Set(existing)
}

async function hasViews(client: PoolClient, work: SwapWork, schema: string): Promise<boolean> {
  if (work.target === undefined) return false
  const { views, others } = await readDependents(client, work.target.oid)
  const canStay = canExchangeRows(toSwapTarget(work, schema))
  if (others.length > 0 || (views.length > 0 && !canStay)) {
    const { model, table } = work.request
    const dependents = [...others, ...views.map((view) => `view ${view}`)].join(', ')
    throw problem('publish/has-dependents', { model, table: `${schema}.${table}`, dependents })
  }
  return views.length > 0
}

/** @throws `publish/blocked` when a table has to change its columns and so cannot stay */
function assertRowsWillDo(
  works: readonly SwapWork[],
  holders: string,
  waitedMs: number,
  { schema }: Place,
): void {
  const stuck = works.find((work) => !canExchangeRows(toSwapTarget(work, schema)))
  if (stuck === undefined) return
  throw problem('publish/blocked', { table: `${schema}.${stuck.request.table}`, waitedMs, holders })
}

async function note(client: PoolClient, { request, work, decision }: Job, place: Place) {
  const { schema, snapshot, asOf } = place
  const { table, model, strategy } = request
  const seen = { schema, table, snapshot, asOf, contract: contractOf(request) }
  if (work === undefined) {
    if (decision.kind === 'unchanged') await confirmPublished(client, seen)
    return
  }
  const { sourceUuid, watermark, fingerprint, isOurs, sourceRows: rows } = work
  const entry = { ...seen, model, strategy, sourceUuid, watermark, rows }
  await writePublished(client, { ...entry, fingerprint, isOurs })
}

function toSwapTarget({ request, columns, target }: SwapWork, schema: string): SwapTarget {
  return { request, schema, columns, target }
}
