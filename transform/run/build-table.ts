/** Writes a table anew: its rows, and what a model says besides (layout, contract, indexes, comments). */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { ModelNode, SeedNode } from '../compile/graph.ts'
import { commentColumns, commentRelation, persistedDocs } from '../materialize/comments.ts'
import { contractShape, isContracted } from '../materialize/contract.ts'
import { createIndexes } from '../materialize/indexes.ts'
import { layoutOf, noLayout } from '../materialize/layout.ts'
import type { Statement } from '../materialize/statement.ts'
import { materializeTable, type TableShape } from '../materialize/table.ts'
import { type Built, runStatements, runTogether } from './built.ts'
import { requireConstraints, requireContract } from './check-contract.ts'
import { detachForeignKeys } from './detach-keys.ts'
import { engineOf } from './engine-of.ts'
import type { NodeContext } from './node-context.ts'

/** @throws DuckDB's error, `model/contract-failed`, `model/constraint-failed`, `model/invalid-config` */
export async function buildTable(
  node: ModelNode,
  context: NodeContext,
  sql: string,
): Promise<Built> {
  const { session, state } = context
  const { relation } = node
  await requireContract(node, session, sql)
  const { shape, warnings } = await shapeOf(node, context)
  await detachForeignKeys(node, context)
  const statements = materializeTable(relation, sql, state.existing(relation), shape)
  const built = await replaceTable(node, context, statements)
  const unchecked = await requireConstraints(node, context, undefined)
  return { ...built, warnings: [...warnings, ...(built.warnings ?? []), ...unchecked] }
}

/** Runs the statements that make a table, and adds its indexes and comments. */
export async function replaceTable(
  node: ModelNode | SeedNode,
  context: NodeContext,
  statements: readonly Statement[],
): Promise<Built> {
  const { session, state } = context
  const rows = await runStatements(session, statements)
  state.wrote(node, 'table', 'replaced')
  const indexes = createIndexes(node)
  const isOnLake = indexes.length > 0 && (await engineOf(session, state, node.relation)).isDucklake
  await runTogether(session, isOnLake ? [] : indexes)
  await keepComments(node, context, 'table')
  const warnings = isOnLake ? [ignored(node, 'indexes', 'a DuckLake has none; use sorted_by')] : []
  return { rows, message: undefined, warnings }
}

/** What `persist_docs` asks for; columns are looked up only where they are commented. */
export async function keepComments(
  node: ModelNode | SeedNode,
  { session, state }: NodeContext,
  kind: 'table' | 'view',
): Promise<MillraceError[]> {
  const asked = persistedDocs(node)
  const statements = commentRelation(node, kind)
  const warnings: MillraceError[] = []
  if (asked.columns && node.columns.length > 0) {
    const { isDucklake } = await engineOf(session, state, node.relation)
    if (isDucklake && kind === 'view') {
      warnings.push(
        ignored(node, 'persist_docs.columns', 'a DuckLake keeps no comments on columns of views'),
      )
    } else {
      const columns = await state.columnsOf(session, node.relation)
      statements.push(
        ...commentColumns(
          node,
          columns.map(({ name }) => name),
        ),
      )
    }
  }
  await runTogether(session, statements)
  return warnings
}

async function shapeOf(
  node: ModelNode,
  { session, state }: NodeContext,
): Promise<{ readonly shape: TableShape; readonly warnings: readonly MillraceError[] }> {
  const layout = layoutOf(node)
  const isLaidOut = layout.partitionedBy !== undefined || layout.sortedBy !== undefined
  const hasContract = isContracted(node)
  if (!isLaidOut && !hasContract) return { shape: {}, warnings: [] }
  const { isDucklake } = await engineOf(session, state, node.relation)
  const contract = hasContract ? contractShape(node, isDucklake) : undefined
  if (isDucklake) return { shape: { layout, contract }, warnings: [] }
  return { shape: { layout: noLayout, contract }, warnings: layoutWarnings(node) }
}

/** `partition_by` has a meaning of its own where partitions are overwritten. */
function layoutWarnings(node: ModelNode): MillraceError[] {
  const overwrites = node.config['incremental_strategy'] === 'insert_overwrite'
  const keys = ['partitioned_by', 'partition_by', 'sorted_by', 'sort_by']
  return keys
    .filter((key) => node.config[key] !== undefined && node.config[key] !== null)
    .filter((key) => !(overwrites && key.startsWith('partition')))
    .map((key) => ignored(node, key, 'only a DuckLake lays files out'))
}

function ignored(node: ModelNode | SeedNode, key: string, reason: string): MillraceError {
  return problem(
    'model/config-ignored',
    { node: node.name, key, reason },
    { at: { file: node.file } },
  )
}
