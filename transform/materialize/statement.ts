/** What a materialization writes: SQL text, in order. */
import { quoteRelation } from '../../core/sql.ts'
import type { Relation } from '../compile/graph.ts'

export type Statement = {
  readonly sql: string
  /** The number of rows it wrote is the number the model reports. */
  readonly countsRows: boolean
}

export type TableColumn = { readonly name: string; readonly type: string }

/** What stands at a relation's name now. */
export type Existing = 'table' | 'view' | undefined

export function plain(sql: string): Statement {
  return { sql, countsRows: false }
}

export function counting(sql: string): Statement {
  return { sql, countsRows: true }
}

export function relationSql({ catalog, schema, name }: Relation): string {
  return quoteRelation(catalog, schema, name)
}

/** Several values as one, in which NULL equals NULL; a `row()` of one value would be that value. */
export function tupleSql(values: readonly string[]): string {
  return `struct_pack(${values.map((value, at) => `v${at} := ${value}`).join(', ')})`
}

/** Neither `create or replace view` replaces a table nor the other way round. */
export function dropOther(relation: Relation, existing: Existing, wanted: Existing): Statement[] {
  if (existing === undefined || existing === wanted) return []
  return [plain(`drop ${existing} ${relationSql(relation)}`)]
}
