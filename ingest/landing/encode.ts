/** Buffered records → Parquet files: events by time bucket, everything else with its bytes and a reason. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BIGINT,
  BLOB,
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
} from '@duckdb/node-api'
import { type Duckdb, explainDuckdbError, queryRows } from '../../core/clients/duckdb.ts'
import {
  deadLetterColumns,
  lineageColumns,
  type TopicSchema,
} from '../../core/contracts/user-activity.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import { type Bucket, invalidPath, planBuckets, validRange } from './buckets.ts'
import { parseSql } from './parse-sql.ts'
import type { RecordBuffer } from './record-buffer.ts'
import { takeSecondLook } from './second-look.ts'

const deadLetterSchemaId = 'dead-letter-1'
const deadLetterBucket = 'dead_letters'

export type EncodeOptions = {
  readonly topic: string
  readonly partition: number
  readonly schema: TopicSchema
  readonly maxRecordBytes: number
  /** Becomes `_landed_at`, milliseconds since 1970. */
  readonly landedAtMs: number
  /** Unique among the encodings of the process; names its tables. */
  readonly nonce: string
  /** An existing folder for files that live as long as this call. */
  readonly tempDirectory: string
}

export type EncodedFile = {
  readonly kind: 'data' | 'dead_letter'
  /** Folder under the topic's landing prefix. */
  readonly bucket: string
  readonly body: Uint8Array
  readonly rows: number
  /** ISO 8601; null in dead-letter files. */
  readonly minTs: string | null
  readonly maxTs: string | null
  readonly schemaId: string
}

/**
 * Encodes all records of a buffer; each is in exactly one file.
 * @throws `lake/out-of-space` when the disk or DuckDB's temp space is full; temp files are removed in any case
 */
