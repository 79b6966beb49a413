/**
 * Puts tables, views and macros back as they were at a snapshot, inside a transaction: the past becomes the newest
 * state.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteIdent } from '../../sql.ts'
import { type LakeCatalog, lakeName } from './attach.ts'
import {
  columnsOf,
  commentsOf,
  keyOf,
  layoutOf,
  macroOf,
  type Past,
  type RelationName,
  relationsAt,
  sqlOf,
  type When,
} from './past-relations.ts'

export type { RelationName } from './past-relations.ts'

export type Restored = RelationName & {
  readonly outcome: 'restored' | 'dropped'
  /** A view of files outside of the lake, which are not put back. */
  readonly readsFiles: boolean
}

/**
 * Rows, NOT NULL, defaults, comments, partitions and sort order come back; a relation that did not exist then is
 * dropped. Restored tables are new ones to the catalog, so who reads them by increments reads them in full once.
 * Options that `set_option` gave to a table alone are not put back.
 * @param snapshot one that upkeep has not forgotten
 */
export async function restoreRelations(
  transaction: DuckDBConnection,
  catalog: LakeCatalog,
  relations: readonly RelationName[],
  snapshot: number,
): Promise<Restored[]> {
  const when = { connection: transaction, catalog, snapshot }
  const before = await relationsAt(when)
  const now = await relationsAt({ ...when, snapshot: undefined })
  const past = relations.flatMap((relation) => before.get(keyOf(relation)) ?? [])
  const work = { when, now, present: new Set(now.keys()) }
  for (const schema of new Set(past.map(({ relation }) => relation.schema))) {
    await transaction.run(
      `create schema if not exists ${quoteIdent(lakeName)}.${quoteIdent(schema)}`,
    )
  }
  const ofKind = (kind: Past['kind']) => past.filter((then) => then.kind === kind)
  for (const then of ofKind('table')) await restoreTable(then, work)
  await untilAllAreThere([...ofKind('macro'), ...ofKind('view')], (then) =>
    then.kind === 'view' ? restoreView(then, work) : restoreMacro(then, when),
  )
  const restored = past.map(({ relation, sql }): Restored => {
    return { ...relation, outcome: 'restored', readsFiles: readsFiles(sql) }
  })
  for (const relation of relations.filter((one) => !before.has(keyOf(one)))) {
    if (!now.has(keyOf(relation))) continue
    for (const one of now.get(keyOf(relation)) ?? []) await drop(one, when)
    restored.push({ ...relation, outcome: 'dropped', readsFiles: false })
  }
  return restored
}

type Work = {
  readonly when: When
  readonly now: ReadonlyMap<string, readonly Past[]>
  /** Keys of names that are taken. */
  readonly present: Set<string>
}

async function drop({ relation, kind }: Past, { connection }: When): Promise<void> {
  await connection.run(`drop ${kind} if exists ${sqlOf(relation)}`)
}

/** What has the name now, when it is a table or a view. */
function holderOf({ relation }: Past, { now }: Work): Past | undefined {
  return now.get(keyOf(relation))?.find(({ kind }) => kind !== 'macro')
}

/** Once a name is replaced in a transaction, its past cannot be read there any more: the rows go elsewhere first. */
async function restoreTable(then: Past, work: Work): Promise<void> {
  const { when, present } = work
  const { connection, snapshot } = when
  const { schema, name } = then.relation
  const made = freeName(then.relation, present)
  const target = sqlOf(made)
  const columns = await columnsOf(then, when)
  const rows = `${sqlOf(then.relation)} at (version => ${snapshot})`
  await connection.run(`create table ${target} (${columns.join(', ')})`)
  for (const statement of await layoutOf(then, target, when)) await connection.run(statement)
  await connection.run(`insert into ${target} from ${rows}`)
  const holder = holderOf(then, work)
  if (holder !== undefined) await drop(holder, when)
  await connection.run(`alter table ${target} rename to ${quoteIdent(name)}`)
  present.add(keyOf({ schema, name }))
  for (const statement of await commentsOf(then, when)) await connection.run(statement)
}

function freeName({ schema, name }: RelationName, present: ReadonlySet<string>): RelationName {
  for (let tries = 1; ; tries++) {
    const free = { schema, name: `${name}__restored${tries === 1 ? '' : tries}` }
    if (!present.has(keyOf(free))) return free
  }
}

async function restoreView(then: Past, work: Work): Promise<void> {
  const { when } = work
  const holder = holderOf(then, work)
  if (holder?.kind === 'table') await drop(holder, when)
  const sql = then.sql?.replaceAll('{DUCKLAKE_CATALOG}', quoteIdent(lakeName))
  await when.connection.run(
    `create or replace view ${sqlOf(then.relation)}${then.aliases} as ${sql}`,
  )
  for (const statement of await commentsOf(then, when)) await when.connection.run(statement)
}

async function restoreMacro(then: Past, when: When): Promise<void> {
  await when.connection.run(await macroOf(then, when))
}

/** Views need what they read to be there, and which was made first does not say who reads whom. */
async function untilAllAreThere(
  wanted: readonly Past[],
  restore: (then: Past) => Promise<void>,
): Promise<void> {
  let left = [...wanted].sort((one, other) => Number(one.id - other.id))
  while (left.length > 0) {
    const waiting: Past[] = []
    let reason: unknown
    for (const then of left) {
      try {
        await restore(then)
      } catch (error) {
        if (!isMissing(error)) throw error
        reason = error
        waiting.push(then)
      }
    }
    if (waiting.length === left.length) throw reason
    left = waiting
  }
}

/** An error before anything was run, which leaves the transaction as it was. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && /^(Catalog|Binder) Error:/.test(error.message)
}

function readsFiles(sql: string | undefined): boolean {
  return sql !== undefined && /\bread_(parquet|csv|json)\w*\(/i.test(sql)
}
