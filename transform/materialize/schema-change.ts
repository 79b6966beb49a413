/** What happens when a query's columns no longer are its table's: `on_schema_change`. */
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import { type ModelNode, textConfig } from '../compile/graph.ts'
import { strategyOf } from './incremental.ts'
import type { TableColumn } from './statement.ts'
import { plain, relationSql, type Statement } from './statement.ts'

export type SchemaChange = {
  readonly statements: readonly Statement[]
  /** Columns that the new rows are written to: those of the query, of the table when it ignores changes. */
  readonly columns: readonly TableColumn[]
}

const modes = ['ignore', 'fail', 'append_new_columns', 'sync_all_columns'] as const

type Mode = (typeof modes)[number]

/** As in dbt, a word that is none of them is `ignore`. */
export function schemaModeOf({ config }: ModelNode): Mode {
  const said = textConfig(config, 'on_schema_change')
  return modes.find((mode) => mode === said) ?? 'ignore'
}

/**
 * @param table columns of the table
 * @param batch columns of the new rows
 * @throws `model/schema-changed` when the change is not allowed
 */
export function adaptSchema(
  model: ModelNode,
  table: readonly TableColumn[],
  batch: readonly TableColumn[],
  isDucklake: boolean,
): SchemaChange {
  const mode = schemaModeOf(model)
  const added = without(batch, table)
  const removed = without(table, batch)
  if (mode === 'ignore') {
    // A merge goes by name and takes what there is.
    if (removed.length === 0 || strategyOf(model) === 'merge')
      return { statements: [], columns: table }
    throw changed(model, `the query no longer gives ${names(removed)}`)
  }
  const retyped = retypedColumns(table, batch)
  if (mode === 'fail') {
    const reasons = describeChange(added, removed, retyped)
    if (reasons.length > 0) throw changed(model, reasons.join('; '))
    return { statements: [], columns: batch }
  }
  const isSync = mode === 'sync_all_columns'
  const relation = relationSql(model.relation)
  const statements = [
    ...added.map(({ name, type }) => `add column ${quoteIdent(name)} ${type}`),
    ...(isSync ? removed : []).map(({ name }) => `drop column ${quoteIdent(name)}`),
  ].map((change) => plain(`alter table ${relation} ${change}`))
  const retypes = isSync ? retyped.flatMap((column) => retype(relation, column, isDucklake)) : []
  // Columns that were kept though the query no longer gives them stay empty in the new rows.
  return { statements: [...statements, ...retypes], columns: batch }
}

type Retyped = TableColumn & { readonly from: string }

function retypedColumns(
  table: readonly TableColumn[],
  batch: readonly TableColumn[],
): readonly Retyped[] {
  const types = new Map(batch.map(({ name, type }) => [name.toLowerCase(), type]))
  return table.flatMap(({ name, type: from }) => {
    const type = types.get(name.toLowerCase())
    return type === undefined || type === from ? [] : [{ name, type, from }]
  })
}

/** What DuckLake widens in its catalog alone, without writing a row. */
const wider: Readonly<Record<string, readonly string[]>> = {
  TINYINT: ['SMALLINT', 'INTEGER', 'BIGINT'],
  SMALLINT: ['INTEGER', 'BIGINT'],
  INTEGER: ['BIGINT'],
  UTINYINT: ['USMALLINT', 'UINTEGER', 'UBIGINT'],
  USMALLINT: ['UINTEGER', 'UBIGINT'],
  UINTEGER: ['UBIGINT'],
  FLOAT: ['DOUBLE'],
}

/** Where the type cannot be set, the column is made anew; it is the last one then, as always in dbt. */
function retype(relation: string, { name, type, from }: Retyped, isDucklake: boolean): Statement[] {
  const column = quoteIdent(name)
  if (!isDucklake || wider[from]?.includes(type) === true) {
    return [plain(`alter table ${relation} alter column ${column} set data type ${type}`)]
  }
  const fresh = quoteIdent(`${name}__dbt_alter`)
  return [
    plain(`alter table ${relation} add column ${fresh} ${type}`),
    plain(`update ${relation} set ${fresh} = cast(${column} as ${type})`),
    plain(`alter table ${relation} drop column ${column}`),
    plain(`alter table ${relation} rename column ${fresh} to ${column}`),
  ]
}

function describeChange(
  added: readonly TableColumn[],
  removed: readonly TableColumn[],
  retyped: readonly Retyped[],
): string[] {
  return [
    ...(removed.length > 0 ? [`the query no longer gives ${names(removed)}`] : []),
    ...(added.length > 0 ? [`${names(added)} is new`] : []),
    ...retyped.map(({ name, type, from }) => `${name} is ${type} and was ${from}`),
  ]
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
