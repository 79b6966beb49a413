/** Takes the demo's counts from each place by itself: Kafka, the ledger, the lake, PostgreSQL, the API. */
import type { Pool } from 'pg'
import { z } from 'zod'
import { queryValue } from '../../core/clients/duckdb.ts'
import type { Lake } from '../../core/clients/lake.ts'
import type { ObjectStore } from '../../core/clients/s3.ts'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../core/sql.ts'
import { listEpochs, listPartitions } from '../../ingest/ledger/discover.ts'
import type { TopicEpoch } from '../../ingest/ledger/keys.ts'
import { readLedger } from '../../ingest/ledger/read.ts'
import type { KafkaTarget } from '../../ingest/topics/admin.ts'
import { describeTopic } from '../../ingest/topics/topics.ts'
import type { Figures } from './equations.ts'

export type Places = {
  readonly kafka: KafkaTarget
  readonly topic: string
  readonly store: ObjectStore
  readonly lake: Lake
  readonly postgres: Pool
  /** PostgreSQL schema of the published tables. */
  readonly schema: string
  /** `http://127.0.0.1:8080` */
  readonly apiUrl: string
}

/** Counts everything the lake has ever taken in. */
export async function measureTotals(places: Places): Promise<Figures['total']> {
  const { lake, topic, store } = places
  const epochs = await listEpochs(store, topic)
  const ledgers = await Promise.all(epochs.map((epoch) => countLedger(store, epoch)))
  const raw = quoteRelation('lake', 'raw', topic)
  const isTopic = `_topic = ${quoteLiteral(topic)}`
  const offsets = 'count(distinct (_partition, _offset, _kafka_timestamp))'
  const count = async (sql: string) => BigInt(String(await lake.read((c) => queryValue(c, sql))))
  return {
    kafkaOffsets: await countKafka(places),
    ledgerOffsets: ledgers.at(-1)?.offsets ?? 0,
    ledgerRecords: sum(ledgers.map(({ records }) => records)),
    ledgerDeadLetters: sum(ledgers.map(({ deadLetters }) => deadLetters)),
    rawRows: await count(`select count(*) from ${raw}`),
    rawOffsets: await count(`select ${offsets} from ${raw}`),
    deadLetterRows: await count(`select count(*) from lake.ops.dead_letters where ${isTopic}`),
    deadLetterOffsets: await count(`select ${offsets} from lake.ops.dead_letters where ${isTopic}`),
    distinctEvents: await count(
      `select count(distinct event_id) + count(*) filter (where event_id is null) from ${raw}`,
    ),
    martRows: await count('select count(*) from lake.marts.user_activity'),
    postgresRows: await countPostgres(places, 'select count(*) from {table}'),
  }
}

/** What the lake and PostgreSQL hold of the scores, each by itself. */
export async function measureScores(
  { lake, postgres, schema }: Places,
  table: string,
): Promise<Pick<NonNullable<Figures['scored']>, 'lakeRows' | 'postgresRows'>> {
  const sql = 'select count(*) from lake.ml.predictions'
  const lakeRows = BigInt(String(await lake.read((connection) => queryValue(connection, sql))))
  const place = `${quoteIdent(schema)}.${quoteIdent(table)}`
  const { rows } = await postgres.query<{ count: bigint }>(`select count(*) from ${place}`)
  return { lakeRows, postgresRows: BigInt(rows[0]?.count ?? -1n) }
}

/** Asks the API for the user that is likeliest to buy. */
export async function askPrediction(
  { postgres, schema, apiUrl }: Places,
  table: string,
): Promise<Asked> {
  const place = `${quoteIdent(schema)}.${quoteIdent(table)}`
  const { rows } = await postgres.query<{ user_id: bigint }>(
    `select user_id from ${place} order by score desc, user_id limit 1`,
  )
  const userId = String(rows[0]?.user_id)
  const response = await fetch(`${apiUrl}/api/predictions?user_id=${userId}`)
  const text = await response.text()
  if (!response.ok) throw new Error(`the API answered ${response.status} ${text}`)
  return { userId, ...answerSchema.parse(JSON.parse(text)) }
}

/** What the demo shows of an answer. */
const answerSchema = z.object({
  score: z.number(),
  source: z.string(),
  model_version: z.string(),
  reasons: z.array(z.object({ feature: z.string(), value: z.number().nullable() })).default([]),
})
type Asked = { readonly userId: string } & Readonly<z.output<typeof answerSchema>>

/** Whether Kafka holds anything that has not been landed, from a run that was broken off for example. */
export async function hasUnlanded(places: Pick<Places, 'kafka' | 'topic' | 'store'>) {
  const epochs = await listEpochs(places.store, places.topic)
  const newest = epochs.at(-1)
  const landed = newest === undefined ? 0 : (await countLedger(places.store, newest)).offsets
  return (await countKafka(places)) !== landed
}

/** Asks the three for the same number; the two databases before and after the API, whose clock moves on. */
export async function measureActiveUsers(places: Places): Promise<Figures['activeUsers']> {
  const ask = async () => ({
    raw: await activeInRaw(places),
    postgres: await activeInPostgres(places),
  })
  const before = await ask()
  const api = await activeFromApi(places.apiUrl)
  const after = await ask()
  return {
    api,
    postgres: [before.postgres, after.postgres],
    raw: [before.raw, after.raw],
  }
}

async function activeInRaw({ lake, topic }: Places): Promise<bigint> {
  const value = await lake.read((connection) =>
    queryValue(
      connection,
      `select count(distinct user_id) from ${quoteRelation('lake', 'raw', topic)}
       where "timestamp" between now() - interval 30 days and now()`,
    ),
  )
  return BigInt(String(value))
}

function activeInPostgres(places: Places): Promise<bigint> {
  return countPostgres(
    places,
    `select count(distinct user_id) from {table}
     where event_timestamp between timezone('UTC', now()) - interval '30 days' and timezone('UTC', now())`,
  )
}

async function activeFromApi(apiUrl: string): Promise<bigint> {
  const response = await fetch(`${apiUrl}/api/active-users?days=30`)
  const answer: unknown = await response.json()
  if (typeof answer === 'object' && answer !== null && 'active_users' in answer) {
    return BigInt(String(answer.active_users))
  }
  throw new Error(`the API answered ${response.status} ${JSON.stringify(answer)}`)
}

async function countPostgres({ postgres, schema }: Places, sql: string): Promise<bigint> {
  const table = `${quoteIdent(schema)}.user_activity`
  const { rows } = await postgres.query<{ count: bigint }>(sql.replace('{table}', table))
  return rows[0]?.count ?? -1n
}

async function countKafka({ kafka, topic }: Pick<Places, 'kafka' | 'topic'>): Promise<number> {
  return sum((await describeTopic(kafka, topic)).map(({ high }) => high))
}

async function countLedger(store: ObjectStore, epoch: TopicEpoch) {
  const totals = { records: 0, deadLetters: 0, offsets: 0 }
  for (const chain of await listPartitions(store, epoch)) {
    for await (const { entry } of readLedger(store, chain)) {
      totals.records += entry.records
      totals.deadLetters += entry.dead_letters
      totals.offsets += entry.records + entry.dead_letters + entry.skipped
    }
  }
  return totals
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
