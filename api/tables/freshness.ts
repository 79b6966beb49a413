/** How old each published table is, for the metrics. */
import { quoteLiteral } from '../../core/sql.ts'
import type { TableFreshness } from '../http/metrics.ts'
import { isShapeError } from '../sources/postgres-errors.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'

const timeoutMs = 1000
const keptMs = 5000

type Held = { readonly table: string; readonly version: number; readonly asOfMs: number }

/**
 * Reads the ledger at most every five seconds. While PostgreSQL is away, what was last seen grows older.
 * @returns a reader that never fails; one entry for each published table of the schema
 */
export function readFreshness(
  source: Pick<PostgresSource, 'rows'>,
  schema: string,
  now: () => number,
): () => Promise<readonly TableFreshness[]> {
  const text = `select table_name, coalesce(version, snapshot)::text, (extract(epoch from as_of) * 1000)::bigint::text
    from millrace.published where schema_name = ${quoteLiteral(schema)} and as_of is not null`
  let held: readonly Held[] = []
  let reading: Promise<readonly Held[]> | undefined
  let readAt = Number.NEGATIVE_INFINITY
  const read = () =>
    source
      .rows({ text, values: [], timeoutMs })
      .then(toHeld, (error: unknown) => (isShapeError(error) ? [] : held))
  return async () => {
    if (reading === undefined || now() - readAt >= keptMs) {
      readAt = now()
      reading = read()
    }
    held = await reading
    return held.map(({ table, version, asOfMs }) => {
      return { table, version, ageSeconds: Math.max(0, now() - asOfMs) / 1000 }
    })
  }
}

/** Names the tables of the ledger that are not there; fails when there are some. */
export function checkPublishedTables(
  source: Pick<PostgresSource, 'rows'>,
  schema: string,
): () => Promise<void> {
  const text = `select table_name from millrace.published where schema_name = ${quoteLiteral(schema)}
    and to_regclass(format('%I.%I', schema_name, table_name)) is null limit 1`
  return async () => {
    const missing = await source.rows({ text, values: [], timeoutMs }).catch((error: unknown) => {
      // Nothing was ever published into this database.
      if (isShapeError(error)) return []
      throw error
    })
    if (missing.length > 0) throw new Error(`${missing[0]?.[0]} is not there`)
  }
}

function toHeld(rows: readonly (readonly (string | null)[])[]): readonly Held[] {
  return rows.map(([table, version, asOfMs]) => {
    return { table: table ?? '', version: Number(version), asOfMs: Number(asOfMs) }
  })
}
