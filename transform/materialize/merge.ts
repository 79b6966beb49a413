/** The strategy `merge`: one MERGE with dbt-duckdb's clauses and its names for the two sides. */
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import type { ModelNode } from '../compile/graph.ts'
import { isMap } from './config-lists.ts'
import { type MergeClause, type MergeConfig, readMergeConfig } from './merge-config.ts'
import type { TableColumn } from './statement.ts'
import { counting, relationSql, type Statement } from './statement.ts'

export type MergeInputs = {
  /** Where the new rows are: a relation, or a query in parentheses. */
  readonly batch: string
  readonly uniqueKey: readonly string[]
  readonly predicates: readonly string[]
  /** Columns that an update without a list of its own sets. */
  readonly columns: readonly TableColumn[]
  readonly isDucklake: boolean
}

/** @throws `model/compiler-error` when the configs of the merge contradict each other */
export function mergeBatch(model: ModelNode, inputs: MergeInputs): Statement {
  const config = readMergeConfig(model, inputs.isDucklake)
  const lines = [
    `merge into ${relationSql(model.relation)} as DBT_INTERNAL_DEST`,
    `using ${inputs.batch} as DBT_INTERNAL_SOURCE`,
    joinClause(config, inputs),
    ...(config.whenMatched ?? [defaultUpdate(config)]).map((clause) =>
      [`when matched${conditionOf(clause)} then`, matchedAction(model, clause, inputs)].join(' '),
    ),
    ...(config.whenNotMatched ?? [defaultInsert(config)]).map((clause) =>
      [`when not matched${sideOf(clause)}${conditionOf(clause)} then`, otherAction(clause)].join(
        ' ',
      ),
    ),
    ...(config.returning.length > 0 ? [`returning ${config.returning.join(', ')}`] : []),
  ]
  return counting(lines.join('\n'))
}

function joinClause({ usingColumns }: MergeConfig, { uniqueKey, predicates }: MergeInputs): string {
  if (usingColumns.length > 0) {
    const more = predicates.length > 0 ? ` on (${predicates.join(') and (')})` : ''
    return `using (${usingColumns.join(', ')})${more}`
  }
  const pairs = uniqueKey.map((key) => `DBT_INTERNAL_SOURCE.${key} = DBT_INTERNAL_DEST.${key}`)
  // Without a key no row is the same as another, and all of them are inserted.
  const keys = pairs.length > 0 ? pairs : ['false']
  return `on (${[...keys, ...predicates].join(') and (')})`
}

function defaultUpdate(config: MergeConfig): MergeClause {
  const { updateCondition, updateColumns, excludeColumns, setExpressions } = config
  const lists = [updateColumns, excludeColumns, Object.keys(setExpressions)]
  const clause = { action: 'update', condition: updateCondition }
  if (lists.every((list) => list.length === 0)) return { ...clause, mode: 'by_name' }
  const update = {
    include: updateColumns,
    exclude: excludeColumns,
    set_expressions: setExpressions,
  }
  return { ...clause, mode: 'explicit', update }
}

function defaultInsert({ insertCondition }: MergeConfig): MergeClause {
  return { action: 'insert', mode: 'by_name', condition: insertCondition }
}

function conditionOf({ condition }: MergeClause): string {
  if (typeof condition === 'string' && condition !== '') return ` and ${condition}`
  const list = textsOf(condition)
  return list.length === 0 ? '' : ` and (${list.join(') and (')})`
}

function sideOf({ by }: MergeClause): string {
  return typeof by === 'string' && by !== '' ? ` by ${by}` : ''
}

const updateModes: Readonly<Record<string, string>> = {
  by_name: 'update by name',
  by_position: 'update by position',
  star: 'update set *',
}

function matchedAction(model: ModelNode, clause: MergeClause, inputs: MergeInputs): string {
  if (clause['action'] !== 'update') return plainAction(clause)
  const { mode, update } = clause
  if (mode !== 'explicit') return updateModes[String(mode)] ?? ''
  const how = isMap(update) ? update : {}
  const given = isMap(how['set_expressions']) ? how['set_expressions'] : {}
  const include = textsOf(how['include'])
  const exclude = textsOf(how['exclude'])
  const columns = updatedColumns(model, include, exclude, inputs.columns).filter(
    (column) => !Object.hasOwn(given, column.replaceAll(/["']/g, '')),
  )
  return `update set ${[
    ...Object.entries(given).map(([column, expression]) => `${column} = ${String(expression)}`),
    ...columns.map((column) => `${column} = DBT_INTERNAL_SOURCE.${column}`),
  ].join(', ')}`
}

function updatedColumns(
  model: ModelNode,
  include: readonly string[],
  exclude: readonly string[],
  columns: readonly TableColumn[],
): readonly string[] {
  if (include.length > 0 && exclude.length > 0) {
    const reason =
      'Model cannot specify merge_update_columns and merge_exclude_columns. Please update model to use only one config'
    throw problem('model/compiler-error', { reason }, { at: { file: model.file } })
  }
  if (include.length > 0) return include
  const left = new Set(exclude.map((name) => name.toLowerCase()))
  return columns
    .filter(({ name }) => !left.has(name.toLowerCase()))
    .map(({ name }) => quoteIdent(name))
}

const insertModes: Readonly<Record<string, string>> = {
  by_name: 'insert by name',
  by_position: 'insert by position',
  star: 'insert *',
}

function otherAction(clause: MergeClause): string {
  const { action, mode, insert, set_expressions: given } = clause
  if (action === 'update') {
    const entries = Object.entries(isMap(given) ? given : {})
    return `update set ${entries.map(([column, value]) => `${column} = ${String(value)}`).join(', ')}`
  }
  if (action !== 'insert') return plainAction(clause)
  if (mode !== 'explicit') return insertModes[String(mode)] ?? ''
  const how = isMap(insert) ? insert : {}
  const [columns, values] = [textsOf(how['columns']), textsOf(how['values'])]
  return `insert (${columns.join(', ')}) values (${values.join(', ')})`
}

function plainAction({ action, error_message: message }: MergeClause): string {
  if (action === 'delete') return 'delete'
  if (action === 'do_nothing') return 'do nothing'
  if (action !== 'error') return ''
  return typeof message === 'string' && message !== '' ? `error ${quoteLiteral(message)}` : 'error'
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
