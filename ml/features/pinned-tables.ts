/** The tables of an export at one snapshot, and what they hold. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../core/clients/duckdb.ts'
import { type LakeCatalog, lakeName } from '../../core/clients/lake/attach.ts'
import { lastChanges } from '../../core/clients/lake/last-changes.ts'
import { currentSnapshot, hasSnapshot } from '../../core/clients/lake/snapshots.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteRelation } from '../../core/sql.ts'
import type { DescribedNode } from './described.ts'
import type { FeatureSet } from './feature-set.ts'
import type { Instant } from './splits.ts'

export type PinnedTables = {
  /** The snapshot in which the tables changed last, so that others' commits make no other export. */
  readonly snapshot: number
  /** The snapshot that they are read at. */
  readonly readAt: number
  /** As SQL names them, at that snapshot. */
  readonly features: string
  readonly labels: string
}

/** @throws `lake/unknown-snapshot`, `ml/no-features`, `ml/features-missing`, `ml/feature-not-a-number` */
export async function pinTables(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  set: FeatureSet,
  wanted: number | undefined,
): Promise<PinnedTables> {
  if (wanted !== undefined && !(await hasSnapshot(connection, catalog, wanted))) {
    throw problem('lake/unknown-snapshot', { at: String(wanted) })
  }
  const upTo = wanted ?? (await currentSnapshot(connection))
  const changes = await lastChanges(connection, catalog, upTo)
  const changed = [set.features, set.labels].map(({ relation: { schema, name } }) => {
    const found = changes.get(`${schema}.${name}`.toLowerCase())
    if (found !== undefined) return found.snapshot
    const reason = `it is not in the lake at snapshot ${upTo}`
    throw problem('ml/no-features', { table: `${schema}.${name}`, reason })
  })
  // Read at the snapshot that was asked for: upkeep may have forgotten the one in which they changed.
  const at = ({ relation: { schema, name } }: DescribedNode) =>
    `${quoteRelation(lakeName, schema, name)} at (version => ${upTo})`
  const tables = {
    snapshot: Math.max(...changed),
    readAt: upTo,
    features: at(set.features),
    labels: at(set.labels),
  }
  const types = await requireColumns(connection, tables.features, set.features, set.names)
  await requireColumns(connection, tables.labels, set.labels, [set.labelName, 'horizon_days'])
  requireNumbers(set, types)
  return tables
}

/** @returns the types of all columns, as DuckDB names them */
async function requireColumns(
  connection: DuckDBConnection,
  table: string,
  { relation: { schema, name } }: DescribedNode,
  columns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const described = await queryRows(connection, `describe select * from ${table}`)
  const types = new Map(
    described.map((row) => [String(row['column_name']), String(row['column_type'])]),
  )
  const missing = ['user_id', 'as_of', ...columns].filter((column) => !types.has(column))
  if (missing.length > 0) {
    throw problem('ml/features-missing', { table: `${schema}.${name}`, missing })
  }
  return types
}

const numeric = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/

function requireNumbers({ features, names }: FeatureSet, types: ReadonlyMap<string, string>): void {
  const others = names.flatMap((name) => {
    const type = types.get(name) ?? ''
    return numeric.test(type) ? [] : [`${name} is ${type}`]
  })
  const { schema, name } = features.relation
  if (others.length > 0) {
    throw problem('ml/feature-not-a-number', { table: `${schema}.${name}`, others })
  }
}

/** The rows that have a label, as a query of `f` and `l`. NULL is none. */
export function labelledRows(
  { features, labels }: PinnedTables,
  { labelName }: FeatureSet,
): string {
  return `(select * from ${features}) as f
    inner join (select * from ${labels} where ${quoteIdent(labelName)} is not null) as l
    on f.user_id = l.user_id and f.as_of = l.as_of`
}

/**
 * The instants that have labels, in time order.
 * @throws `ml/mixed-horizons`
 */
export async function readInstants(
  connection: DuckDBConnection,
  tables: PinnedTables,
  set: FeatureSet,
): Promise<{ readonly instants: readonly Instant[]; readonly horizonDays: number }> {
  const rows = await queryRows(
    connection,
    `select epoch_ms(f.as_of) as as_of, count(*) as n,
       count(*) filter (where l.${quoteIdent(set.labelName)}) as positives,
       min(l.horizon_days) as shortest, max(l.horizon_days) as longest
     from ${labelledRows(tables, set)} group by 1 order by 1`,
  )
  const { schema, name } = set.labels.relation
  const horizons = new Set(rows.flatMap((row) => [Number(row['shortest']), Number(row['longest'])]))
  const [horizonDays = 1] = horizons
  if (horizons.size > 1) {
    throw problem('ml/mixed-horizons', { table: `${schema}.${name}`, days: [...horizons] })
  }
  const instants = rows.map((row) => ({
    asOf: Number(row['as_of']),
    rows: Number(row['n']),
    positives: Number(row['positives']),
  }))
  return { instants, horizonDays }
}
