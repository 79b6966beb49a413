/** The table millrace.published: one row per published table, written in the transaction that made it visible. */
import type { PoolClient } from 'pg'
import { type PublishedContract, publishedChannel } from '../../core/contracts/published-table.ts'
import type { Published } from './decide.ts'
import type { PublishStrategy } from './request.ts'

export type LedgerEntry = Published & {
  readonly schema: string
  readonly table: string
  readonly model: string
  readonly strategy: PublishStrategy
  /** Rows of the source at the snapshot. */
  readonly rows: bigint
  /** When the snapshot was committed, as PostgreSQL reads it. */
  readonly asOf: string
  readonly contract: PublishedContract
}

/** What was published as a table before; undefined when nothing was. */
export async function readPublished(
  client: PoolClient,
  schema: string,
  table: string,
): Promise<Published | undefined> {
  const { rows } = await client.query<{
    source_uuid: string
    snapshot: bigint
    watermark: bigint
    fingerprint: string
    is_ours: boolean
  }>(
    `select source_uuid, snapshot, watermark, fingerprint, is_ours
     from millrace.published where schema_name = $1 and table_name = $2`,
    [schema, table],
  )
  const [row] = rows
  if (row === undefined) return undefined
  return {
    sourceUuid: row.source_uuid,
    snapshot: Number(row.snapshot),
    watermark: row.watermark,
    fingerprint: row.fingerprint,
    isOurs: row.is_ours,
  }
}

/** Writes one entry, inside the publishing transaction. */
export async function writePublished(client: PoolClient, entry: LedgerEntry): Promise<void> {
  await client.query(
    `insert into millrace.published as p (schema_name, table_name, model, strategy, source_uuid,
       snapshot, watermark, row_count, fingerprint, is_ours, as_of, contract, version, published_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $6, now())
     on conflict (schema_name, table_name) do update set
       model = excluded.model, strategy = excluded.strategy, source_uuid = excluded.source_uuid,
       snapshot = excluded.snapshot, watermark = excluded.watermark, row_count = excluded.row_count,
       fingerprint = excluded.fingerprint, is_ours = excluded.is_ours, as_of = excluded.as_of,
       contract = excluded.contract, version = excluded.version, published_at = now()`,
    [
      entry.schema,
      entry.table,
      entry.model,
      entry.strategy,
      entry.sourceUuid,
      entry.snapshot,
      entry.watermark,
      entry.rows,
      entry.fingerprint,
      entry.isOurs,
      entry.asOf,
      JSON.stringify(entry.contract),
    ],
  )
}

type Confirmed = Pick<LedgerEntry, 'schema' | 'table' | 'snapshot' | 'asOf' | 'contract'>

/**
 * Notes that a table is also what a newer snapshot holds: the next comparison begins there, and readers learn how
 * fresh their rows are.
 */
export async function confirmPublished(client: PoolClient, entry: Confirmed): Promise<void> {
  await client.query(
    `update millrace.published
     set snapshot = $3, as_of = $4, contract = $5, version = coalesce(version, snapshot)
     where schema_name = $1 and table_name = $2 and snapshot <= $3`,
    [entry.schema, entry.table, entry.snapshot, entry.asOf, JSON.stringify(entry.contract)],
  )
}

/** Tells those who listen that the schema's tables are others now; they hear it at the commit. */
export async function announcePublish(client: PoolClient, schema: string): Promise<void> {
  await client.query('select pg_notify($1, $2)', [publishedChannel, schema])
}
