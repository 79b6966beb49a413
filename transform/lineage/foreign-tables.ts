/** Tables that a compiled query reads although its template names them by neither `ref()` nor `source()`. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Graph, GraphNode, Relation } from '../compile/graph.ts'
import {
  keyOfRelation,
  keysOfTable,
  printTableName,
  type Surroundings,
  type TableName,
} from './table-name.ts'

/**
 * @param reads tables by the id of the node whose compiled query reads them
 * @param around what unqualified names mean
 * @returns `model/foreign-table`, one for each table of each node
 */
export function findForeignTables(
  graph: Graph,
  reads: ReadonlyMap<string, readonly TableName[]>,
  around: Surroundings,
): MillraceError[] {
  const calls = callsByRelation(graph)
  const names = [...calls.values()].map(({ relation }) => relation.name)
  return [...reads].flatMap(([id, tables]) => {
    const node = graph.nodes.get(id)
    if (node === undefined) return []
    const known = knownTo(graph, node)
    const foreign = tables.filter(
      (table) => !isOfTheEngine(table) && !keysOfTable(table, around).some((key) => known.has(key)),
    )
    return foreign.map((table) => {
      const exact = keysOfTable(table, around).flatMap((key) => calls.get(key)?.call ?? [])[0]
      const near = nearest(table.name, names)
      const similar = [...calls.values()].find(({ relation }) => relation.name === near)?.call
      const parameters = { node: node.name, table: printTableName(table) }
      const at = { file: node.file }
      return problem('model/foreign-table', { ...parameters, nearest: exact ?? similar }, { at })
    })
  })
}

type Call = { readonly relation: Relation; readonly call: string }

/** How a template would name each relation of the project. */
function callsByRelation(graph: Graph): ReadonlyMap<string, Call> {
  const nodes = [...graph.nodes.values()].flatMap((node) =>
    ['model', 'seed', 'snapshot'].includes(node.kind)
      ? [{ relation: node.relation, call: `ref('${node.name}')` }]
      : [],
  )
  const sources = [...graph.sources.values()].map(({ relation, source, name }) => {
    return { relation, call: `source('${source}', '${name}')` }
  })
  return new Map([...sources, ...nodes].map((entry) => [keyOfRelation(entry.relation), entry]))
}

/** The node's own relation and those of what it depends on, also through ephemeral models: they stand in its query. */
function knownTo(graph: Graph, node: GraphNode): Set<string> {
  const keys = new Set([keyOfRelation(node.relation)])
  const seen = new Set<string>()
  const visit = ({ dependencies }: GraphNode): void => {
    for (const id of dependencies) {
      if (seen.has(id)) continue
      seen.add(id)
      const parent = graph.nodes.get(id)
      const relation = parent?.relation ?? graph.sources.get(id)?.relation
      if (relation !== undefined) keys.add(keyOfRelation(relation))
      if (parent !== undefined && isEphemeral(parent)) visit(parent)
    }
  }
  visit(node)
  return keys
}

function isEphemeral(node: GraphNode): boolean {
  return node.kind === 'model' && node.materialized === 'ephemeral'
}

const engineSchemas = new Set(['information_schema', 'pg_catalog'])
const engineCatalogs = new Set(['system', 'temp'])

/** Catalogs, schemas and views that DuckDB brings. */
function isOfTheEngine({ catalog, schema, name }: TableName): boolean {
  if (catalog !== undefined && engineCatalogs.has(catalog.toLowerCase())) return true
  if (schema !== undefined) {
    const lower = schema.toLowerCase()
    return engineSchemas.has(lower) || engineCatalogs.has(lower)
  }
  return /^(duckdb|sqlite|pragma)_/i.test(name)
}
