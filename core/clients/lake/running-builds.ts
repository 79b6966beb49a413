/**
 * Which builds are under way, so that upkeep keeps out of their way. On PostgreSQL a build holds a shared advisory
 * lock as long as its transaction is open; on SQLite there is a file for it, which names the process. Both go when
 * the process dies.
 */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { isOwnerGone, ownerNow } from '../../lock-file.ts'
import { quoteLiteral } from '../../sql.ts'
import { queryValue } from '../duckdb.ts'
import { type LakeCatalog, lakeName } from './attach.ts'
import { currentSnapshot } from './snapshots.ts'

const metadata = quoteLiteral(`__ducklake_metadata_${lakeName}`)
/** Marks our locks among the advisory locks of a database: "mill" in ASCII. */
const lockClass = 0x6d_69_6c_6c

/** Call it inside the build's transaction. @returns what takes the mark away when the transaction has ended */
export async function announceBuild(
  transaction: DuckDBConnection,
  catalog: LakeCatalog,
): Promise<() => void> {
  if (catalog.kind === 'postgres') {
    // What we ask PostgreSQL sees one state, from the first question on, and so does DuckLake, in a transaction of its
    // own. DuckLake's comes first: else it may know tables that our lists do not have yet.
    await currentSnapshot(transaction)
    const lock = `select pg_advisory_xact_lock_shared(${lockClass}, hashtext(${quoteLiteral(catalog.schema)}))::text`
    await transaction.run(`from postgres_query(${metadata}, ${quoteLiteral(lock)})`)
    return () => {}
  }
  const folder = markFolder(catalog.path)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, randomUUID())
  writeFileSync(file, ownerNow(process.pid), { mode: 0o600 })
  return () => rmSync(file, { force: true })
}

/** How many builds are under way, of any process. */
export async function countBuilds(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
): Promise<number> {
  if (catalog.kind === 'postgres') {
    const count = `select count(*) from pg_locks where locktype = 'advisory' and classid = ${lockClass}
      and objid = (hashtext(${quoteLiteral(catalog.schema)})::bigint & 4294967295)::oid
      and database = (select oid from pg_database where datname = current_database())`
    return Number(
      await queryValue(connection, `from postgres_query(${metadata}, ${quoteLiteral(count)})`),
    )
  }
  const folder = markFolder(catalog.path)
  return readMarks(folder).filter((name) => {
    const file = join(folder, name)
    const isGone = isOwnerGone(file)
    if (isGone) rmSync(file, { force: true })
    return !isGone
  }).length
}

function markFolder(catalogPath: string): string {
  return `${catalogPath}.builds`
}

function readMarks(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no build was ever announced
  }
}
