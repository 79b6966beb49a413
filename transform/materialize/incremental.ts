/** A model as a table that grows: the statements that take a batch of new rows into a table that is there already. */
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import type { ModelNode } from '../compile/graph.ts'
import { textConfig } from '../compile/graph.ts'
import { invalidConfig, nonEmptyList, textList } from './config-lists.ts'
import { mergeBatch } from './merge.ts'
import {
  counting,
  plain,
  relationSql,
  type Statement,
  type TableColumn,
  tupleSql,
} from './statement.ts'

const strategies = ['append', 'delete+insert', 'merge', 'insert_overwrite', 'microbatch'] as const

export type IncrementalStrategy = (typeof strategies)[number]

/** Where new rows come from, and where they go. */
export type Batch = {
  /** A relation, or a query in parentheses. */
  readonly rows: string
  /** Columns that are written, by name. */
  readonly columns: readonly TableColumn[]
  readonly isDucklake: boolean
  /** Of a batch of a microbatch model: as text that DuckDB reads, the end left out. */
  readonly window?: { readonly start: string; readonly end: string } | undefined
}

/** Which way new rows are taken in; without a word `delete+insert`, which without a key is `append`. */
export function strategyOf(model: ModelNode): IncrementalStrategy {
  const asked = textConfig(model.config, 'incremental_strategy') ?? 'default'
  if (asked === 'default') return uniqueKeyOf(model).length > 0 ? 'delete+insert' : 'append'
  const found = strategies.find((name) => name === asked)
  if (found !== undefined) return found
  const reason = `is ${asked}; there are ${strategies.join(', ')}`
  throw invalidConfig(model, 'incremental_strategy', reason)
}

/** `unique_key`, one column or several, as they stand in SQL. */
function uniqueKeyOf(model: ModelNode): string[] {
  return (textList(model, 'unique_key') ?? []).filter((key) => key !== '')
}

/** `predicates` is the older name. */
function predicatesOf(model: ModelNode): string[] {
  return textList(model, 'predicates') ?? textList(model, 'incremental_predicates') ?? []
}

/** Whether new rows are only added, so that nobody needs them twice. */
export function isPlainAppend(model: ModelNode): boolean {
  const strategy = strategyOf(model)
  if (strategy === 'append') return true
  return strategy === 'delete+insert' && uniqueKeyOf(model).length === 0
}

/** The name of the temporary table that holds a batch. */
export function batchName(model: ModelNode): string {
  return `temp.main.${quoteIdent(`${model.name}__new_rows`)}`
}

/** Makes the batch, so that the query runs once however often its rows are needed. */
export function stageBatch(model: ModelNode, sql: string): Statement {
  return plain(`create or replace temp table ${quoteIdent(`${model.name}__new_rows`)} as\n${sql}`)
}

export function dropBatch(model: ModelNode): Statement {
  return plain(`drop table if exists ${batchName(model)}`)
}

/** Statements that take the new rows into the table. @throws `model/invalid-config`, `model/compiler-error` */
export function takeBatch(model: ModelNode, batch: Batch): Statement[] {
  const strategy = strategyOf(model)
  switch (strategy) {
    case 'append':
      return [insertBatch(model, batch)]
    case 'delete+insert':
      return [...deleteMatched(model, batch), insertBatch(model, batch)]
    case 'merge':
      return [
        mergeBatch(model, {
          batch: batch.rows,
          columns: batch.columns,
          isDucklake: batch.isDucklake,
          uniqueKey: uniqueKeyOf(model),
          predicates: predicatesOf(model),
        }),
      ]
    case 'insert_overwrite':
      return [deletePartitions(model, batch), insertBatch(model, batch)]
    case 'microbatch':
      return replaceWindow(model, batch)
    default:
      return strategy satisfies never
  }
}

function insertBatch({ relation }: ModelNode, { rows, columns }: Batch, where = ''): Statement {
  const list = columns.map(({ name }) => quoteIdent(name)).join(', ')
  return counting(
    `insert into ${relationSql(relation)} (${list})\nselect ${list} from ${rows}${where}`,
  )
}

/** dbt's names for the two sides, which predicates may use. */
function deleteMatched(model: ModelNode, { rows }: Batch): Statement[] {
  const keys = uniqueKeyOf(model)
  const [first] = keys
  if (first === undefined) return []
  const target = relationSql(model.relation)
  const predicates = predicatesOf(model)
  if (!Array.isArray(model.config['unique_key'])) {
    const found = `(${first}) in (select (${first}) from ${rows})`
    return [plain(`delete from ${target}\nwhere ${[found, ...predicates].join('\n  and ')}`)]
  }
  const pairs = keys.map((key) => `DBT_INTERNAL_SOURCE.${key} = DBT_INCREMENTAL_TARGET.${key}`)
  const where = [...pairs, ...predicates].join('\n  and ')
  return [
    plain(
      `delete from ${target} as DBT_INCREMENTAL_TARGET\nusing ${rows} as DBT_INTERNAL_SOURCE\nwhere ${where}`,
    ),
  ]
}

/** Every partition that occurs in the batch is replaced; NULL is a partition too. */
function deletePartitions(model: ModelNode, { rows }: Batch): Statement {
  const by = nonEmptyList(model, ['partition_by', 'partitioned_by'])
  if (by === undefined) {
    const reason = 'is needed by the strategy insert_overwrite: it says what a partition is'
    throw invalidConfig(model, 'partition_by', reason)
  }
  const partition = tupleSql(by)
  return plain(
    `delete from ${relationSql(model.relation)}\nwhere ${partition} in (select ${partition} from ${rows})`,
  )
}

/** What the batch's window holds is replaced; rows of the query outside of it are not taken. */
function replaceWindow(model: ModelNode, batch: Batch): Statement[] {
  const column = textConfig(model.config, 'event_time')
  const { window } = batch
  if (column === undefined || window === undefined) {
    const reason = "microbatch incremental strategy requires an 'event_time' model config"
    throw problem('model/compiler-error', { reason }, { at: { file: model.file } })
  }
  const within = `${column} >= '${window.start}' and ${column} < '${window.end}'`
  const where = [within, ...predicatesOf(model).map((predicate) => `(${predicate})`)]
  return [
    plain(`delete from ${relationSql(model.relation)}\nwhere ${where.join(' and ')}`),
    insertBatch(model, batch, `\nwhere ${within}`),
  ]
}
