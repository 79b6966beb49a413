/** A model as a table, made anew. */
import type { Relation } from '../compile/graph.ts'
import { counting, dropOther, type Existing, relationSql, type Statement } from './statement.ts'

export function materializeTable(relation: Relation, sql: string, existing: Existing): Statement[] {
  return [
    ...dropOther(relation, existing, 'table'),
    counting(`create or replace table ${relationSql(relation)} as\n${sql}`),
  ]
}
