/** Compares what readers of the landing files see with what Kafka holds, without asking the landing code. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { openDuckdb, queryRows } from '../../../core/clients/duckdb.ts'
import type { Lake } from '../../../core/clients/lake.ts'
import type { ObjectStore } from '../../../core/clients/s3.ts'
import { quoteIdent, quoteLiteral } from '../../../core/sql.ts'
import { badEvery } from './producer.ts'

export type Expected = {
  readonly topic: string
  /** First offset not in Kafka, by partition. */
  readonly ends: ReadonlyMap<number, number>
  /** Numbers that were produced, from 0. */
  readonly events: number
}

export type Seen = {
  /** Offsets in Kafka without a row, and rows beyond the first of an offset. */
  readonly missing: number
  /** Those of the missing that nobody will land any more: a later offset of the partition is there. */
  readonly skippedOver: number
  readonly doubled: number
  /** Acknowledged to the producer and without a row: as an event, or as a dead letter with its very bytes. */
  readonly lostEvents: number
  readonly rows: number
  readonly deadLetters: number
}

/** Reads every file that a ledger object names: the objects are plain JSON here, no link is followed. */
export async function readLanded(
  store: ObjectStore,
  tempDirectory: string,
  expected: Expected,
): Promise<Seen> {
  const directory = await mkdtemp(join(tempDirectory, 'verify-'))
  try {
    const paths = await download(store, expected.topic, directory)
    await using duckdb = await openDuckdb({ extensionDirectory: directory, tempDirectory })
    return await duckdb.withConnection(async (connection) => {
      const list = paths.map(quoteLiteral).join(', ')
      const rows = `select _partition as p, _offset as o, user_id, value, reason
        from read_parquet([${list}], union_by_name = true, hive_partitioning = false)`
      return await compare(connection, rows, expected)
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Reads `raw.<topic>` and `ops.dead_letters`. */
export async function readRegistered(lake: Lake, expected: Expected): Promise<Seen> {
  const { topic } = expected
  const rows = `select _partition as p, _offset as o, user_id, null::blob as value, null as reason
      from lake.raw.${quoteIdent(topic)}
    union all
    select _partition, _offset, null, value, reason from lake.ops.dead_letters
      where _topic = ${quoteLiteral(topic)}`
  return await lake.read((connection) => compare(connection, rows, expected))
}

/** @param rowsSql gives p, o and either user_id or value and reason */
async function compare(
  connection: DuckDBConnection,
  rowsSql: string,
  { ends, events }: Expected,
): Promise<Seen> {
  const marks = [...ends].map(([p, high]) => `(${p}, ${high})`).join(', ')
  await connection.run(`create temp table landed as ${rowsSql}`)
  const [seen] = await queryRows(
    connection,
    `with ends(p, high) as (values ${marks}),
      expected as (select p, unnest(range(high)) as o from ends where high > 0),
      counted as (select p, o, count(*) as n from landed group by all),
      last as (select p, max(o) as o from counted group by p),
      missing as (from expected anti join counted using (p, o)),
      numbers as (select unnest(range(${events})) as number),
      good as (select user_id as number from landed where value is null),
      bad as (select decode(value) as text from landed where reason = 'invalid_json')
    select (select count(*) from missing) as missing,
      (select count(*) from missing join last using (p) where missing.o < last.o) as skipped_over,
      (select coalesce(sum(n - 1), 0)::bigint from counted) as doubled,
      (select count(*) from numbers anti join good using (number) where number % ${badEvery} <> 7)
        + (select count(*) from numbers where number % ${badEvery} = 7
          and 'broken ' || number not in (select text from bad)) as lost,
      (select count(*) from landed) as rows,
      (select count(*) from landed where value is not null) as dead_letters`,
  )
  await connection.run('drop table landed')
  return {
    missing: Number(seen?.['missing']),
    skippedOver: Number(seen?.['skipped_over']),
    doubled: Number(seen?.['doubled']),
    lostEvents: Number(seen?.['lost']),
    rows: Number(seen?.['rows']),
    deadLetters: Number(seen?.['dead_letters']),
  }
}

async function download(
  store: ObjectStore,
  topic: string,
  directory: string,
): Promise<readonly string[]> {
  const paths: string[] = []
  for await (const { key } of store.list('ledger/')) {
    if (!key.includes(`/${topic}/`) || !/\/p=\d+\/\d{20}\.json$/.test(key)) continue
    const object = await store.get(key)
    const entry = JSON.parse(Buffer.from(object?.body ?? []).toString()) as {
      files: { key: string }[] // what the architecture page promises to any reader
    }
    for (const file of entry.files) {
      const path = join(directory, `${paths.length}.parquet`)
      const body = await store.get(file.key)
      if (body === undefined) continue
      await writeFile(path, body.body)
      paths.push(path)
    }
  }
  return paths
}
