/** What happens when a query's columns no longer are its table's: `on_schema_change`. */
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import { type ModelNode, textConfig } from '../compile/graph.ts'
import type { TableColumn } from './incremental.ts'
import { plain, relationSql, type Statement } from './statement.ts'

export type SchemaChange = {
  readonly statements: readonly Statement[]
  /** The table's columns once the statements have run. */
  readonly columns: readonly TableColumn[]
}

const modes: readonly string[] = ['ignore', 'fail', 'append_new_columns', 'sync_all_columns']

/**
 * @param table columns of the table
 * @param batch columns of the new rows
 * @throws `model/schema-changed` when the change is not allowed, `model/invalid-config`
 */
export function adaptSchema(
  model: ModelNode,
  table: readonly TableColumn[],
  batch: readonly TableColumn[],
): SchemaChange {
  const mode = textConfig(model.config, 'on_schema_change') ?? 'ignore'
  if (!modes.includes(mode)) {
    const parameters = { node: model.name, key: 'on_schema_change', reason: `is ${mode}` }
    throw problem('model/invalid-config', parameters, { at: { file: model.file } })
  }
  const added = without(batch, table)
  const removed = without(table, batch)
  if (removed.length > 0 && (mode === 'ignore' || mode === 'fail')) {
    throw changed(model, `the query no longer gives ${names(removed)}`)
  }
  if (added.length > 0 && mode === 'fail') throw changed(model, `${names(added)} is new`)
  if (mode === 'ignore' || mode === 'fail') return { statements: [], columns: table }
  const dropped = mode === 'sync_all_columns' ? removed : []
  const relation = relationSql(model.relation)
  const statements = [
    ...added.map(({ name, type }) =>
      plain(`alter table ${relation} add column ${quoteIdent(name)} ${type}`),
    ),
    ...dropped.map(({ name }) => plain(`alter table ${relation} drop column ${quoteIdent(name)}`)),
  ]
  // Columns that were kept though the query no longer gives them stay empty in the new rows.
  const kept = table.filter((column) => without([column], removed).length > 0)
  return { statements, columns: [...kept, ...added] }
}

function without(columns: readonly TableColumn[], others: readonly TableColumn[]): TableColumn[] {
  const known = new Set(others.map(({ name }) => name.toLowerCase()))
  return columns.filter(({ name }) => !known.has(name.toLowerCase()))
}

function names(columns: readonly TableColumn[]): string {
  return columns.map(({ name }) => name).join(', ')
}

function changed(model: ModelNode, reason: string) {
  const parameters = { node: model.name, reason }
  return problem('model/schema-changed', parameters, { at: { file: model.file } })
}
