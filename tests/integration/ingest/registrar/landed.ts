/** Lands rows without Kafka, for tests of the registrar: real Parquet files and real ledger entries. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duckdb } from '../../../../core/clients/duckdb.ts'
import type { ObjectStore } from '../../../../core/clients/s3.ts'
import { quoteLiteral } from '../../../../core/sql.ts'
import { type LedgerEntry, plainEtag, renderLedgerObject } from '../../../../ingest/ledger/entry.ts'
import { type Chain, dataKey, entryKey, epochKey } from '../../../../ingest/ledger/keys.ts'

export type LandRequest = {
  readonly records: number
  readonly deadLetters?: number
  /** The entry is a gap of so many offsets instead. */
  readonly gap?: number
  readonly schemaId?: string
  /** Columns in the place of the usual ones: a select list over `n`, the offset. */
  readonly columns?: string
  /** Says so many records in the ledger, whatever the file holds. */
  readonly claimedRecords?: number
}

/** The columns of a landing file of user activity. */
export const usualColumns = `n % 50 as user_id, 'view_product' as action,
  timestamptz '2024-11-20 00:00:00Z' + to_minutes(n % 5000) as "timestamp", 'e' || n as event_id,
  'session' as session_id, n % 200 as product_id, '{"price_cents":100}'::json as details, null::json as _extra`

/** Appends entries to one chain. */
export class LandedChain {
  readonly chain: Chain
  readonly #duckdb: Duckdb
  readonly #store: ObjectStore
  #head = 0
  #previous: { start: number; etag: string } | null = null

  constructor(duckdb: Duckdb, store: ObjectStore, chain: Chain) {
    this.#duckdb = duckdb
    this.#store = store
    this.chain = chain
  }

  get head(): number {
    return this.#head
  }

  async open(createdAt = new Date()): Promise<this> {
    const { cluster, topic, epoch } = this.chain
    const record = { cluster, topic, epoch, starts: {}, created_at: createdAt.toISOString() }
    await this.#store.put(epochKey(this.chain), renderLedgerObject({ v: 1, ...record }))
    return this
  }

  async land(request: LandRequest): Promise<LedgerEntry> {
    const { records, deadLetters = 0, gap = 0 } = request
    const start = this.#head
    const end = start + records + deadLetters + gap
    const interval = { start, end, nonce: randomUUID().slice(0, 8) }
    const files: LedgerEntry['files'][number][] = []
    if (records > 0) {
      const key = dataKey(this.chain, 'dt=2024-11-20/hr=00', interval)
      const sql = this.#dataSql(start, records, request.columns ?? usualColumns)
      const file = await this.#putFile(key, sql, request.claimedRecords ?? records)
      files.push({ ...file, kind: 'data', schema_id: request.schemaId ?? 'user-activity-1' })
    }
    if (deadLetters > 0) {
      const key = dataKey(this.chain, 'dead_letters', interval)
      const file = await this.#putFile(
        key,
        this.#deadSql(start + records, deadLetters),
        deadLetters,
      )
      files.push({ ...file, kind: 'dead_letter', schema_id: 'dead-letter-1' })
    }
    const claimed = request.claimedRecords ?? records
    const entry: LedgerEntry = {
      v: 1,
      type: gap > 0 ? 'gap' : 'data',
      prev: this.#previous,
      start,
      end: start + claimed + deadLetters + gap,
      records: claimed,
      skipped: gap,
      dead_letters: deadLetters,
      files,
      last: null,
      writer: { id: 'test', generation: 1 },
      nonce: interval.nonce,
      high_watermark: end,
      created_at: new Date().toISOString(),
    }
    const etag = await this.#store.put(entryKey(this.chain, start), renderLedgerObject(entry))
    this.#previous = { start, etag: plainEtag(etag) }
    this.#head = entry.end
    return entry
  }

  #dataSql(start: number, rows: number, columns: string): string {
    const { topic, partition } = this.chain
    return `select ${columns}, (n % 50)::varchar as _key, ${quoteLiteral(topic)} as _topic,
      ${partition}::integer as _partition, n as _offset, now() as _kafka_timestamp, now() as _landed_at
      from range(${start}, ${start + rows}) as source(n)`
  }

  #deadSql(start: number, rows: number): string {
    const { topic, partition } = this.chain
    return `select ${quoteLiteral(topic)} as _topic, ${partition}::integer as _partition, n as _offset,
      now() as _kafka_timestamp, '7'::blob as _key, '\\xFF{'::blob as value, 'not JSON' as reason,
      now() as _landed_at from range(${start}, ${start + rows}) as source(n)`
  }

  async #putFile(key: string, sql: string, rows: number) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-landed-'))
    try {
      const path = join(folder, 'file.parquet')
      await this.#duckdb.withConnection((connection) =>
        connection.run(`copy (${sql}) to ${quoteLiteral(path)} (format parquet, compression zstd)`),
      )
      const body = await readFile(path)
      const etag = await this.#store.put(key, body)
      const sha256 = createHash('sha256').update(body).digest('hex')
      return { key, etag, sha256, bytes: body.length, rows, min_ts: null, max_ts: null }
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}
