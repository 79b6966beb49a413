/**
 * Staged rows into a table that stays: by key (merge) or at the end (append). Rows that are equal are not touched,
 * rows that only the table has are kept, constraints, defaults and indexes are whatever the table has.
 */
import type { PoolClient } from 'pg'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral, quoteRelation } from '../../core/sql.ts'
import { hasUniqueIndex, type TargetColumn, type TargetTable } from './catalog.ts'
import type { StagedColumn } from './column-types.ts'
import { stageOf } from './stage.ts'

export type MergeTarget = {
  readonly model: string
  readonly schema: string
  readonly table: string
  readonly target: TargetTable
  readonly columns: readonly StagedColumn[]
  readonly uniqueKey: readonly string[]
}

type Pair = { readonly staged: StagedColumn; readonly target: TargetColumn }

/** @throws `publish/unknown-column` */
export function assertColumnsMatch(merge: MergeTarget): void {
  const { model, schema, table, target, columns, uniqueKey } = merge
  const known = new Set(target.columns.map(({ name }) => name))
  const staged = new Set(columns.map(({ name }) => name))
  const wrong = [
    ...columns
      .filter(({ name }) => !known.has(name))
      .map(({ name }) => `${name} (not in the table)`),
    ...target.columns
      .filter(({ name, isRequired }) => isRequired && !staged.has(name))
      .map(({ name }) => `${name} (required by the table)`),
    ...uniqueKey.filter((name) => !staged.has(name)).map((name) => `${name} (unique_key)`),
  ]
  if (wrong.length > 0) {
    const parameters = { model, table: `${schema}.${table}`, columns: wrong.join(', ') }
    throw problem('publish/unknown-column', parameters)
  }
}

/**
 * Looks at the staged rows before anything is locked.
 * @throws `publish/value-does-not-fit`, `publish/duplicate-key`, `publish/null-key`
 */
export async function assertRowsFit(client: PoolClient, merge: MergeTarget): Promise<void> {
  const { model, uniqueKey } = merge
  const stage = quoteRelation(merge.schema, stageOf(merge.table))
  await assertKey(client, stage, model, uniqueKey)
  const key = uniqueKey.length > 0 ? keyText(uniqueKey) : `'?'`
  for (const { staged, target } of pairsOf(merge)) {
    const condition = misfit(staged, target)
    if (condition === undefined) continue
    const column = `s.${quoteIdent(staged.name)}`
    const { rows } = await client.query<{ key: string; value: string }>(
      `select ${key} as key, coalesce(left(${column}::text, 60), 'NULL') as value
       from ${stage} s where ${condition} limit 1`,
    )
    const [found] = rows
    if (found !== undefined) {
      const type = target.isRequired ? `${target.type} not null` : target.type
      throw problem('publish/value-does-not-fit', { model, column: staged.name, type, ...found })
    }
  }
}

/** @throws `publish/duplicate-key`, `publish/null-key` */
export async function assertKey(
  client: PoolClient,
  stage: string,
  model: string,
  uniqueKey: readonly string[],
): Promise<void> {
  if (uniqueKey.length === 0) return
  const columns = uniqueKey.map((name) => `s.${quoteIdent(name)}`)
  const absent = await client.query<{ count: number }>(
    `select count(*)::int as count from ${stage} s where ${columns.map((c) => `${c} is null`).join(' or ')}`,
  )
  const nulls = absent.rows[0]?.count ?? 0
  if (nulls > 0) {
    throw problem('publish/null-key', { model, key: uniqueKey.join(', '), count: nulls })
  }
  const repeated = await client.query<{ key: string; count: number }>(
    `select ${keyText(uniqueKey)} as key, count(*)::int as count
     from ${stage} s group by ${columns.join(', ')} having count(*) > 1 limit 1`,
  )
  const [twice] = repeated.rows
  if (twice !== undefined) throw problem('publish/duplicate-key', { model, ...twice })
}

function keyText(uniqueKey: readonly string[]): string {
  const parts = uniqueKey.map(
    (name) => `${quoteLiteral(`${name}=`)} || s.${quoteIdent(name)}::text`,
  )
  return parts.join(` || ', ' || `)
}

const integerBounds: Readonly<Record<string, string>> = {
  smallint: 'not between -32768 and 32767',
  integer: 'not between -2147483648 and 2147483647',
}

/** A condition that holds for staged values that the target's column cannot take. */
function misfit(staged: StagedColumn, target: TargetColumn): string | undefined {
  const column = `s.${quoteIdent(staged.name)}`
  const conditions: string[] = []
  const length = /^(?:character varying|character)\((\d+)\)$/.exec(target.type)?.[1]
  if (length !== undefined) conditions.push(`char_length(${column}::text) > ${length}`)
  const bounds = integerBounds[target.type]
  if (bounds !== undefined && /^(bigint|numeric)/.test(staged.type)) {
    conditions.push(`${column} ${bounds}`)
  }
  if (target.isRequired) conditions.push(`${column} is null`)
  return conditions.length > 0 ? conditions.join(' or ') : undefined
}

