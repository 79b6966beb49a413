/** A model as a table that grows: the statements that take a batch of new rows into a table that is there already. */
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import type { ModelNode } from '../compile/graph.ts'
import { textConfig } from '../compile/graph.ts'
import { counting, plain, relationSql, type Statement } from './statement.ts'

export type IncrementalStrategy = 'append' | 'delete+insert' | 'merge'

export type TableColumn = { readonly name: string; readonly type: string }

const strategies: readonly string[] = ['append', 'delete+insert', 'merge']

/** Which way new rows are taken in: as configured, else by the unique key if there is one. */
export function strategyOf(model: ModelNode): IncrementalStrategy {
  const asked = textConfig(model.config, 'incremental_strategy')
  if (asked === undefined) return uniqueKeyOf(model).length > 0 ? 'delete+insert' : 'append'
  if (!isStrategy(asked)) {
    const reason = `is ${asked}; there are ${strategies.join(', ')}`
    throw invalid(model, 'incremental_strategy', reason)
  }
  if (asked !== 'append' && uniqueKeyOf(model).length === 0) {
    throw invalid(model, 'unique_key', `is needed by the strategy ${asked}`)
  }
  return asked
}

function isStrategy(text: string): text is IncrementalStrategy {
  return strategies.includes(text)
}

function invalid(model: ModelNode, key: string, reason: string) {
  const parameters = { node: model.name, key, reason }
  return problem('model/invalid-config', parameters, { at: { file: model.file } })
}

/** `unique_key`, one column or several. */
function uniqueKeyOf(model: ModelNode): string[] {
  const key = model.config['unique_key']
  if (key === undefined || key === null) return []
  return Array.isArray(key) ? key.map(String) : [String(key)]
}

/** The name of the temporary table that holds a batch. */
export function batchName(model: ModelNode): string {
  return `temp.main.${quoteIdent(`${model.name}__new_rows`)}`
}

/** Makes the batch, so that the query runs once however often its rows are needed. */
export function stageBatch(model: ModelNode, sql: string): Statement {
  return plain(`create or replace temp table ${quoteIdent(`${model.name}__new_rows`)} as\n${sql}`)
}

/**
 * Statements that take the staged batch into the table.
 * @param columns of the table, in its order
 */
export function takeBatch(model: ModelNode, columns: readonly TableColumn[]): Statement[] {
  const strategy = strategyOf(model)
  const cleanup = plain(`drop table if exists ${batchName(model)}`)
  switch (strategy) {
    case 'append':
      return [insertBatch(model, columns), cleanup]
    case 'delete+insert':
      return [deleteMatched(model), insertBatch(model, columns), cleanup]
    case 'merge':
      return [mergeBatch(model, columns), cleanup]
    default:
      return strategy satisfies never
  }
}

function insertBatch(model: ModelNode, columns: readonly TableColumn[]): Statement {
  const list = columns.map(({ name }) => quoteIdent(name)).join(', ')
  return counting(
    `insert into ${relationSql(model.relation)} (${list})\nselect ${list} from ${batchName(model)}`,
  )
}

function deleteMatched(model: ModelNode): Statement {
  return plain(
    `delete from ${relationSql(model.relation)} as old_rows\nwhere exists (select 1 from ${batchName(model)} as new_rows where ${matchOn(model, 'old_rows', 'new_rows')})`,
  )
}

function mergeBatch(model: ModelNode, columns: readonly TableColumn[]): Statement {
  const names = columns.map(({ name }) => quoteIdent(name))
  const updates = names.map((name) => `${name} = new_rows.${name}`)
  return counting(
    `merge into ${relationSql(model.relation)} as old_rows
using ${batchName(model)} as new_rows on ${matchOn(model, 'old_rows', 'new_rows')}
when matched then update set ${updates.join(', ')}
when not matched then insert (${names.join(', ')}) values (${names.map((name) => `new_rows.${name}`).join(', ')})`,
  )
}

/** Rows with the same key, and what `incremental_predicates` adds. */
function matchOn(model: ModelNode, old: string, fresh: string): string {
  const keys = uniqueKeyOf(model).map(
    (key) => `${old}.${quoteIdent(key)} = ${fresh}.${quoteIdent(key)}`,
  )
  const more = model.config['incremental_predicates']
  const predicates = Array.isArray(more) ? more.map(String) : []
  return [...keys, ...predicates].join(' and ')
}
