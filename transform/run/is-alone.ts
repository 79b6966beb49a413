/**
 * Which nodes are one statement, so that the statement is the transaction. DuckDB runs `commit` on another thread and
 * spins until it is back: 1,000 small nodes cost 5.4 s of CPU between `begin` and `commit`, and 2.5 s without them.
 */
import type { RunnableNode } from '../plan/plan-run.ts'
import type { NodeRenderer } from './node-renderer.ts'
import type { RunState } from './run-state.ts'

/** Configs that bring no statement with them; whatever else is said may. */
const silent = new Set([
  ...[
    'access',
    'alias',
    'database',
    'description',
    'docs',
    'enabled',
    'event_time',
    'full_refresh',
  ],
  ...['group', 'materialized', 'meta', 'on_configuration_change', 'on_error', 'on_schema_change'],
  ...['packages', 'publish', 'retries', 'schema', 'tags', 'timeout', 'unique_key'],
])

export function isAlone(node: RunnableNode, state: RunState, renderer: NodeRenderer): boolean {
  if (node.kind !== 'model') return false
  const { materialized, config, relation } = node
  if (materialized !== 'view' && materialized !== 'table') return false
  const existing = state.existing(relation)
  if (existing !== undefined && existing !== materialized) return false
  const isPlain = Object.entries(config).every(([key, value]) => silent.has(key) || isEmpty(value))
  return isPlain && renderer.replacing(node.id) === undefined
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true
  return typeof value === 'object' && Object.values(value).every(isEmpty)
}
