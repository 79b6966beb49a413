/**
 * The history of a query's rows: each version of a row with the time from which and to which it held. What changed is
 * found by one join into a temporary table; an update then closes the old versions and an insert adds the new ones,
 * because DuckLake's MERGE takes a single action.
 */
import { quoteIdent } from '../../core/sql.ts'
import type { Relation } from '../compile/graph.ts'
import type { SnapshotRules } from './snapshot-rules.ts'
import type { SnapshotSettings } from './snapshot-settings.ts'
import type { TableColumn } from './statement.ts'
import { counting, plain, relationSql, type Statement } from './statement.ts'

export type SnapshotTarget = {
  readonly name: string
  readonly relation: Relation
  readonly settings: SnapshotSettings
  readonly rules: SnapshotRules
}

/** The first time: every row is a version that holds. */
export function firstSnapshot(target: SnapshotTarget, sql: string): Statement {
  const { relation, settings, rules } = target
  const { columns } = settings
  const added = [
    `${rules.scdId} as ${quoteIdent(columns.dbt_scd_id)}`,
    `${rules.updatedAt} as ${quoteIdent(columns.dbt_updated_at)}`,
    `${rules.updatedAt} as ${quoteIdent(columns.dbt_valid_from)}`,
    `${openEnd(target)} as ${quoteIdent(columns.dbt_valid_to)}`,
    ...(keepsDeleted(target) ? [`'False' as ${quoteIdent(columns.dbt_is_deleted)}`] : []),
  ]
  return counting(
    `create table ${relationSql(relation)} as\nselect *,\n  ${added.join(',\n  ')}\nfrom (\n${sql}\n) as snapshot_query`,
  )
}

/** What a snapshot must have beside the columns of its query. */
export function missingColumns(target: SnapshotTarget, table: readonly TableColumn[]): string[] {
  const { dbt_scd_id: id, dbt_valid_from: from, dbt_valid_to: to } = target.settings.columns
  const needed = [id, from, to]
  if (keepsDeleted(target)) needed.push(target.settings.columns.dbt_is_deleted)
  const known = new Set(table.map(({ name }) => name.toLowerCase()))
  return needed.filter((name) => !known.has(name.toLowerCase()))
}

/** The temporary table of what changed. */
export function changesName({ name }: Pick<SnapshotTarget, 'name'>): string {
  return `temp.main.${quoteIdent(`${name}__changes`)}`
}

/**
 * Finds what changed since the last snapshot: a row for each version that begins or ends.
 * @param query columns of the query
 * @param table columns of the snapshot as it is
 */
export function stageChanges(
  target: SnapshotTarget,
  sql: string,
  query: readonly TableColumn[],
  table: readonly TableColumn[],
): Statement {
  const { name, relation, settings, rules } = target
  const { columns } = settings
  const finds = rules.hardDeletes === 'ignore' ? 'left' : 'full'
  return counting(`create or replace temp table ${quoteIdent(`${name}__changes`)} as
with snapshot_query as (
${sql}
),
source_data as (
  select *, ${keysOf(settings)},
    ${rules.updatedAt} as ${quoteIdent(columns.dbt_updated_at)},
    ${rules.scdId} as ${quoteIdent(columns.dbt_scd_id)},
    true as millrace_is_there
  from snapshot_query
),
snapshotted_data as (
  select *, ${keysOf(settings)}, true as millrace_is_there
  from ${relationSql(relation)}
  where ${holds(target, '')}
)
select
  ${changedColumns(target, query, table).join(',\n  ')}
from source_data
${finds} join snapshotted_data on ${sameRow(settings)}
where ${isChange(target)}`)
}

/** Adds the columns that are new in the query. Those that it no longer gives stay, empty in new versions. */
export function addColumns(
  { relation }: SnapshotTarget,
  query: readonly TableColumn[],
  table: readonly TableColumn[],
): Statement[] {
  const known = new Set(table.map(({ name }) => name.toLowerCase()))
  return query
    .filter(({ name }) => !known.has(name.toLowerCase()))
    .map(({ name, type }) =>
      plain(`alter table ${relationSql(relation)} add column ${quoteIdent(name)} ${type}`),
    )
}

/** Takes the changes in: versions that ended are closed, new ones come in. */
export function takeChanges(
  target: SnapshotTarget,
  query: readonly TableColumn[],
  table: readonly TableColumn[],
): Statement[] {
  const known = new Set(table.map(({ name }) => name.toLowerCase()))
  return [closeVersions(target), insertVersions(target, query, known)]
}

export function dropChanges(target: SnapshotTarget): Statement {
  return plain(`drop table if exists ${changesName(target)}`)
}

/** Each version once, whatever the number of rows with its key: DuckLake would write it once for each. */
function closeVersions(target: SnapshotTarget): Statement {
  const { dbt_scd_id: id, dbt_valid_to: to } = target.settings.columns
  return plain(`update ${relationSql(target.relation)} as old_versions
set ${quoteIdent(to)} = ended.millrace_ended_at
from (
  select millrace_ends, min(millrace_ended_at) as millrace_ended_at
  from ${changesName(target)}
  where millrace_change <> 'insert'
  group by millrace_ends
) as ended
where old_versions.${quoteIdent(id)} = ended.millrace_ends and ${holds(target, 'old_versions.')}`)
}

