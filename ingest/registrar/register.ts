/**
 * The registrar: takes landed files into the lake. One transaction holds the rows, the dead letters, the gaps,
 * the next offset of every partition and the fence, so a crash at any moment leaves all of it or nothing, and
 * of two registrars one stands back and looks again.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Lake } from '../../core/clients/lake.ts'
import type { ObjectStore } from '../../core/clients/s3.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import type { TopicSchema } from '../../core/contracts/user-activity.ts'
import { advanceFence, chainName, type Offsets, readOffsets, writeOffsets } from './offsets.ts'
import { type Plan, type Portion, planRound } from './plan.ts'
import { createOpsTables, hasOpsTables } from './tables.ts'
import { type TakeOptions, takeData, takeDeadLetters, takeGaps } from './take.ts'

export type RegistrarDeps = {
  readonly lake: Lake
  readonly store: ObjectStore
  readonly clock?: Clock
  /** How the messages of a topic become columns; without it the files say. */
  readonly schemaOf?: (topic: string) => TopicSchema | undefined
  /** Where DuckDB reads a key of the store. Default `s3://<bucket>/<key>`. */
  readonly uriOf?: (key: string) => string
}

export type RegisterOptions = {
  /** Default: every topic that has been landed. */
  readonly topics?: readonly string[] | undefined
  /** Default: all Kafka clusters. */
  readonly cluster?: string | undefined
  /** Records taken by one transaction, at most (but at least an entry of each partition). */
  readonly maxRecords: number
  readonly signal?: AbortSignal
}

export type TopicReport = {
  readonly topic: string
  readonly entries: number
  readonly records: number
  readonly deadLetters: number
  readonly gaps: number
  /** Time its files took, without planning and commit. */
  readonly elapsedMs: number
}

/** One transaction, or none when nothing was new. */
export type RegisterReport = {
  readonly topics: readonly TopicReport[]
  /** Entries were left for the next transaction. */
  readonly more: boolean
  readonly elapsedMs: number
}

/**
 * Takes new ledger entries, up to `maxRecords` records, into `raw.<topic>` and `ops.*` in one transaction.
 * Nothing is written when there are none.
 * @throws `register/file-missing`, `register/rows-differ`, `register/column-type`, `landing/ledger-broken`,
 *   `lake/*`; nothing was registered then
 */
export async function registerOnce(
  deps: RegistrarDeps,
  options: RegisterOptions,
): Promise<RegisterReport> {
  const { lake, store, clock = systemClock } = deps
  const started = clock.now()
  let known = await lake.read(offsetsOrNone)
  let plan = await planRound(store, known, options)
  if (plan.portions.length === 0)
    return { topics: [], more: false, elapsedMs: clock.now() - started }

  const message = `register ${[...new Set(plan.portions.map(({ chain }) => chain.topic))].join(', ')}`
  const topics = await lake.transaction(
    async (transaction) => {
      const current = await offsetsOrNone(transaction)
      if (!sameOffsets(known, current, plan)) {
        known = current
        plan = await planRound(store, current, options)
      }
      return plan.portions.length === 0 ? [] : await take(transaction, plan.portions, deps)
    },
    { message, ...(options.signal === undefined ? {} : { signal: options.signal }) },
  )
  return { topics, more: plan.more, elapsedMs: clock.now() - started }
}

/** Registers until nothing is left; one report for all of its transactions. */
export async function registerAll(
  deps: RegistrarDeps,
  options: RegisterOptions,
): Promise<RegisterReport> {
  const { clock = systemClock } = deps
  const started = clock.now()
  const rounds: RegisterReport[] = []
  do {
    rounds.push(await registerOnce(deps, options))
  } while (rounds.at(-1)?.more === true && options.signal?.aborted !== true)
  const topics = [
    ...Map.groupBy(
      rounds.flatMap((round) => round.topics),
      (one) => one.topic,
    ),
  ]
  return {
    topics: topics.map(([topic, reports]) => sumReports(topic, reports)),
    more: rounds.at(-1)?.more === true,
    elapsedMs: clock.now() - started,
  }
}

async function take(
  transaction: DuckDBConnection,
  portions: readonly Portion[],
  deps: RegistrarDeps,
): Promise<readonly TopicReport[]> {
  const { store, schemaOf, clock = systemClock } = deps
  const uriOf = deps.uriOf ?? ((key: string) => `s3://${store.bucket}/${key}`)
  const options: TakeOptions = { store, uriOf }
  if (!(await hasOpsTables(transaction))) await createOpsTables(transaction)
  await advanceFence(transaction)
  const reports: TopicReport[] = []
  for (const [topic, own] of Map.groupBy(portions, ({ chain }) => chain.topic)) {
    const started = clock.now()
    const taken = {
      topic,
      entries: own.reduce((sum, { entries }) => sum + entries.length, 0),
      records: await takeData(transaction, topic, own, schemaOf?.(topic), options),
      deadLetters: await takeDeadLetters(transaction, own, options),
      gaps: await takeGaps(transaction, own),
    }
    reports.push({ ...taken, elapsedMs: clock.now() - started })
  }
  await writeOffsets(transaction, portions)
  return reports
}

async function offsetsOrNone(connection: DuckDBConnection): Promise<Offsets> {
  return (await hasOpsTables(connection)) ? await readOffsets(connection) : new Map()
}

/** Whether the plan still begins where the partitions stand. */
function sameOffsets(before: Offsets, now: Offsets, plan: Plan): boolean {
  return plan.portions.every(({ chain }) => {
    const name = chainName(chain)
    return (before.get(name) ?? 0) === (now.get(name) ?? 0)
  })
}

function sumReports(topic: string, reports: readonly TopicReport[]): TopicReport {
  const sum = (value: (report: TopicReport) => number) =>
    reports.reduce((total, report) => total + value(report), 0)
  return {
    topic,
    entries: sum(({ entries }) => entries),
    records: sum(({ records }) => records),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    gaps: sum(({ gaps }) => gaps),
    elapsedMs: sum(({ elapsedMs }) => elapsedMs),
  }
}
