/** How a DuckLake table lies in its files: `partitioned_by` and `sorted_by`, in the spelling of dbt-duckdb. */
import { quoteIdent } from '../../core/sql.ts'
import type { ModelNode, Relation } from '../compile/graph.ts'
import { nonEmptyList } from './config-lists.ts'
import { plain, relationSql, type Statement } from './statement.ts'

/** As SQL; undefined where nothing is said. */
export type Layout = {
  /** Columns or transforms of them: `year(day), region`. */
  readonly partitionedBy: string | undefined
  /** Quoted columns. */
  readonly sortedBy: string | undefined
}

export const noLayout: Layout = { partitionedBy: undefined, sortedBy: undefined }

/** @throws `model/invalid-config` */
export function layoutOf(model: ModelNode): Layout {
  return {
    partitionedBy: nonEmptyList(model, ['partitioned_by', 'partition_by'])?.join(', '),
    sortedBy: nonEmptyList(model, ['sorted_by', 'sort_by'])?.map(quoteIdent).join(', '),
  }
}

/** For a table without rows: they are laid out while they are inserted. */
export function layoutStatements(relation: Relation, layout: Layout): Statement[] {
  const { partitionedBy, sortedBy } = layout
  const set = (what: string, by: string | undefined) =>
    by === undefined ? [] : [plain(`alter table ${relationSql(relation)} set ${what} by (${by})`)]
  return [...set('partitioned', partitionedBy), ...set('sorted', sortedBy)]
}
