/** Takes planned entries into the lake's tables, inside the caller's transaction, and checks every count. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../core/clients/duckdb.ts'
import type { ObjectStore } from '../../core/clients/s3.ts'
import { deadLetterColumns, type TopicSchema } from '../../core/contracts/user-activity.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import type { LedgerFile, ReadEntry } from '../ledger/entry.ts'
import { type Column, fitColumns } from './columns.ts'
import type { Portion } from './plan.ts'
import {
  addColumn,
  createRawTable,
  deadLettersTable,
  gapsTable,
  rawTable,
  tableColumns,
} from './tables.ts'

export type TakeOptions = {
  readonly store: Pick<ObjectStore, 'bucket' | 'head'>
  /** Where DuckDB reads a key of the store. Default `s3://<bucket>/<key>`. */
  readonly uriOf: (key: string) => string
}

/** A file with the entry that names it. */
type TakenFile = { readonly file: LedgerFile; readonly read: ReadEntry }

/** All data files of a topic into `raw.<topic>`, which is made or widened first. @returns rows */
export async function takeData(
  transaction: DuckDBConnection,
  topic: string,
  portions: readonly Portion[],
  schema: TopicSchema | undefined,
  options: TakeOptions,
): Promise<number> {
  const table = rawTable(topic)
  const name = `raw.${topic}`
  const files = filesOf(portions, 'data')
  let exists = (await tableColumns(transaction, 'raw', topic)).length > 0
  if (!exists && schema !== undefined) {
    await createRawTable(transaction, topic, schema, [])
    exists = true
  }
  let rows = 0
  // Files of one schema have the same columns, so one of them tells all.
  for (const group of Map.groupBy(files, ({ file }) => file.schema_id).values()) {
    rows += await reading(group, options, async () => {
      const columns = await fileColumns(transaction, group, options)
      if (!exists) await createRawTable(transaction, topic, schema, columns)
      exists = true
      await widen(transaction, topic, columns, group)
      return await insertFiles(transaction, table, columns, group, options)
    })
  }
  const counted = entries(portions).reduce((sum, { entry }) => sum + entry.records, 0)
  await assertRows(transaction, { table: name, actual: rows, counted }, files, options)
  return rows
}

/** All dead-letter files of a topic into `ops.dead_letters`. @returns rows */
export async function takeDeadLetters(
  transaction: DuckDBConnection,
  portions: readonly Portion[],
  options: TakeOptions,
): Promise<number> {
  const files = filesOf(portions, 'dead_letter')
  const take = () => insertFiles(transaction, deadLettersTable, deadLetterColumns, files, options)
  const rows = files.length === 0 ? 0 : await reading(files, options, take)
  const counted = entries(portions).reduce((sum, { entry }) => sum + entry.dead_letters, 0)
  await assertRows(
    transaction,
    { table: 'ops.dead_letters', actual: rows, counted },
    files,
    options,
  )
  return rows
}

/** The gaps that landing wrote down into `ops.gaps`. @returns their number */
export async function takeGaps(
  transaction: DuckDBConnection,
  portions: readonly Portion[],
): Promise<number> {
  const rows = portions.flatMap(({ chain, entries }) =>
    entries
      .filter(({ entry }) => entry.type === 'gap')
      .map(({ entry }) => {
        const names = [chain.cluster, chain.topic, chain.epoch].map(quoteLiteral).join(', ')
        const at = `${quoteLiteral(entry.created_at)}::timestamptz`
        return `(${names}, ${chain.partition}, ${entry.start}, ${entry.end}, ${at})`
      }),
  )
  if (rows.length > 0) await transaction.run(`insert into ${gapsTable} values ${rows.join(', ')}`)
  return rows.length
}

function filesOf(portions: readonly Portion[], kind: LedgerFile['kind']): readonly TakenFile[] {
  return portions.flatMap(({ entries }) =>
    entries.flatMap((read) =>
      read.entry.files.filter((file) => file.kind === kind).map((file) => ({ file, read })),
    ),
  )
}

