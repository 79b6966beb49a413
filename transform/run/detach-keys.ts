/**
 * DuckDB does not replace a table that a foreign key points at. Tables that this run builds anew afterwards are made
 * into plain copies of themselves first, so that their rows can be read until then; any other table stops the build.
 */
import { problem } from '../../core/problems.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { ModelNode, Relation } from '../compile/graph.ts'
import { isContracted } from '../materialize/contract.ts'
import { relationSql } from '../materialize/statement.ts'
import type { NodeContext } from './node-context.ts'

const keys = new Set(['primary_key', 'unique'])

/** @throws `model/foreign-key-in-the-way` */
export async function detachForeignKeys(node: ModelNode, context: NodeContext): Promise<void> {
  const { session, state } = context
  if (!hasKey(node) || state.existing(node.relation) !== 'table') return
  const { catalog, schema, name } = node.relation
  const rows = await session.query(dependantsQuery(node.relation))
  const dependants = rows.map((row) => ({ catalog, schema, name: String(row['table_name']) }))
  const stuck = dependants.flatMap((relation) => whyNot(relation, context))
  if (stuck.length > 0) {
    const parameters = { node: name, tables: stuck }
    throw problem('model/foreign-key-in-the-way', parameters, { at: { file: node.file } })
  }
  for (const relation of dependants) {
    const table = relationSql(relation)
    await session.execute(`create or replace table ${table} as from ${table}`)
    state.noted(relation, 'table')
  }
}

/** Only a key can be pointed at. */
function hasKey(node: ModelNode): boolean {
  if (!isContracted(node)) return false
  const all = [...node.constraints, ...node.columns.flatMap(({ constraints }) => constraints)]
  return all.some(({ type }) => keys.has(String(type)))
}

/** Foreign keys stay inside a schema; those that are furthest away come first. */
function dependantsQuery({ catalog, schema, name }: Relation): string {
  const [inCatalog, inSchema, table] = [catalog, schema, name].map(
    (part) => `lower(${quoteLiteral(part)})`,
  )
  return `with recursive keys as (
  select table_name, referenced_table from duckdb_constraints()
  where constraint_type = 'FOREIGN KEY' and lower(database_name) = ${inCatalog}
    and lower(schema_name) = ${inSchema} and lower(table_name) <> lower(referenced_table)
), dependants(table_name, depth) as (
  select table_name, 1 from keys where lower(referenced_table) = ${table}
  union
  select keys.table_name, dependants.depth + 1
  from keys join dependants on lower(keys.referenced_table) = lower(dependants.table_name)
)
select table_name from dependants group by table_name order by max(depth) desc, table_name`
}

/** Why a table may not lose its foreign keys; nothing when it may. */
function whyNot(relation: Relation, { plan, state, fullRefresh }: NodeContext): string[] {
  const key = relationSql(relation).toLowerCase()
  const stage = plan?.stages.find(
    ({ node }) => node.kind === 'model' && relationSql(node.relation).toLowerCase() === key,
  )
  if (stage === undefined || stage.node.kind !== 'model') {
    return [`${relation.name} (no model of this run builds it)`]
  }
  const { node } = stage
  if (state.results.has(node.id)) return [`${relation.name} (${node.name} is built before it)`]
  const own = node.config['full_refresh']
  const isFull = typeof own === 'boolean' ? own : fullRefresh
  if (node.materialized === 'table' || (node.materialized === 'incremental' && isFull)) return []
  return [`${relation.name} (${node.name} is ${node.materialized} and would lose its rows)`]
}
