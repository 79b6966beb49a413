/** A model as a view. */
import type { Relation } from '../compile/graph.ts'
import { dropOther, type Existing, plain, relationSql, type Statement } from './statement.ts'

export function materializeView(relation: Relation, sql: string, existing: Existing): Statement[] {
  return [
    ...dropOther(relation, existing, 'view'),
    plain(`create or replace view ${relationSql(relation)} as\n${sql}`),
  ]
}
