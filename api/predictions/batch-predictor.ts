/** The scores that `millrace ml score` published: the last resort, and the only way while no model is deployed. */
import type { Prediction, PredictionQuestion, Predictor } from '../../core/contracts/predictor.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import { ledgerQuery } from '../sources/ledger.ts'
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
  const plain = { name: 'predictions', text: statementOf(options.table, 'null') }
  const versioned = {
    name: 'predictions_of_version',
    text: statementOf(options.table, versionOf(options.table)),
  }
  let hasLedger = false
  return {
    predict: async (questions) => {
      const users = questions.map(userOf)
      const values = [`{${users.join(',')}}`]
      hasLedger ||= (await source.rows({ text: ledgerQuery, values: [], timeoutMs })).length > 0
      const statement = hasLedger ? versioned : plain
      const rows = await source
        .rows({ ...statement, values, timeoutMs })
        .catch((error: unknown) => {
          if (!isShapeError(error)) throw error
          hasLedger = false // or else it is the scores that are not there
          throw problem('api/no-model', {}, { cause: error })
        })
      const known = new Map(rows.map((row) => [row[0], row]))
      return users.map((user) => toPrediction(known.get(user), options))
    },
  }
}

/** Read by the statement that reads the scores, so it is theirs. */
function versionOf(table: string): string {
  return `(select coalesce(version, snapshot)::text from millrace.published
    where schema_name = current_schema() and table_name = ${quoteLiteral(table)})`
}

/** Instants are UTC, whether the columns have a zone or not: the session's is UTC. */
function statementOf(table: string, version: string): string {
  const iso = (column: string) =>
    `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
  return `select distinct on (user_id) user_id::text, score::float8::text, model_version::text,
    ${iso('as_of')}, ${iso('scored_at')}, to_jsonb(stored) ->> 'model_name', ${version}
  from ${quoteIdent(table)} as stored where user_id = any($1::bigint[])
  order by user_id, as_of desc, scored_at desc`
}

function userOf(question: PredictionQuestion): string {
  if (question.kind === 'user') return `${question.userId}`
  throw problem('api/no-model', {})
}

function toPrediction(
  row: readonly (string | null)[] | undefined,
  { table, modelName }: BatchOptions,
): Prediction | undefined {
  if (row === undefined) return undefined
  const [userId, score, modelVersion, asOf, computedAt, storedName, version] = row
  return {
    userId: BigInt(userId ?? 0),
    // NULL would be 0, which is a score.
    score: Number(score ?? Number.NaN),
    modelName: storedName ?? modelName,
    modelVersion: modelVersion ?? '',
    asOf: asOf ?? '',
    computedAt: computedAt ?? '',
    source: 'batch',
    ...(typeof version === 'string' ? { table: { name: table, version } } : {}),
  }
}