export type MergeCounts = { readonly updated: number; readonly inserted: number }

/** Inside the publishing transaction. */
export async function applyMerge(client: PoolClient, merge: MergeTarget): Promise<MergeCounts> {
  const table = quoteRelation(merge.schema, merge.table)
  const stage = quoteRelation(merge.schema, stageOf(merge.table))
  const pairs = pairsOf(merge)
  const others = pairs.filter(({ staged }) => !merge.uniqueKey.includes(staged.name))
  const keys = pairs.filter(({ staged }) => merge.uniqueKey.includes(staged.name))
  const sameKey = keys.map((pair) => `t.${nameOf(pair)} = ${converted(pair)}`).join(' and ')
  const isUnique = await hasUniqueIndex(client, merge.target.oid, merge.uniqueKey)
  // Without an index somebody could insert the same key between our two statements.
  if (!isUnique) await client.query(`lock table ${table} in share row exclusive mode`)
  let updated = 0
  if (others.length > 0) {
    const assignments = others.map((pair) => `${nameOf(pair)} = ${converted(pair)}`).join(', ')
    const differs = others.map(differsSql).join(' or ')
    const result = await client.query(
      `update ${table} t set ${assignments} from ${stage} s where ${sameKey} and (${differs})`,
    )
    updated = result.rowCount ?? 0
  }
  const absent = `where not exists (select 1 from ${table} t where ${sameKey})`
  const onConflict = isUnique ? conflictClause(keys, others) : ''
  const inserted = await insertRows(client, merge, `${absent} ${onConflict}`)
  return { updated, inserted }
}

/** Inside the publishing transaction: all staged rows, at the end. */
export async function applyAppend(client: PoolClient, merge: MergeTarget): Promise<MergeCounts> {
  return { updated: 0, inserted: await insertRows(client, merge, '') }
}

async function insertRows(client: PoolClient, merge: MergeTarget, rest: string): Promise<number> {
  const table = quoteRelation(merge.schema, merge.table)
  const stage = quoteRelation(merge.schema, stageOf(merge.table))
  const pairs = pairsOf(merge)
  const result = await client.query(
    `insert into ${table} (${pairs.map(nameOf).join(', ')}) overriding system value
     select ${pairs.map(converted).join(', ')} from ${stage} s ${rest}`,
  )
  return result.rowCount ?? 0
}

function conflictClause(keys: readonly Pair[], others: readonly Pair[]): string {
  const target = `on conflict (${keys.map(nameOf).join(', ')})`
  if (others.length === 0) return `${target} do nothing`
  const assignments = others.map((pair) => `${nameOf(pair)} = excluded.${nameOf(pair)}`)
  return `${target} do update set ${assignments.join(', ')}`
}

/**
 * The first number that PostgreSQL hands out itself in an integer key: the upper half of the type is for rows
 * inserted by hand, so that a later row of the lake never has the key of one of them.
 */
const firstOwnNumber: Readonly<Record<string, string>> = {
  smallint: '16384',
  integer: '1073741824',
  bigint: '4611686018427387904',
}

/** Moves the sequences of serial columns past what was published. They never go back, not even by a roll-back. */
export async function advanceSequences(client: PoolClient, merge: MergeTarget): Promise<void> {
  const table = quoteRelation(merge.schema, merge.table)
  for (const { target } of pairsOf(merge)) {
    const first = firstOwnNumber[target.type]
    if (first === undefined) continue
    const { rows } = await client.query<{ sequence: string | null }>(
      'select pg_get_serial_sequence($1, $2) as sequence',
      [table, target.name],
    )
    const sequence = rows[0]?.sequence
    if (sequence == null) continue
    const column = quoteIdent(target.name)
    await client.query(
      `select setval($1::regclass, highest, true)
       from (select greatest(coalesce(max(${column}), 0), ${first} - 1)::bigint as highest from ${table}) t
       where highest > (select case when is_called then last_value else last_value - 1 end from ${sequence})`,
      [sequence],
    )
  }
}

function pairsOf(merge: MergeTarget): Pair[] {
  const byName = new Map(merge.target.columns.map((column) => [column.name, column]))
  return merge.columns.flatMap((staged) => {
    const target = byName.get(staged.name)
    return target === undefined ? [] : [{ staged, target }]
  })
}

function nameOf({ staged }: Pair): string {
  return quoteIdent(staged.name)
}

/** The staged value as the target's type. A cast to varchar(n) would cut silently; assignment does not. */
function converted({ staged, target }: Pair): string {
  const column = `s.${quoteIdent(staged.name)}`
  const isText = /^(character|text)/.test(target.type)
  if (isText) return staged.type === 'text' ? column : `${column}::text`
  return staged.type === target.type ? column : `${column}::${target.type}`
}

/** `json` has no equality of its own. */
function differsSql(pair: Pair): string {
  const comparable = pair.target.type === 'json' ? '::jsonb' : ''
  return `t.${nameOf(pair)}${comparable} is distinct from (${converted(pair)})${comparable}`
}
