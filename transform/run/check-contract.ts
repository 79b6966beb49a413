/** Contracts while a model is built: the columns before anything is written, the rules of a lake's rows after it. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { ModelNode } from '../compile/graph.ts'
import { checkContract, contractQuery, isContracted } from '../materialize/contract.ts'
import type { TableColumn } from '../materialize/statement.ts'
import { uncheckedConstraints, violationsQuery } from '../materialize/violations.ts'
import type { Session } from './adapter.ts'
import { engineOf } from './engine-of.ts'
import type { NodeContext } from './node-context.ts'

/** @throws `model/contract-failed` when the query gives other columns than the contract says */
export async function requireContract(
  node: ModelNode,
  session: Session,
  sql: string,
): Promise<void> {
  if (!isContracted(node)) return
  const rows = await session.query(contractQuery(node, sql))
  const sideOf = (side: string): TableColumn[] =>
    rows
      .filter((row) => row['side'] === side)
      .map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }))
  checkContract(node, sideOf('definition'), sideOf('contract'))
}

/**
 * @param batch where the new rows are; undefined when the whole table was written
 * @returns warnings
 * @throws `model/constraint-failed`
 */
export async function requireConstraints(
  node: ModelNode,
  { session, state }: NodeContext,
  batch: string | undefined,
): Promise<MillraceError[]> {
  if (!isContracted(node)) return []
  const { isDucklake } = await engineOf(session, state, node.relation)
  if (!isDucklake) return []
  const query = violationsQuery(node, batch)
  const [broken] = query === undefined ? [] : await session.query(query)
  if (broken !== undefined) {
    const count = Number(broken['violations'])
    const rows = count === 1 ? '1 row or key' : `${count} rows or keys`
    const parameters = { node: node.name, rule: String(broken['rule']), rows }
    throw problem('model/constraint-failed', parameters, { at: { file: node.file } })
  }
  const rules = uncheckedConstraints(node)
  if (rules.length === 0) return []
  return [
    problem('model/constraint-unchecked', { node: node.name, rules }, { at: { file: node.file } }),
  ]
}