export async function encodeRecords(
  duckdb: Duckdb,
  records: RecordBuffer,
  options: EncodeOptions,
): Promise<readonly EncodedFile[]> {
  const directory = await mkdtemp(join(options.tempDirectory, 'landing-')).catch((error) => {
    throw explainDuckdbError(error, options.tempDirectory)
  })
  try {
    return await duckdb.withConnection((connection) =>
      encodeIn(connection, directory, records, options),
    )
  } catch (error) {
    throw explainDuckdbError(error, options.tempDirectory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function encodeIn(
  connection: DuckDBConnection,
  directory: string,
  records: RecordBuffer,
  options: EncodeOptions,
): Promise<readonly EncodedFile[]> {
  const raw = `raw_${options.nonce}`
  const rows = `rows_${options.nonce}`
  try {
    await loadRecords(connection, raw, records)
    await connection.run(parseSql(options.schema, raw, rows, options.maxRecordBytes))
    await takeSecondLook(connection, options.schema, raw, rows, records)
    const data = await writeData(connection, directory, rows, options)
    const dead = await writeDeadLetters(connection, directory, raw, rows, options)
    const files = dead === undefined ? data : [...data, dead]
    assertAllWritten(files, records.count)
    return files
  } finally {
    await connection.run(`drop table if exists ${quoteIdent(raw)}`)
    await connection.run(`drop table if exists ${quoteIdent(rows)}`)
  }
}

/** What is in no file would pass as skipped, what is in two would break the ledger: neither is ever claimed. */
function assertAllWritten(files: readonly EncodedFile[], records: number): void {
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  if (rows !== records) throw new Error(`${rows} rows were written of ${records} records`)
}

/** Rows a DuckDB vector holds. */
const chunkRows = 2048

async function loadRecords(
  connection: DuckDBConnection,
  table: string,
  records: RecordBuffer,
): Promise<void> {
  await connection.run(`create table ${quoteIdent(table)} (o bigint, t bigint, k blob, v blob)`)
  const appender = await connection.createAppender(table)
  try {
    for (let start = 0; start < records.count; start += chunkRows) {
      appender.appendDataChunk(chunkOf(records, start, Math.min(records.count, start + chunkRows)))
      // 2,048 rows take about 2 ms: fetching and heartbeats go on between chunks.
      await new Promise((resolve) => setImmediate(resolve))
    }
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
}

function chunkOf(records: RecordBuffer, start: number, end: number): DuckDBDataChunk {
  const offsets: bigint[] = []
  const timestamps: bigint[] = []
  const keys: (DuckDBBlobValue | null)[] = []
  const values: (DuckDBBlobValue | null)[] = []
  for (let index = start; index < end; index += 1) {
    const record = records.at(index)
    offsets.push(BigInt(record.offset))
    timestamps.push(BigInt(record.timestampMs))
    keys.push(record.key === null ? null : new DuckDBBlobValue(record.key))
    values.push(record.value === null ? null : new DuckDBBlobValue(record.value))
  }
  const chunk = DuckDBDataChunk.create([BIGINT, BIGINT, BLOB, BLOB], end - start)
  chunk.setColumnValues(0, offsets)
  chunk.setColumnValues(1, timestamps)
  chunk.setColumnValues(2, keys)
  chunk.setColumnValues(3, values)
  return chunk
}

async function writeData(
  connection: DuckDBConnection,
  directory: string,
  rows: string,
  options: EncodeOptions,
): Promise<readonly EncodedFile[]> {
  const counted = await queryRows(
    connection,
    `select epoch_ms(_hour) as hour, count(*) as rows from ${quoteIdent(rows)} where _reason is null group by all`,
  )
  const hours = counted.map((row) => ({ hourMs: Number(row['hour']), rows: Number(row['rows']) }))
  const files: EncodedFile[] = []
  for (const [index, bucket] of planBuckets(hours, options.landedAtMs).entries()) {
    const path = join(directory, `${index}.parquet`)
    files.push(await writeBucket(connection, path, rows, bucket, options))
  }
  return files
}

async function writeBucket(
  connection: DuckDBConnection,
  path: string,
  rows: string,
  bucket: Bucket,
  options: EncodeOptions,
): Promise<EncodedFile> {
  const from = `${quoteIdent(rows)} where _reason is null and ${inBucket(bucket, options.landedAtMs)}`
  const columns = [
    ...options.schema.columns.map((column) => quoteIdent(column.name)),
    ...lineageColumns.map((column) => lineageSql(column, options)),
  ]
  const select = `select ${columns.join(', ')} from ${from} order by _offset`
  const written = await copy(connection, select, path)
  const time = quoteIdent(options.schema.eventTime)
  const [summary] = await queryRows(
    connection,
    `select ${isoSql(`min(${time})`)} as min_ts, ${isoSql(`max(${time})`)} as max_ts from ${from}`,
  )
  return {
    kind: 'data',
    bucket: bucket.path,
    body: await readFile(path),
    rows: written,
    minTs: String(summary?.['min_ts']),
    maxTs: String(summary?.['max_ts']),
    schemaId: options.schema.id,
  }
}

function inBucket(bucket: Bucket, landedAtMs: number): string {
  const hour = 'epoch_ms(_hour)'
  if (bucket.path !== invalidPath) return `${hour} >= ${bucket.fromMs} and ${hour} < ${bucket.toMs}`
  const { fromMs, toMs } = validRange(landedAtMs)
  return `(${hour} < ${fromMs} or ${hour} >= ${toMs})`
}

function isoSql(time: string): string {
  return `strftime((${time}) at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`
}

function lineageSql(
  column: { readonly name: string; readonly type: string },
  options: EncodeOptions,
): string {
  switch (column.name) {
    case '_topic':
      return `${quoteLiteral(options.topic)}::varchar as _topic`
    case '_partition':
      return `${options.partition}::integer as _partition`
    case '_landed_at':
      return `epoch_ms(${options.landedAtMs}::bigint)::timestamptz as _landed_at`
    default:
      return quoteIdent(column.name)
  }
}

async function writeDeadLetters(
  connection: DuckDBConnection,
  directory: string,
  raw: string,
  rows: string,
  options: EncodeOptions,
): Promise<EncodedFile | undefined> {
  const from = `${quoteIdent(rows)} r join ${quoteIdent(raw)} w on w.o = r._offset where r._reason is not null`
  const [counted] = await queryRows(connection, `select count(*) as rows from ${from}`)
  if (counted?.['rows'] === 0n) return undefined
  const columns = deadLetterColumns.map((column) => deadLetterSql(column, options))
  const path = join(directory, 'dead.parquet')
  const select = `select ${columns.join(', ')} from ${from} order by r._offset`
  const written = await copy(connection, select, path)
  return {
    kind: 'dead_letter',
    bucket: deadLetterBucket,
    body: await readFile(path),
    rows: written,
    minTs: null,
    maxTs: null,
    schemaId: deadLetterSchemaId,
  }
}

function deadLetterSql(
  column: { readonly name: string; readonly type: string },
  options: EncodeOptions,
): string {
  switch (column.name) {
    case '_key':
      return 'w.k as _key'
    case 'value':
      return 'w.v as value'
    case 'reason':
      return 'r._reason as reason'
    default:
      return lineageSql(column, options)
  }
}

/** @returns how many rows DuckDB wrote */
async function copy(connection: DuckDBConnection, select: string, path: string): Promise<number> {
  const sql = `copy (${select}) to ${quoteLiteral(path)} (format parquet, compression zstd)`
  const [row] = await queryRows(connection, sql)
  return Number(row?.['Count'])
}
