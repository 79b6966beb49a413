/** The scores that `millrace ml score` published: the last resort, and the only way while no model is deployed. */
import type { Prediction, PredictionQuestion, Predictor } from '../../core/contracts/predictor.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import { isShapeError } from '../sources/postgres-errors.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'

export type BatchOptions = {
  /** Published table with `user_id, score, model_version, as_of, scored_at`; of several rows of a user the last holds. */
  readonly table: string
  /** Where the table has no `model_name`. */
  readonly modelName: string
}

// The same as of SQL endpoints unless they say otherwise: another limit costs a round trip to set it.
const timeoutMs = 5000

/** Reads stored scores, one round trip for all users. It knows nothing of features that are given. */
export function createBatchPredictor(
  source: Pick<PostgresSource, 'rows'>,
  options: BatchOptions,
): Predictor {
  const text = statementOf(options.table)
  return {
    predict: async (questions) => {
      const users = questions.map(userOf)
      const values = [`{${users.join(',')}}`]
      const query = { name: 'predictions', text, values, timeoutMs }
      const rows = await source.rows(query).catch((error: unknown) => {
        throw isShapeError(error) ? problem('api/no-model', {}, { cause: error }) : error
      })
      const known = new Map(rows.map((row) => [row[0], row]))
      return users.map((user) => toPrediction(known.get(user), options.modelName))
    },
  }
}

/** Instants are UTC, whether the columns have a zone or not: the session's is UTC. */
function statementOf(table: string): string {
  const iso = (column: string) =>
    `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
  return `select distinct on (user_id) user_id::text, score::float8::text, model_version::text,
    ${iso('as_of')}, ${iso('scored_at')}, to_jsonb(stored) ->> 'model_name'
  from ${quoteIdent(table)} as stored where user_id = any($1::bigint[])
  order by user_id, as_of desc, scored_at desc`
}

function userOf(question: PredictionQuestion): string {
  if (question.kind === 'user') return `${question.userId}`
  throw problem('api/no-model', {})
}

function toPrediction(
  row: readonly (string | null)[] | undefined,
  modelName: string,
): Prediction | undefined {
  if (row === undefined) return undefined
  const [userId, score, modelVersion, asOf, computedAt, storedName] = row
  return {
    userId: BigInt(userId ?? 0),
    // NULL would be 0, which is a score.
    score: Number(score ?? Number.NaN),
    modelName: storedName ?? modelName,
    modelVersion: modelVersion ?? '',
    asOf: asOf ?? '',
    computedAt: computedAt ?? '',
    source: 'batch',
  }
}
