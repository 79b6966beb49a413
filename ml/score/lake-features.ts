/** The newest features of each active user, read from the lake a chunk at a time. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { lakeName } from '../../core/clients/lake/attach.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteRelation } from '../../core/sql.ts'
import type { Model } from '../model/read-model.ts'
import { assertFeatures, latestFeatures, toFeatureValue } from '../predict/feature-values.ts'

/** Some 2,000 users. */
export type FeatureChunk = {
  readonly userIds: readonly bigint[]
  /** Microseconds since 1970, one a user. */
  readonly asOf: readonly bigint[]
  /** One after the other, each in the order of the model's features; NaN is missing. */
  readonly rows: Float32Array
}

/** The table as SQL names it. */
export const featureRelation = quoteRelation(lakeName, 'features', latestFeatures)

/**
 * The users in no order, as of a snapshot of the lake; only one chunk is in memory.
 * @param connection does nothing else meanwhile
 * @throws `ml/no-features`, `ml/features-differ`
 */
export async function* readLakeFeatures(
  connection: DuckDBConnection,
  model: Pick<Model, 'name' | 'version' | 'features'>,
  snapshot: number,
): AsyncGenerator<FeatureChunk> {
  const from = `${featureRelation} at (version => ${snapshot})`
  const there = new Set(await columnsOf(connection, from))
  assertFeatures(model, (feature) => there.has(feature))
  const columns = model.features.map((feature) => `${quoteIdent(feature)}::double`)
  const sql = `select user_id::bigint, epoch_us(as_of::timestamp), ${columns.join(', ')} from ${from}`
  const result = await connection.stream(sql)
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return
    const [userIds = [], asOf = [], ...values] = chunk.getColumns()
    yield { userIds: userIds.map(toBigint), asOf: asOf.map(toBigint), rows: toRows(values) }
  }
}

async function columnsOf(connection: DuckDBConnection, from: string): Promise<readonly string[]> {
  try {
    return (await connection.run(`select * from ${from} limit 0`)).columnNames()
  } catch (cause) {
    if (!(cause instanceof Error) || !/does not exist/.test(cause.message)) throw cause
    const reason = 'it is not built'
    throw problem('ml/no-features', { table: `features.${latestFeatures}`, reason }, { cause })
  }
}

/** Columns to rows. */
function toRows(columns: readonly (readonly DuckDBValue[])[]): Float32Array {
  const width = columns.length
  const rows = new Float32Array(width * (columns[0]?.length ?? 0))
  columns.forEach((column, place) => {
    column.forEach((value, row) => {
      rows[row * width + place] = toFeatureValue(value) ?? Number.NaN
    })
  })
  return rows
}

function toBigint(value: DuckDBValue): bigint {
  return BigInt(String(value))
}
