/**
 * Batch scores: every active user by the deployed model, evaluated in this process. Features and scores pass through it
 * a chunk at a time, so memory does not grow with the users; one transaction of the lake shows all scores at once.
 */
import { randomUUID } from 'node:crypto'
import type { DuckDBAppender } from '@duckdb/node-api'
import { queryValue } from '../../core/clients/duckdb.ts'
import type { Lake } from '../../core/clients/lake.ts'
import type { Clock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import type { Model } from '../model/read-model.ts'
import { scoreRows } from '../model/score.ts'
import { latestFeatures } from '../predict/feature-values.ts'
import { readLakeFeatures } from './lake-features.ts'
import { type WriteOutcome, writeScores } from './prediction-tables.ts'

export type ScoreOptions = {
  readonly lake: Lake
  readonly model: Model
  readonly clock: Pick<Clock, 'now'>
  readonly signal: AbortSignal
  /** Told how many users are scored so far. */
  readonly onProgress?: (rows: number) => void
}

export type ScoreResult = {
  readonly outcome: WriteOutcome
  readonly rows: number
  readonly meanScore: number
  /** The newest of the users', ISO, UTC. */
  readonly asOf: string
  /** Of the lake; the features are as of it. */
  readonly snapshot: number
  /** ISO, UTC. */
  readonly scoredAt: string
}

/**
 * Scores all users and writes what is new. The same model on the same features changes nothing.
 * @throws `ml/no-features`, `ml/features-differ`, `lake/…`; the scores in the lake are then as they were
 */
export async function scoreUsers(options: ScoreOptions): Promise<ScoreResult> {
  const { lake, model, clock } = options
  const snapshot = await lake.currentSnapshot()
  const scoredAt = new Date(clock.now()).toISOString()
  const staging = `scores_${randomUUID().replaceAll('-', '')}`
  const relation = `memory.main.${quoteIdent(staging)}`
  await lake.read((own) =>
    own.run(`create table ${relation} (user_id bigint, score double, as_of bigint)`),
  )
  try {
    const { rows, total, newest } = await stage(options, snapshot, staging)
    if (rows === 0) {
      const reason = 'it is empty, and the scores stay as they are'
      throw problem('ml/no-features', { table: `features.${latestFeatures}`, reason })
    }
    const outcome = await lake.transaction(
      (transaction) => writeScores(transaction, { relation, model, snapshot, scoredAt }),
      { message: `ml: ${rows} scores of ${model.name} ${model.version}`, signal: options.signal },
    )
    const asOf = new Date(Number(newest / 1000n)).toISOString()
    return { outcome, rows, meanScore: total / rows, asOf, snapshot, scoredAt }
  } finally {
    await lake.read((own) => own.run(`drop table if exists ${relation}`))
  }
}

/** Scores into the staging table. */
async function stage(
  { lake, model, signal, onProgress }: ScoreOptions,
  snapshot: number,
  staging: string,
): Promise<{ readonly rows: number; readonly total: number; readonly newest: bigint }> {
  const sum = { rows: 0, total: 0, newest: 0n }
  await lake.read((reader) =>
    lake.duckdb.withConnection(async (writer) => {
      const appender = await writer.createAppender(staging, 'main', 'memory')
      for await (const { userIds, asOf, rows } of readLakeFeatures(reader, model, snapshot)) {
        signal.throwIfAborted()
        const scores = scoreRows(model, rows)
        append(appender, userIds, scores, asOf)
        sum.rows += scores.length
        sum.total += scores.reduce((total, score) => total + score, 0)
        for (const one of asOf) if (one > sum.newest) sum.newest = one
        onProgress?.(sum.rows)
      }
      appender.closeSync()
    }),
  )
  await assertOneRowAUser(lake, staging)
  return sum
}

function append(
  appender: DuckDBAppender,
  userIds: readonly bigint[],
  scores: Float64Array,
  asOf: readonly bigint[],
): void {
  userIds.forEach((userId, index) => {
    appender.appendBigInt(userId)
    appender.appendDouble(scores[index] ?? Number.NaN)
    appender.appendBigInt(asOf[index] ?? 0n)
    appender.endRow()
  })
}

/** Of two rows of a user nobody could say which one is published. */
async function assertOneRowAUser(lake: Lake, staging: string): Promise<void> {
  const twice = await lake.read((own) =>
    queryValue(
      own,
      `select user_id from memory.main.${quoteIdent(staging)} group by all having count(*) > 1 limit 1`,
    ),
  )
  if (twice === undefined) return
  const reason = `user ${twice} has more than one row`
  throw problem('ml/no-features', { table: `features.${latestFeatures}`, reason })
}
