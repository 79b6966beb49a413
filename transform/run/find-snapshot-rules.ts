/** How a snapshot tells what changed: dbt's strategies as SQL, or the macros that a project has put in their place. */
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import type { SnapshotNode } from '../compile/graph.ts'
import {
  checkRules,
  type SnapshotRules,
  type SnapshotWords,
  timestampRules,
  usualWords,
} from '../materialize/snapshot-rules.ts'
import type { HardDeletes, SnapshotSettings } from '../materialize/snapshot-settings.ts'
import type { TableColumn } from '../materialize/statement.ts'
import type { Session } from './adapter.ts'
import type { NodeContext } from './node-context.ts'
import { describe } from './run-state.ts'

export type FoundSnapshot = {
  readonly node: SnapshotNode
  readonly context: NodeContext
  readonly settings: SnapshotSettings
  /** The query, rendered. */
  readonly sql: string
}

/**
 * @param query columns of the query
 * @param table columns of the snapshot as it is; undefined the first time
 * @throws `model/invalid-config`, and whatever a macro raises
 */
export async function findSnapshotRules(
  found: FoundSnapshot,
  query: readonly TableColumn[],
  table: readonly TableColumn[] | undefined,
): Promise<SnapshotRules> {
  const { node, context, settings, sql } = found
  const { strategy, updatedAt, checkColumns } = settings
  const words = await findWords(found)
  const isUsual = strategy === 'timestamp' || strategy === 'check'
  const macro = `snapshot_${strategy.split('.').at(-1)}_strategy`
  if (!isUsual || context.renderer.replaces(node.id, [macro, 'strategy_dispatch'])) {
    return await askStrategy(found, words, table !== undefined)
  }
  if (strategy === 'timestamp') return timestampRules(settings, updatedAt ?? '', words)
  const checked =
    checkColumns === 'all' || table === undefined
      ? query
      : await queryColumns(context.session, sql, checkColumns.join(', '))
  return checkRules(settings, namesOf(checked), namesOf(table ?? []), words)
}

/** Columns of a query, which is not run. */
export async function queryColumns(
  session: Session,
  sql: string,
  columns = '*',
): Promise<TableColumn[]> {
  const found = await describe(session, `(select ${columns} from (\n${sql}\n) as snapshot_query)`)
  // A column that is always NULL; DuckDB gives it this type in a table.
  return found.map(({ name, type }) => ({ name, type: type === '"NULL"' ? 'INTEGER' : type }))
}

function namesOf(columns: readonly TableColumn[]): string[] {
  return columns.map(({ name }) => name)
}

/** The few texts that are the same for all strategies. */
async function findWords(found: FoundSnapshot): Promise<SnapshotWords> {
  const { node, context, settings } = found
  const { renderer } = context
  const isOwnTime = renderer.replaces(node.id, ['snapshot_get_time', 'current_timestamp'])
  const now = isOwnTime ? await rendered(found, '{{ snapshot_get_time() }}') : usualWords.now
  if (!renderer.replaces(node.id, ['snapshot_hash_arguments'])) return { ...usualWords, now }
  const id = `snapshotted_data.${quoteIdent(settings.columns.dbt_scd_id)}`
  const hashes = new Map<string, string>()
  for (const list of [
    [...settings.uniqueKey, settings.updatedAt ?? now],
    [id, now],
  ]) {
    const text = JSON.stringify(list)
    hashes.set(text, await rendered(found, `{{ snapshot_hash_arguments(${text}) }}`))
  }
  const hash = (list: readonly string[]) => {
    return hashes.get(JSON.stringify(list)) ?? usualWords.hash(list)
  }
  return { now, hash }
}

async function askStrategy(
  found: FoundSnapshot,
  words: SnapshotWords,
  isThere: boolean,
): Promise<SnapshotRules> {
  const { strategy } = found.settings
  const name = JSON.stringify(strategy)
  const text = await rendered(
    found,
    `{{ tojson(strategy_dispatch(${name})(model, 'snapshotted_data', 'source_data', config, ${isThere})) }}`,
  )
  const answer = parseStrategy(found, text)
  const textOf = (key: string) => {
    const value = answer[key]
    if (typeof value === 'string') return value
    throw invalid(found, `is ${strategy}, whose macro gives no ${key}`)
  }
  return {
    updatedAt: textOf('updated_at'),
    scdId: textOf('scd_id'),
    rowChanged: textOf('row_changed'),
    hardDeletes: hardDeletesIn(answer),
    words,
  }
}

/** As in dbt, a strategy that does not speak of deleted rows leaves them alone. */
function hardDeletesIn({ hard_deletes: said }: Readonly<Record<string, unknown>>): HardDeletes {
  return said === 'invalidate' || said === 'new_record' ? said : 'ignore'
}

function parseStrategy(found: FoundSnapshot, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch (cause) {
    throw invalid(found, `is a macro whose value cannot be read: ${messageOf(cause)}`)
  }
  throw invalid(found, `is ${found.settings.strategy}, whose macro gives no dict`)
}

async function rendered({ node, context }: FoundSnapshot, text: string): Promise<string> {
  const { renderer, session } = context
  const state = { isIncremental: false, database: session.database }
  return (await renderer.renderText(node.id, text, state)).trim()
}

function invalid({ node }: FoundSnapshot, reason: string) {
  const parameters = { node: node.name, key: 'strategy', reason }
  return problem('model/invalid-config', parameters, { at: { file: node.file } })
}
