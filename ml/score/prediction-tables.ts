/** The tables of scores in the lake: the newest of each user, which is published, and all there ever were. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryValue } from '../../core/clients/duckdb.ts'
import { lakeName } from '../../core/clients/lake/attach.ts'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../core/sql.ts'
import type { Model } from '../model/read-model.ts'

export const predictionSchema = 'ml'
export const predictionTable = 'predictions'
export const predictionHistoryTable = 'prediction_history'

/** One row a user that the newest run scored. */
export const newestScores = quoteRelation(lakeName, predictionSchema, predictionTable)
/** Every score by user, as-of and version of the model, with the snapshot that its features are of. */
export const allScores = quoteRelation(lakeName, predictionSchema, predictionHistoryTable)

const columns = `user_id bigint, score double, model_name varchar, model_version varchar,
  as_of timestamptz, scored_at timestamptz`

/** What was computed, in a table that all connections of this process see. */
export type Staged = {
  /** As SQL names it; columns user_id, score, as_of in microseconds since 1970. */
  readonly relation: string
  readonly model: Pick<Model, 'name' | 'version'>
  readonly snapshot: number
  /** ISO. */
  readonly scoredAt: string
}

/** `superseded`: scores of newer features are there already. */
export type WriteOutcome = 'scored' | 'unchanged' | 'superseded'

/** Puts staged scores into both tables, inside a transaction of the lake; equal ones are left as they are. */
export async function writeScores(
  transaction: DuckDBConnection,
  staged: Staged,
): Promise<WriteOutcome> {
  await transaction.run(
    `create schema if not exists ${quoteIdent(lakeName)}.${quoteIdent(predictionSchema)}`,
  )
  await transaction.run(`create table if not exists ${newestScores} (${columns})`)
  await transaction.run(`create table if not exists ${allScores} (${columns}, snapshot_id bigint)`)
  const ofModel = `model_name = ${quoteLiteral(staged.model.name)}`
  const newer = `select 1 from ${allScores} where ${ofModel} and snapshot_id > ${staged.snapshot} limit 1`
  if ((await queryValue(transaction, newer)) !== undefined) return 'superseded'
  if (await isThere(transaction, staged)) return 'unchanged'
  await replace(transaction, staged)
  return 'scored'
}

function scoresOf({ relation, model, scoredAt }: Staged): string {
  return `select user_id, score, ${quoteLiteral(model.name)} as model_name,
    ${quoteLiteral(model.version)} as model_version, make_timestamp(as_of)::timestamptz as as_of,
    ${quoteLiteral(scoredAt)}::timestamptz as scored_at from ${relation}`
}

async function isThere(transaction: DuckDBConnection, staged: Staged): Promise<boolean> {
  const compared = 'user_id, score, model_name, model_version, as_of'
  const before = `select ${compared} from ${newestScores}`
  const now = `select ${compared} from (${scoresOf(staged)})`
  const differs = `select 1 from ((${before} except all ${now}) union all (${now} except all ${before})) limit 1`
  return (await queryValue(transaction, differs)) === undefined
}

async function replace(transaction: DuckDBConnection, staged: Staged): Promise<void> {
  const { model, snapshot } = staged
  await transaction.run(`delete from ${newestScores}`)
  await transaction.run(`insert into ${newestScores} ${scoresOf(staged)} order by user_id`)
  await transaction.run(
    `delete from ${allScores} where model_name = ${quoteLiteral(model.name)}
       and model_version = ${quoteLiteral(model.version)}
       and (user_id, as_of) in (select (user_id, as_of) from ${newestScores})`,
  )
  await transaction.run(`insert into ${allScores} select *, ${snapshot} from ${newestScores}`)
}
