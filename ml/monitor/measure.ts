/** What the lake says of the features, scores and labels of now. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows, queryValue } from '../../core/clients/duckdb.ts'
import { lakeName } from '../../core/clients/lake/attach.ts'
import { currentSnapshot } from '../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { quoteLiteral, quoteRelation } from '../../core/sql.ts'
import type { Model } from '../model/read-model.ts'
import { hasRecords, recordRelation } from '../records/record.ts'
import { featureRelation, readLakeFeatures } from '../score/lake-features.ts'
import { allScores, newestScores, predictionSchema } from '../score/prediction-tables.ts'
import type { Reference } from './reference.ts'
import { type Counts, countValue, newCounts } from './spread.ts'

/** How scores ordered the users of whom it is known by now whether they bought. */
export type Delayed = {
  readonly auc: number
  readonly positives: number
  readonly negatives: number
}

export type Measured = {
  /** One a feature, in the model's order. */
  readonly features: readonly Counts[]
  readonly users: number
  /** Milliseconds since 1970; undefined without users. */
  readonly newestAsOf: number | undefined
  /** Of the newest scores of this version. */
  readonly scores: Counts
  /** Users without a score of this version on their newest features. */
  readonly unscored: number
  /** Users that were scored on older features, the newest first. */
  readonly volumes: readonly number[]
  /** Undefined while no label of a score is known. */
  readonly delayed: Delayed | undefined
}

/** So many runs before are what is usual. */
const usualRuns = 8
/** Days of as-of times whose labels are looked at, back from the newest that has any. */
const labelDays = 28

/**
 * Reads all of it as it is at one time, in bounded memory.
 * @param now milliseconds since 1970; labels that are known later are not known
 * @throws `ml/no-features`, `ml/features-differ`, `lake/…`
 */
export async function measure(
  lake: Lake,
  model: Model,
  reference: Reference,
  now: number,
): Promise<Measured> {
  return await lake.read(async (connection) => {
    // A build may commit while the features are read.
    await connection.run('begin')
    try {
      const snapshot = await currentSnapshot(connection)
      const tables = await lake.tables(snapshot, connection)
      const names = new Set(tables.map(({ schema, name }) => `${schema}.${name}`))
      return await measureAt(connection, { model, reference, now, snapshot, names })
    } finally {
      await connection.run('rollback').catch(() => {})
    }
  })
}

type Measurement = {
  readonly model: Model
  readonly reference: Reference
  readonly now: number
  readonly snapshot: number
  /** Tables, `schema.name`. */
  readonly names: ReadonlySet<string>
}

async function measureAt(
  connection: DuckDBConnection,
  { model, reference, now, snapshot, names }: Measurement,
): Promise<Measured> {
  const features = await countFeatures(connection, model, reference, snapshot)
  const isScored = names.has(`${predictionSchema}.predictions`)
  return {
    ...features,
    scores: isScored ? await countScores(connection, model, reference) : newCounts(reference.score),
    unscored: isScored ? await countUnscored(connection, model) : features.users,
    volumes: await readVolumes(connection, model, features.newestAsOf),
    delayed:
      isScored && names.has('features.user_purchase_labels')
        ? await measureDelayed(connection, model, now)
        : undefined,
  }
}

async function countFeatures(
  connection: DuckDBConnection,
  model: Model,
  reference: Reference,
  snapshot: number,
): Promise<Pick<Measured, 'features' | 'users' | 'newestAsOf'>> {
  const features = reference.features.map(newCounts)
  const width = features.length
  let users = 0
  let newest: bigint | undefined
  for await (const { asOf, rows } of readLakeFeatures(connection, model, snapshot)) {
    users += asOf.length
    for (const one of asOf) if (newest === undefined || one > newest) newest = one
    reference.features.forEach((spread, place) => {
      const counts = features[place]
      if (counts === undefined) return
      for (let at = place; at < rows.length; at += width) {
        countValue(counts, spread, rows[at] ?? Number.NaN)
      }
    })
  }
  const newestAsOf = newest === undefined ? undefined : Number(newest / 1000n)
  return { features, users, newestAsOf }
}

async function countScores(
  connection: DuckDBConnection,
  model: Model,
  { score: spread }: Reference,
): Promise<Counts> {
  const counts = newCounts(spread)
  const result = await connection.stream(`select score from ${newestScores} where ${isOf(model)}`)
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return counts
    for (const value of chunk.getColumnValues(0)) {
      countValue(counts, spread, value === null ? Number.NaN : Number(value))
    }
  }
}

async function countUnscored(connection: DuckDBConnection, model: Model): Promise<number> {
  const found = await queryValue(
    connection,
    `select count(*) from ${featureRelation} as f where not exists (
       select 1 from ${newestScores} as s
       where s.user_id = f.user_id and s.as_of = f.as_of::timestamptz and ${isOf(model, 's.')})`,
  )
  return Number(found ?? 0)
}

async function readVolumes(
  connection: DuckDBConnection,
  { name }: Model,
  newestAsOf: number | undefined,
): Promise<readonly number[]> {
  // The users of now would be compared with themselves.
  const before = newestAsOf === undefined ? '' : `and epoch_ms(as_of) < ${newestAsOf}`
  if (!(await hasRecords(connection, 'ml_score_runs'))) return []
  const rows = await queryRows(
    connection,
    `select rows_scored from ${recordRelation('ml_score_runs')}
     where model_name = ${quoteLiteral(name)} and outcome in ('scored', 'unchanged') ${before}
     qualify row_number() over (partition by as_of order by scored_at desc) = 1
     order by scored_at desc limit ${usualRuns}`,
  )
  return rows.map((row) => Number(row['rows_scored']))
}

/** Ties share their mean rank. */
async function measureDelayed(
  connection: DuckDBConnection,
  model: Model,
  now: number,
): Promise<Delayed | undefined> {
  const labels = quoteRelation(lakeName, 'features', 'user_purchase_labels')
  const [row] = await queryRows(
    connection,
    `with known as (
       select s.score, l.purchased_within_horizon as bought, s.as_of
       from ${allScores} as s
       inner join ${labels} as l on l.user_id = s.user_id and l.as_of::timestamptz = s.as_of
       where ${isOf(model, 's.')} and epoch_ms(l.known_at::timestamp) <= ${Math.floor(now)}
     ), ranked as (
       select bought, rank() over (order by score)
         + (count(*) over (partition by score) - 1) / 2.0 as place
       from known where as_of > (select max(as_of) from known) - interval ${labelDays} days
     )
     select count(*) filter (bought) as positives, count(*) filter (not bought) as negatives,
       sum(place) filter (bought) as places from ranked`,
  )
  const positives = Number(row?.['positives'] ?? 0)
  const negatives = Number(row?.['negatives'] ?? 0)
  if (positives + negatives === 0) return undefined
  const above = Number(row?.['places'] ?? 0) - (positives * (positives + 1)) / 2
  return { auc: above / (positives * negatives), positives, negatives }
}

function isOf({ name, version }: Model, prefix = ''): string {
  const text = `${prefix}model_name = ${quoteLiteral(name)}`
  return `${text} and ${prefix}model_version = ${quoteLiteral(version)}`
}