async function fileColumns(
  transaction: DuckDBConnection,
  files: readonly TakenFile[],
  options: TakeOptions,
): Promise<readonly Column[]> {
  const rows = await queryRows(
    transaction,
    `describe select * from ${reader(files.slice(0, 1), options)}`,
  )
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }))
}

async function widen(
  transaction: DuckDBConnection,
  topic: string,
  columns: readonly Column[],
  files: readonly TakenFile[],
): Promise<void> {
  const { added, conflicts } = fitColumns(await tableColumns(transaction, 'raw', topic), columns)
  const conflict = conflicts[0]
  if (conflict !== undefined) {
    throw problem('register/column-type', {
      table: `raw.${topic}`,
      column: conflict.column.name,
      tableType: conflict.tableType,
      file: files[0]?.file.key ?? '',
      fileType: conflict.column.type,
    })
  }
  for (const column of added) await addColumn(transaction, rawTable(topic), column)
}

async function insertFiles(
  transaction: DuckDBConnection,
  table: string,
  columns: readonly Pick<Column, 'name'>[],
  files: readonly TakenFile[],
  options: TakeOptions,
): Promise<number> {
  const names = columns.map(({ name }) => quoteIdent(name)).join(', ')
  const result = await transaction.run(
    `insert into ${table} (${names})
     select ${names} from ${reader(files, options)}`,
  )
  return result.rowsChanged
}

/** Says which file is missing, when reading failed for that reason. */
async function reading<T>(
  files: readonly TakenFile[],
  { store }: TakeOptions,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Error) || !/404|no files found/i.test(cause.message)) throw cause
    for (const { file, read } of files) {
      if ((await store.head(file.key)) !== undefined) continue
      const parameters = { file: file.key, entry: read.key, bucket: store.bucket }
      throw problem('register/file-missing', parameters, { cause })
    }
    throw cause
  }
}

type Counts = {
  readonly table: string
  /** Rows that were taken. */
  readonly actual: number
  /** Rows that all the entries speak of, also those that name no file. */
  readonly counted: number
}

/** The ledger says how many rows there are; anything else must not be committed. */
async function assertRows(
  transaction: DuckDBConnection,
  { table, actual, counted }: Counts,
  files: readonly TakenFile[],
  options: TakeOptions,
): Promise<void> {
  const expected = files.reduce((sum, { file }) => sum + file.rows, 0)
  if (actual === expected && actual === counted) return
  const differing = await entriesThatDiffer(transaction, files, options)
  throw problem('register/rows-differ', {
    table,
    expected: counted,
    actual,
    entries: differing.join(', '),
  })
}

async function entriesThatDiffer(
  transaction: DuckDBConnection,
  files: readonly TakenFile[],
  options: TakeOptions,
): Promise<readonly string[]> {
  if (files.length === 0) return ['none of them names a file']
  const rows = await queryRows(
    transaction,
    `select file_name, num_rows from parquet_file_metadata(${listLiteral(files, options)})`,
  )
  const actual = new Map(rows.map((row) => [String(row['file_name']), Number(row['num_rows'])]))
  const differing = files.filter(({ file }) => actual.get(options.uriOf(file.key)) !== file.rows)
  return entriesOf(differing.length > 0 ? differing : files).map(({ key }) => key)
}

function entries(portions: readonly Portion[]): readonly ReadEntry[] {
  return portions.flatMap((portion) => portion.entries)
}

function entriesOf(files: readonly TakenFile[]): readonly ReadEntry[] {
  return [...new Set(files.map(({ read }) => read))]
}

/** `dt=…/hr=…` in the keys is for people; it is no column. */
function reader(files: readonly TakenFile[], options: TakeOptions): string {
  return `read_parquet(${listLiteral(files, options)}, hive_partitioning => false)`
}

function listLiteral(files: readonly TakenFile[], { uriOf }: TakeOptions): string {
  return `[${files.map(({ file }) => quoteLiteral(uriOf(file.key))).join(', ')}]`
}