function insertVersions(
  target: SnapshotTarget,
  query: readonly TableColumn[],
  known: ReadonlySet<string>,
): Statement {
  const { columns } = target.settings
  const meta = [
    ...[columns.dbt_scd_id, columns.dbt_updated_at, columns.dbt_valid_from, columns.dbt_valid_to],
    ...(keepsDeleted(target) ? [columns.dbt_is_deleted] : []),
  ]
  // A table of an earlier time may lack dbt_updated_at.
  const there = meta.filter((name) => known.has(name.toLowerCase()))
  const list = [...query.map(({ name }) => name), ...there].map(quoteIdent).join(', ')
  const begins = keepsDeleted(target) ? '' : "\nwhere millrace_change <> 'delete'"
  return counting(
    `insert into ${relationSql(target.relation)} (${list})\nselect ${list}\nfrom ${changesName(target)}${begins}`,
  )
}

/** What a change says of the version that ends, and what the version that begins is made of. */
function changedColumns(
  target: SnapshotTarget,
  query: readonly TableColumn[],
  table: readonly TableColumn[],
): string[] {
  const { rules, settings } = target
  const { columns } = settings
  const known = new Set(table.map(({ name }) => name.toLowerCase()))
  const isDeleted = 'source_data.millrace_is_there is null'
  const old = (column: string) => `snapshotted_data.${quoteIdent(column)}`
  const fresh = (column: string) => `source_data.${quoteIdent(column)}`
  const ifDeleted = (deleted: string, otherwise: string) =>
    rules.hardDeletes === 'ignore'
      ? otherwise
      : `case when ${isDeleted} then ${deleted} else ${otherwise} end`
  const values = query.map(({ name }) => {
    const isKept = keepsDeleted(target) && known.has(name.toLowerCase())
    return `${isKept ? ifDeleted(old(name), fresh(name)) : fresh(name)} as ${quoteIdent(name)}`
  })
  const changedAt = ifDeleted(rules.words.now, fresh(columns.dbt_updated_at))
  const deletedId = rules.words.hash([old(columns.dbt_scd_id), rules.words.now])
  const end = openEnd(target, fresh(columns.dbt_updated_at))
  return [
    `case when ${isDeleted} then 'delete' when snapshotted_data.millrace_is_there is null then 'insert' else 'update' end as millrace_change`,
    `${old(columns.dbt_scd_id)} as millrace_ends`,
    `${changedAt} as millrace_ended_at`,
    ...values,
    `${ifDeleted(deletedId, fresh(columns.dbt_scd_id))} as ${quoteIdent(columns.dbt_scd_id)}`,
    `${changedAt} as ${quoteIdent(columns.dbt_updated_at)}`,
    `${changedAt} as ${quoteIdent(columns.dbt_valid_from)}`,
    `${ifDeleted(old(columns.dbt_valid_to), end)} as ${quoteIdent(columns.dbt_valid_to)}`,
    ...(keepsDeleted(target)
      ? [
          `case when ${isDeleted} then 'True' else 'False' end as ${quoteIdent(columns.dbt_is_deleted)}`,
        ]
      : []),
  ]
}

function isChange(target: SnapshotTarget): string {
  const { rules, settings } = target
  const wasDeleted = `snapshotted_data.${quoteIdent(settings.columns.dbt_is_deleted)} is not distinct from 'True'`
  const changed = `(${rules.rowChanged})${keepsDeleted(target) ? ` or ${wasDeleted}` : ''}`
  const found = `snapshotted_data.millrace_is_there is null or (source_data.millrace_is_there and (${changed}))`
  if (rules.hardDeletes === 'ignore') return found
  const gone = `source_data.millrace_is_there is null${keepsDeleted(target) ? ` and not (${wasDeleted})` : ''}`
  return `${found}\n  or (${gone})`
}

/** The versions that hold: those with the end that means so. */
function holds({ settings }: SnapshotTarget, prefix: string): string {
  const end = `${prefix}${quoteIdent(settings.columns.dbt_valid_to)}`
  const { validToCurrent } = settings
  return validToCurrent === undefined
    ? `${end} is null`
    : `(${end} = ${validToCurrent} or ${end} is null)`
}

/** The end of a version that holds, in a type that also takes the time at which it will end. */
function openEnd({ settings, rules }: SnapshotTarget, updatedAt: string = rules.updatedAt): string {
  return `coalesce(nullif(${updatedAt}, ${updatedAt}), ${settings.validToCurrent ?? 'null'})`
}

function keepsDeleted({ rules }: SnapshotTarget): boolean {
  return rules.hardDeletes === 'new_record'
}

/** Under dbt's names, which strategies of a project's own may use. */
function keysOf({ uniqueKey }: SnapshotSettings): string {
  return uniqueKey.map((key, at) => `${key} as ${keyName(uniqueKey, at)}`).join(', ')
}

function sameRow({ uniqueKey }: SnapshotSettings): string {
  return uniqueKey
    .map((_, at) => keyName(uniqueKey, at))
    .map((key) => `snapshotted_data.${key} = source_data.${key}`)
    .join(' and ')
}

function keyName(uniqueKey: readonly string[], at: number): string {
  return uniqueKey.length === 1 ? 'dbt_unique_key' : `dbt_unique_key_${at + 1}`
}
