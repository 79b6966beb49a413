/**
 * A CSV file as a table, read by DuckDB. A column has the type that is declared for it; where none is, it gets the one
 * that dbt would give it, found over all of its values, and not over a sample.
 */
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import { type SeedNode, textConfig } from '../compile/graph.ts'
import { isMap } from './config-lists.ts'
import { type ColumnFacts, confirmSql, filledSql } from './seed-facts.ts'
import { counting, dropOther, type Existing, relationSql, type Statement } from './statement.ts'

/** Every value as text; with the names of the header. */
function readAsText(seed: SeedNode): string {
  return `read_csv(${[...readOptions(seed), 'all_varchar = true'].join(', ')})`
}

/** Quoted as dbt has it, whatever a file looks like; so DuckDB need not try other ways, which takes 6 ms a read. */
function readOptions(seed: SeedNode): string[] {
  const delimiter = textConfig(seed.config, 'delimiter') ?? ','
  return [
    quoteLiteral(seed.absolutePath),
    'header = true',
    `delim = ${quoteLiteral(delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
  ]
}

/**
 * A query whose columns are those of the file.
 * @throws `model/empty-seed`: DuckDB makes a column of its own of an empty file
 */
export function headerQuery(seed: SeedNode): string {
  if (seed.isEmpty) {
    throw problem('model/empty-seed', { seed: seed.name }, { at: { file: seed.file } })
  }
  return `select * from ${readAsText(seed)}`
}

/** The values of the first line of the file, as text. */
export function firstLineQuery(seed: SeedNode): string {
  const options = readOptions(seed).map((one) => one.replace('header = true', 'header = false'))
  return `select * from read_csv(${[...options, 'all_varchar = true'].join(', ')}) limit 1`
}

/** Values of a column that are looked at closely. What they show is then only confirmed on the others. */
export const closeRows = 1_000

/** A query of the first rows, as text. @throws as `headerQuery` */
export function firstRowsQuery(seed: SeedNode): string {
  return `${headerQuery(seed)} limit ${closeRows}`
}

/** A query of the first values that a column has, as `value`. */
export function firstValuesQuery(seed: SeedNode, name: string): string {
  const rows = `${headerQuery(seed)} where ${filledSql(name)} limit ${closeRows}`
  return `select ${quoteIdent(name)} as value from (${rows})`
}

/** A query of one row: the digits of each column over all rows, as `c0`, `c1` and so on. */
export function confirmQuery(seed: SeedNode, facts: ReadonlyMap<string, ColumnFacts>): string {
  const columns = [...facts].map(([name, found], at) => `${confirmSql(name, found)} as c${at}`)
  return `select ${columns.join(',\n')}\nfrom ${readAsText(seed)}`
}

/** `data_type` is for contracts and documentation; only the config `column_types` declares. */
export function declaredTypes(seed: SeedNode): ReadonlyMap<string, string> {
  const declared = seed.config['column_types']
  const entries = isMap(declared) ? Object.entries(declared) : []
  return new Map(entries.map(([column, type]) => [column, String(type)]))
}

export type SeedColumn = { readonly name: string; readonly type: string }

/** @param columns of the file, in its order */
export function materializeSeed(
  seed: SeedNode,
  columns: readonly SeedColumn[],
  existing: Existing,
): Statement[] {
  const types = columns.map(({ name, type }) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`)
  const options = [...readOptions(seed), `columns = {${types.join(', ')}}`]
  const name = relationSql(seed.relation)
  return [
    ...dropOther(seed.relation, existing, 'table'),
    counting(`create or replace table ${name} as\nselect * from read_csv(${options.join(', ')})`),
  ]
}
