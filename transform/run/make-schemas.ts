/**
 * Schemas that a run writes to, made before its nodes as in dbt: two connections that make the same schema at once
 * are in each other's way.
 */
import { quoteRelation } from '../../core/sql.ts'
import type { Session } from './adapter.ts'
import { writtenRelation } from './node-result.ts'
import type { Run } from './run-dependencies.ts'
import type { RunState } from './run-state.ts'

export async function makeSchemas({ plan }: Run, session: Session, state: RunState): Promise<void> {
  for (const { node } of plan.stages) {
    const relation = writtenRelation(node)
    if (relation === undefined || state.hasSchema(relation)) continue
    const { catalog, schema } = relation
    await session.execute(`create schema if not exists ${quoteRelation(catalog, schema)}`)
    state.madeSchema(relation)
  }
}
