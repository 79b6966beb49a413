/** A model as a table, made anew. */
import { quoteIdent } from '../../core/sql.ts'
import type { Relation } from '../compile/graph.ts'
import { type Layout, layoutStatements, noLayout } from './layout.ts'
import {
  counting,
  dropOther,
  type Existing,
  plain,
  relationSql,
  type Statement,
} from './statement.ts'

/** What a table has beside the rows of its query. */
export type TableShape = {
  readonly layout?: Layout
  /** Columns and constraints of a contract. */
  readonly contract?: { readonly ddl: string; readonly columns: string } | undefined
}

/** One statement, unless the table is partitioned, sorted or under contract: then it is made empty and filled. */
export function materializeTable(
  relation: Relation,
  sql: string,
  existing: Existing,
  { layout = noLayout, contract }: TableShape = {},
): Statement[] {
  const name = relationSql(relation)
  const arranged = layoutStatements(relation, layout)
  const before = dropOther(relation, existing, 'table')
  if (contract === undefined && arranged.length === 0) {
    return [...before, counting(`create or replace table ${name} as\n${sql}`)]
  }
  // The rows that stand in the table now are gone once it is made anew, and the query may want them.
  const readsItself = existing === 'table' && mentions(sql, relation)
  const staged = `temp.main.${quoteIdent(`${relation.name}__rows`)}`
  const subquery = readsItself ? staged : `(\n${sql}\n) as model_subq`
  const empty =
    contract === undefined ? ` as\nselect * from ${subquery}\nlimit 0` : ` ${contract.ddl}`
  const insert =
    contract === undefined
      ? `insert into ${name}\nselect * from ${subquery}`
      : `insert into ${name} (${contract.columns})\nselect ${contract.columns} from ${subquery}`
  const make = [plain(`create or replace table ${name}${empty}`), ...arranged, counting(insert)]
  if (!readsItself) return [...before, ...make]
  const stage = plain(`create or replace temp table ${staged} as\n${sql}`)
  return [...before, stage, ...make, plain(`drop table ${staged}`)]
}

/** Whether a query may read a relation: its name stands somewhere in it, and not within another one. */
export function mentions(sql: string, { name }: Relation): boolean {
  const text = name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return new RegExp(`(?<![\\p{L}\\p{N}_])${text}(?![\\p{L}\\p{N}_])`, 'iu').test(sql)
}
