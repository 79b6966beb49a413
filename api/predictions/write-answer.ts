/** Predictions as JSON, and the headers that say where they come from. */
import type { Prediction } from '../../core/contracts/predictor.ts'
import { dictionaryKey } from '../http/structured-fields.ts'
import type { Answer } from './ask.ts'

/** One prediction. @param now milliseconds since 1970, for its age */
export function toJson(prediction: Prediction, now: number): string {
  return joinJson(prediction.userId, fieldsOf(prediction, now))
}

/** All of them: `{"data":[{"user_id":1,"status":"ok",…},{"user_id":2,"status":"unknown","score":null}]}`. */
export function toListJson(answers: readonly Answer[], now: number): string {
  const entries = answers.map(({ userId, prediction }) =>
    joinJson(
      userId,
      prediction === undefined
        ? { status: 'unknown', score: null }
        : { status: 'ok', ...fieldsOf(prediction, now) },
    ),
  )
  return `{"data":[${entries.join(',')}]}`
}

/**
 * `X-Model-Version` is a dictionary of RFC 9651, name → version or versions; `X-As-Of` is the oldest instant.
 * `X-Table-Version` is of the table of stored scores: one statement has read all of them.
 */
export function headersOf(predictions: readonly Prediction[]): Record<string, string> {
  const versions = new Map<string, Set<string>>()
  for (const { modelName, modelVersion } of predictions) {
    const known = versions.get(modelName) ?? new Set()
    versions.set(modelName, known.add(`"${modelVersion}"`))
  }
  const models = [...versions].map(([name, of]) => {
    const value = of.size === 1 ? [...of].join() : `(${[...of].sort().join(' ')})`
    return `${dictionaryKey(name)}=${value}`
  })
  const instants = predictions.flatMap(({ asOf }) => (asOf === undefined ? [] : [asOf]))
  const [oldest] = instants.sort((left, right) => Date.parse(left) - Date.parse(right))
  const table = predictions.find((prediction) => prediction.table !== undefined)?.table
  return {
    'content-type': 'application/json',
    ...(table === undefined
      ? {}
      : { 'x-table-version': `${dictionaryKey(table.name)}=${table.version}` }),
    'cache-control': 'private, no-store',
    ...(models.length === 0 ? {} : { 'x-model-version': models.join(', ') }),
    ...(oldest === undefined ? {} : { 'x-as-of': oldest }),
  }
}

function fieldsOf(prediction: Prediction, now: number) {
  const { score, modelName, modelVersion, source, computedAt, asOf, reasons } = prediction
  return {
    score,
    model_name: modelName,
    model_version: modelVersion,
    source,
    computed_at: computedAt,
    age_seconds: Math.max(0, Math.floor((now - Date.parse(computedAt)) / 1000)),
    as_of: asOf ?? null,
    ...(reasons === undefined ? {} : { reasons }),
  }
}

/** The id keeps all its digits, which a JavaScript number would not. */
function joinJson(userId: bigint | undefined, fields: object): string {
  const json = JSON.stringify(fields)
  return userId === undefined ? json : `{"user_id":${userId},${json.slice(1)}`
}
