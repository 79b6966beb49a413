/** Creates a function in the database, before the models that call it. */
import type { FunctionNode } from '../compile/graph.ts'
import { materializeFunction } from '../materialize/function.ts'
import type { NodeContext } from './node-context.ts'

/** @throws DuckDB's error, or a problem of its template */
export async function createFunction(
  node: FunctionNode,
  { session, renderer }: NodeContext,
): Promise<{ readonly message: undefined }> {
  const { database } = session
  const body = await renderer.render(node.id, { isIncremental: false, database })
  for (const { sql } of materializeFunction(node, body)) await session.execute(sql)
  return { message: undefined }
}
