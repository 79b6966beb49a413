/**
 * Is this text one SELECT that reads nothing but allowed tables? DuckDB's own parser gives the tree
 * (`json_serialize_sql`), and each node of it has to be of a kind that is known here to be harmless: what a later
 * release adds is refused.
 */
import { problem } from '../../../core/problems.ts'
import { allowedFunctions, allowedTableFunctions } from './allowed-functions.ts'

/** A table or view of the lake, spelled as there. */
export type Relation = { readonly schema: string; readonly name: string }

type Rules = {
  /** Schemas that may be read; a name without schema is looked for in them in this order. */
  readonly schemas: readonly string[]
  /** `schema.name` in lower case → the relation that is there. */
  readonly relations: ReadonlyMap<string, Relation>
}

type Tree = { readonly [key: string]: unknown }
type Walk = { readonly rules: Rules; readonly found: Map<string, Relation> }
type Scope = ReadonlySet<string>

const expressions = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'LAMBDA_REF',
  'OPERATOR',
  'PARAMETER',
  'POSITIONAL_REFERENCE',
  'STAR',
  'SUBQUERY',
  'TYPE',
  'WINDOW',
])
const queries = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE'])
const tables = new Set(['EMPTY', 'EXPRESSION_LIST', 'JOIN', 'PIVOT', 'SUBQUERY'])
const others =
  /^(ORDER_MODIFIER|LIMIT_MODIFIER|LIMIT_PERCENT_MODIFIER|DISTINCT_MODIFIER|ORDER_DEFAULT|ASCENDING|DESCENDING|[A-Z_]+_TYPE_INFO)$/
// A name that no catalog view and no file has: were a CTE's scope misjudged here, nothing else would answer to it.
const plainName = /^(?!duckdb_|pg_|sqlite_|pragma_|information_schema)[\p{L}_][\p{L}\p{N}_]*$/iu
// Far below what the stack holds; DuckDB itself stops at 1,000 nested expressions.
const maxDepth = 2500

/**
 * Checks what the parser gave.
 * @param serialized the answer of `json_serialize_sql`
 * @returns the relations that the statement reads
 * @throws `api/sql-invalid`, `api/sql-not-one-select`, `api/sql-table-refused`, `api/sql-function-refused`,
 *   `api/sql-construct-refused`
 */
export function checkStatement(serialized: unknown, rules: Rules): Relation[] {
  if (!isTree(serialized)) throw problem('api/sql-not-one-select', {})
  if (serialized['error'] !== false) throw parserProblem(serialized)
  const { statements } = serialized
  if (!Array.isArray(statements) || statements.length !== 1) {
    throw problem('api/sql-not-one-select', {})
  }
  const walk = { rules, found: new Map<string, Relation>() }
  visit(statements[0], new Set(), 0, walk)
  return [...walk.found.values()]
}

function parserProblem({ error_type: type, error_message: message }: Tree) {
  if (type === 'not implemented') return problem('api/sql-not-one-select', {})
  return problem('api/sql-invalid', { reason: typeof message === 'string' ? message : 'syntax' })
}

function visit(value: unknown, scope: Scope, depth: number, walk: Walk): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > maxDepth) throw problem('api/sql-construct-refused', { construct: 'Deep nesting' })
  if (Array.isArray(value)) {
    for (const item of value) visit(item, scope, depth + 1, walk)
    return
  }
  // What JSON.parse makes of an object has string keys.
  const node = value as Tree
  if ('cte_map' in node) visitQuery(node, scope, depth, walk)
  else if (typeof node['class'] === 'string') visitExpression(node, scope, depth, walk)
  else if (typeof node['type'] === 'string') visitTyped(node, scope, depth, walk)
  else visitFields(node, scope, depth, walk)
}

function visitFields(node: Tree, scope: Scope, depth: number, walk: Walk): void {
  for (const field of Object.values(node)) visit(field, scope, depth + 1, walk)
}

