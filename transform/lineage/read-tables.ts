/**
 * Which tables a query reads, from the tree that DuckDB's own parser makes of it (`json_serialize_sql`). Names of
 * CTEs are not tables, where they are in force; functions and files are left aside.
 */
import type { TableName } from './table-name.ts'

type Node = Readonly<Record<string, unknown>>

/** Names of CTEs in force, in lower case. */
type Scope = ReadonlySet<string>

/**
 * @param serialized what `json_serialize_sql` gives, parsed
 * @returns each table once, in the order in which it is first named; nothing for a statement that DuckDB does not
 * serialize, such as an insert
 */
export function readTables(serialized: unknown): TableName[] {
  const found = new Map<string, TableName>()
  const add = (table: TableName) => {
    const key = JSON.stringify([table.catalog, table.schema, table.name]).toLowerCase()
    if (!found.has(key)) found.set(key, table)
  }
  if (isNode(serialized) && serialized['error'] !== true) {
    walk(serialized['statements'], new Set(), add)
  }
  return [...found.values()]
}

type Add = (table: TableName) => void

function walk(value: unknown, scope: Scope, add: Add): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, scope, add)
    return
  }
  if (!isNode(value)) return
  if (value['type'] === 'BASE_TABLE') addTable(value, scope, add)
  const { cte_map: ctes, ...rest } = value
  const inner = ctes === undefined ? scope : enterCtes(ctes, scope, add)
  const own = value['type'] === 'RECURSIVE_CTE_NODE' ? withName(inner, value['cte_name']) : inner
  for (const part of Object.values(rest)) walk(part, own, add)
}

/** The bodies of CTEs, each of which sees those before it. @returns the names in force behind them */
function enterCtes(ctes: unknown, scope: Scope, add: Add): Scope {
  const entries = isNode(ctes) && Array.isArray(ctes['map']) ? ctes['map'] : []
  let inner = scope
  for (const entry of entries) {
    if (!isNode(entry)) continue
    walk(entry['value'], inner, add)
    inner = withName(inner, entry['key'])
  }
  return inner
}

function withName(scope: Scope, name: unknown): Scope {
  return typeof name === 'string' ? new Set([...scope, name.toLowerCase()]) : scope
}

function addTable(node: Node, scope: Scope, add: Add): void {
  const part = (key: string) => {
    const value = node[key]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [catalog, schema, name] = ['catalog_name', 'schema_name', 'table_name'].map(part)
  if (name === undefined) return
  if (schema === undefined && (scope.has(name.toLowerCase()) || isFile(name))) return
  add({ catalog, schema, name })
}

/** `from 'orders.parquet'`: DuckDB opens what looks like a file. */
function isFile(name: string): boolean {
  return (
    /:\/\//.test(name) ||
    /\.(parquet|csv|tsv|txt|json|jsonl|ndjson|xlsx|avro|db|duckdb)(\.(gz|zst))?$/i.test(name)
  )
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
