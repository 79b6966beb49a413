/** Compares what readers of the landing files see with what Kafka holds, without asking the landing code. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Duckdb, queryRows } from '../../../core/clients/duckdb.ts'
import type { ObjectStore } from '../../../core/clients/s3.ts'
import { quoteLiteral } from '../../../core/sql.ts'
import { badEvery } from './producer.ts'

export type Seen = {
  /** Offsets in Kafka without a row, and rows beyond the first of an offset. */
  readonly missing: number
  /** Those of the missing that nobody will land any more: a later offset of the partition is there. */
  readonly skippedOver: number
  readonly doubled: number
  /** Numbers of events that were acknowledged to the producer and have no row. */
  readonly lostEvents: number
  readonly rows: number
}

/**
 * Reads every file that a ledger object names: the objects are plain JSON here, no link is followed.
 * @param ends first offset not in Kafka, by partition
 */
export async function readLanded(
  store: ObjectStore,
  duckdb: Duckdb,
  given: {
    readonly topic: string
    readonly ends: ReadonlyMap<number, number>
    readonly events: number
    readonly tempDirectory: string
  },
): Promise<Seen> {
  const directory = await mkdtemp(join(given.tempDirectory, 'verify-'))
  try {
    const paths = await download(store, given.topic, directory)
    return await duckdb.withConnection(async (connection) => {
      const list = paths.map(quoteLiteral).join(', ')
      await connection.run(`create or replace temp table landed as
        select _partition as p, _offset as o, user_id, null::blob as value
        from read_parquet([${list}], union_by_name = true, hive_partitioning = false)`)
      const ends = [...given.ends].map(([p, high]) => `(${p}, ${high})`).join(', ')
      const [seen] = await queryRows(
        connection,
        `with ends(p, high) as (values ${ends}),
          expected as (select p, unnest(range(high)) as o from ends where high > 0),
          counted as (select p, o, count(*) as n from landed group by all),
          numbers as (select unnest(range(${given.events})) as number)
        select (select count(*) from expected anti join counted using (p, o)) as missing,
          (select count(*) from expected anti join counted using (p, o)
            where o < (select max(c.o) from counted c where c.p = expected.p)) as skipped_over,
          (select coalesce(sum(n - 1), 0)::bigint from counted) as doubled,
          (select count(*) from numbers where number % ${badEvery} <> 7
            and number not in (select user_id from landed where user_id is not null)) as lost,
          (select count(*) from landed) as rows`,
      )
      return {
        missing: Number(seen?.['missing']),
        skippedOver: Number(seen?.['skipped_over']),
        doubled: Number(seen?.['doubled']),
        lostEvents: Number(seen?.['lost']),
        rows: Number(seen?.['rows']),
      }
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
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