/** Each CTE sees those before it, and itself only in the second part of a recursive one. */
function visitQuery(node: Tree, scope: Scope, depth: number, walk: Walk): void {
  const { type, cte_map: ctes, ...fields } = node
  if (!queries.has(String(type))) throw refused(String(type))
  const inner = new Set(scope)
  const entries = isTree(ctes) && Array.isArray(ctes['map']) ? ctes['map'] : []
  for (const entry of entries) {
    if (!isTree(entry) || typeof entry['key'] !== 'string') throw refused('This WITH')
    if (!plainName.test(entry['key'])) throw refused(`A WITH of the name ${entry['key']}`)
    visit(entry['value'], new Set(inner), depth + 1, walk)
    inner.add(entry['key'].toLowerCase())
  }
  if (type !== 'RECURSIVE_CTE_NODE') {
    visitFields(fields, inner, depth, walk)
    return
  }
  const { right, cte_name: name, ...rest } = fields
  if (typeof name !== 'string' || !plainName.test(name)) throw refused('This WITH RECURSIVE')
  visitFields(rest, inner, depth, walk)
  visit(right, new Set(inner).add(name.toLowerCase()), depth + 1, walk)
}

function visitExpression(node: Tree, scope: Scope, depth: number, walk: Walk): void {
  const kind = String(node['class'])
  if (!expressions.has(kind)) throw refused(kind)
  if (kind === 'FUNCTION' || kind === 'WINDOW') assertAllowed(node, allowedFunctions)
  visitFields(node, scope, depth, walk)
}

function visitTyped(node: Tree, scope: Scope, depth: number, walk: Walk): void {
  const type = String(node['type'])
  if (type === 'BASE_TABLE') {
    if (node['at_clause'] !== null && node['at_clause'] !== undefined) throw refused('AT (…)')
    readTable(node, scope, walk)
  } else if (type === 'TABLE_FUNCTION') {
    const call = node['function']
    if (!isTree(call) || call['class'] !== 'FUNCTION') throw refused('This table function')
    assertAllowed(call, allowedTableFunctions)
    visitFields(call, scope, depth, walk)
    const { function: _, ...rest } = node
    visitFields(rest, scope, depth, walk)
    return
  } else if (type === 'SHOW_REF') {
    throw refused('SHOW, DESCRIBE or SUMMARIZE')
  } else if (!tables.has(type) && !others.test(type)) {
    throw refused(type)
  }
  visitFields(node, scope, depth, walk)
}

function assertAllowed(call: Tree, allowed: ReadonlySet<string>): void {
  const { function_name: name, schema, catalog } = call
  // The parser itself writes `main` before what it makes of brackets.
  const isPlain = (schema === '' || schema === 'main') && catalog === ''
  if (typeof name === 'string' && isPlain && allowed.has(name.toLowerCase())) return
  const full = [catalog, schema, name].filter((part) => part !== '').join('.')
  throw problem('api/sql-function-refused', { name: full })
}

function readTable(node: Tree, scope: Scope, { rules, found }: Walk): void {
  const { catalog_name: catalog, schema_name: schema, table_name: table } = node
  if (typeof table !== 'string' || typeof schema !== 'string' || typeof catalog !== 'string') {
    throw refused('This table')
  }
  if (catalog === '' && schema === '' && scope.has(table.toLowerCase())) return
  const candidates = schema === '' ? rules.schemas : [schema]
  for (const candidate of candidates) {
    const key = `${candidate}.${table}`.toLowerCase()
    const relation = rules.relations.get(key)
    if (relation === undefined || catalog !== '') continue
    found.set(key, relation)
    return
  }
  const name = [catalog, schema, table].filter((part) => part !== '').join('.')
  throw problem('api/sql-table-refused', { table: name, schemas: rules.schemas })
}

function refused(construct: string) {
  return problem('api/sql-construct-refused', { construct })
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
