/** Reads the files of an entry: the bytes are those that were hashed, the rows those that the entry claims. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Duckdb, explainDuckdbError, queryRows } from '../../core/clients/duckdb.ts'
import { messageOf } from '../../core/errors.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { LedgerEntry, LedgerFile } from '../ledger/entry.ts'
import { type Chain, entryKey } from '../ledger/keys.ts'
import type { AuditStore, DeepCheck, Violation } from './audit.ts'

/** Makes the check. @param tempDirectory an existing folder with room for the files of one entry */
export function openDeepCheck(
  store: Pick<AuditStore, 'get'>,
  duckdb: Duckdb,
  tempDirectory: string,
): DeepCheck {
  return async (entry, chain) => {
    if (entry.files.length === 0) return []
    // A folder of its own each time: DuckDB may remember what a path held.
    const directory = await mkdtemp(join(tempDirectory, 'audit-'))
    try {
      return await checkFiles(store, duckdb, directory, entry, chain)
    } catch (error) {
      throw explainDuckdbError(error, tempDirectory)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
}

async function checkFiles(
  store: Pick<AuditStore, 'get'>,
  duckdb: Duckdb,
  directory: string,
  entry: LedgerEntry,
  chain: Chain,
): Promise<readonly Violation[]> {
  const violations: Violation[] = []
  const paths: string[] = []
  for (const [index, file] of entry.files.entries()) {
    const object = await store.get(file.key)
    if (object === undefined) continue
    const sha256 = createHash('sha256').update(object.body).digest('hex')
    if (sha256 !== file.sha256) {
      violations.push({ key: file.key, what: 'its SHA-256 is another one' })
      continue
    }
    const path = join(directory, `${index}.parquet`)
    await writeFile(path, object.body)
    paths.push(path)
    violations.push(...(await checkRows(duckdb, path, file, entry, chain)))
  }
  if (violations.length > 0 || paths.length < entry.files.length) return violations
  return await checkUnion(duckdb, paths, entry, chain)
}

async function checkRows(
  duckdb: Duckdb,
  path: string,
  file: LedgerFile,
  entry: LedgerEntry,
  chain: Chain,
): Promise<readonly Violation[]> {
  const sql = `select count(*) as rows,
      count(*) filter (_offset < ${entry.start} or _offset >= ${entry.end}) as outside,
      count(*) filter (_partition <> ${chain.partition} or _topic <> ${quoteLiteral(chain.topic)}) as foreign
    from read_parquet(${quoteLiteral(path)}, hive_partitioning = false)`
  const { key } = file
  try {
    const [found] = await duckdb.withConnection((connection) => queryRows(connection, sql))
    const violations: Violation[] = []
    if (Number(found?.['rows']) !== file.rows) {
      violations.push({ key, what: `it has ${found?.['rows']} rows, the entry says ${file.rows}` })
    }
    if (found?.['outside'] !== 0n) {
      violations.push({ key, what: `${found?.['outside']} rows lie outside of the interval` })
    }
    if (found?.['foreign'] !== 0n) {
      violations.push({ key, what: `${found?.['foreign']} rows are of another partition` })
    }
    return violations
  } catch (error) {
    return [{ key, what: `it cannot be read: ${messageOf(error)}` }]
  }
}

/** No offset twice among all files of the entry, so that with the sums each is there once. */
async function checkUnion(
  duckdb: Duckdb,
  paths: readonly string[],
  entry: LedgerEntry,
  chain: Chain,
): Promise<readonly Violation[]> {
  const list = paths.map(quoteLiteral).join(', ')
  const sql = `select count(distinct _offset) as offsets
    from read_parquet([${list}], union_by_name = true, hive_partitioning = false)`
  const [found] = await duckdb.withConnection((connection) => queryRows(connection, sql))
  const offsets = Number(found?.['offsets'])
  const claimed = entry.records + entry.dead_letters
  if (offsets === claimed) return []
  const what = `${offsets} different offsets in its files, ${claimed} rows in the entry`
  return [{ key: entryKey(chain, entry.start), what }]
}
