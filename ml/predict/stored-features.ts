/** The features of users from PostgreSQL, where publishing the lake's features puts them. */
import type { Clock } from '../../core/clock.ts'
import { findCause } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import { within } from '../../core/within.ts'
import { latestFeatures } from './feature-values.ts'

export type StoredFeatures = {
  /** Events before this instant were known, ISO, UTC. */
  readonly asOf: string
  /** Column → value as JSON has it. */
  readonly columns: Readonly<Record<string, unknown>>
}

/** What reads PostgreSQL; its sessions are in UTC, and the schema of published tables is the first they look in. */
export interface FeatureSource {
  rows(query: {
    readonly name: string
    readonly text: string
    readonly values: readonly string[]
    readonly timeoutMs: number
  }): Promise<readonly (readonly (string | null)[])[]>
}

/**
 * The source, which is not waited for longer than `ms`. It has to be less than a predictor is given: otherwise a database
 * that is slow looks like a model that hangs.
 */
export function withReadLimit(
  source: FeatureSource,
  ms: number,
  clock: Pick<Clock, 'sleep'>,
): FeatureSource {
  const late = () => {
    throw problem('api/database-unavailable', {})
  }
  return { rows: (query) => within({ ms, clock, late }, () => source.rows(query)) }
}

/** As other statements of the API: another limit costs a round trip to set it. */
const timeoutMs = 5000

const text = `select user_id::text,
    to_char(as_of at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_json(stored)::text
  from ${quoteIdent(latestFeatures)} as stored where user_id = any($1::bigint[])`

/** Those users that have features, in one round trip. @throws `ml/no-features`; what the source throws */
export async function readStoredFeatures(
  source: FeatureSource,
  userIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, StoredFeatures>> {
  if (userIds.length === 0) return new Map()
  const query = { name: 'user_features', text, values: [`{${userIds.join(',')}}`], timeoutMs }
  const rows = await source.rows(query).catch((cause: unknown) => {
    if (!isUndefinedTable(cause)) throw cause
    const reason = 'it is not published'
    throw problem('ml/no-features', { table: latestFeatures, reason }, { cause })
  })
  return new Map(
    rows.map(([userId, asOf, columns]) => [
      BigInt(userId ?? 0),
      { asOf: asOf ?? '', columns: JSON.parse(columns ?? '{}') },
    ]),
  )
}

/** 42P01 of PostgreSQL. */
function isUndefinedTable(error: unknown): boolean {
  return findCause(error, (cause) => 'code' in cause && cause.code === '42P01') !== undefined
}
