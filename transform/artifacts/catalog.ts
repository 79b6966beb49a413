/** catalog.json v1: the tables and views that are really there, their columns, comments and sizes. */
import { quoteLiteral } from '../../core/sql.ts'
import type { Graph, Relation } from '../compile/graph.ts'
import { type JsonObject, orNull } from './json.ts'
import { artifactMetadata, type Invocation } from './metadata.ts'

type Row = Readonly<Record<string, unknown>>

/** Asks the database; a row is a map by column name. */
export type CatalogQuery = (sql: string) => Promise<readonly Row[]>

/** One table or view as the database describes it. */
export type CatalogTable = {
  readonly relation: Relation
  readonly type: 'BASE TABLE' | 'VIEW'
  readonly comment: string | undefined
  readonly columns: readonly CatalogColumn[]
  readonly stats: readonly CatalogStatistic[]
}

type CatalogColumn = {
  readonly name: string
  readonly type: string
  readonly index: number
  readonly comment: string | undefined
}

type CatalogStatistic = {
  readonly id: string
  readonly label: string
  readonly value: number
  readonly description: string
}

/**
 * Every table and view of the catalogs that the graph names, with one query for all columns.
 * @param query runs on a connection that has these catalogs attached
 * @param bytesOf how large a table is, where that is known
 */
export async function readCatalog(
  graph: Graph,
  query: CatalogQuery,
  bytesOf: (relation: Relation) => number | undefined = () => undefined,
): Promise<CatalogTable[]> {
  const wanted = [...catalogsOf(graph)].map((name) => quoteLiteral(name.toLowerCase()))
  if (wanted.length === 0) return []
  const inCatalogs = `lower(database_name) in (${wanted.join(', ')})`
  const tables = await query(
    `select database_name, schema_name, table_name, comment, estimated_size, 'BASE TABLE' as kind
     from duckdb_tables() where ${inCatalogs}
     union all
     select database_name, schema_name, view_name, comment, null, 'VIEW'
     from duckdb_views() where ${inCatalogs} and not internal
     order by all`,
  )
  const columns = await query(
    `select database_name, schema_name, table_name, column_name, column_index, data_type, comment
     from duckdb_columns() where ${inCatalogs} and not internal
     order by database_name, schema_name, table_name, column_index`,
  )
  const columnsOf = Map.groupBy(columns, keyOf)
  return tables.map((row) => toTable(row, columnsOf.get(keyOf(row)) ?? [], bytesOf))
}

function catalogsOf(graph: Graph): Set<string> {
  const known = [...graph.nodes.values(), ...graph.sources.values()]
  return new Set(known.map(({ relation }) => relation.catalog).filter((name) => name !== ''))
}

function keyOf(row: Row): string {
  return [row['database_name'], row['schema_name'], row['table_name']].join('\n').toLowerCase()
}

function toTable(
  row: Row,
  columns: readonly Row[],
  bytesOf: (relation: Relation) => number | undefined,
): CatalogTable {
  const relation = {
    catalog: String(row['database_name']),
    schema: String(row['schema_name']),
    name: String(row['table_name']),
  }
  return {
    relation,
    type: row['kind'] === 'VIEW' ? 'VIEW' : 'BASE TABLE',
    comment: textOf(row['comment']),
    columns: columns.map((column) => ({
      name: String(column['column_name']),
      type: String(column['data_type']),
      index: Number(column['column_index']),
      comment: textOf(column['comment']),
    })),
    stats: statisticsOf(row['estimated_size'], bytesOf(relation)),
  }
}

function textOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}

function statisticsOf(rows: unknown, bytes: number | undefined): CatalogStatistic[] {
  const known: CatalogStatistic[] = []
  if (rows !== null && rows !== undefined) {
    const description = 'Rows that the database estimates the table to hold'
    known.push({ id: 'row_count', label: 'Row Count', value: Number(rows), description })
  }
  if (bytes !== undefined) {
    const description = "Bytes of the table's data files"
    known.push({ id: 'bytes', label: 'Size', value: bytes, description })
  }
  return known
}

export type CatalogInputs = {
  readonly invocation: Invocation
  /** Ids of the nodes and sources that are wanted; all without. */
  readonly selected?: ReadonlySet<string>
  readonly errors?: readonly string[]
}

/** Tables that are nodes or sources of the graph, under their ids; others are left out. */
export function catalogOf(
  tables: readonly CatalogTable[],
  graph: Graph,
  { invocation, selected, errors = [] }: CatalogInputs,
): JsonObject {
  const found = new Map(tables.map((table) => [relationKey(table.relation), table]))
  const describe = (resources: Iterable<{ readonly id: string; readonly relation: Relation }>) => {
    const entries = [...resources].flatMap(({ id, relation }) => {
      const table = found.get(relationKey(relation))
      const isWanted = selected === undefined || selected.has(id)
      return table === undefined || !isWanted ? [] : [[id, tableJson(table, id)] as const]
    })
    return Object.fromEntries(entries)
  }
  const nodes = [...graph.nodes.values()].filter(
    ({ kind }) => kind !== 'operation' && kind !== 'analysis' && kind !== 'function',
  )
  return {
    metadata: artifactMetadata('catalog', invocation),
    nodes: describe(nodes),
    sources: describe(graph.sources.values()),
    errors: errors.length === 0 ? null : errors,
  }
}

function relationKey({ catalog, schema, name }: Relation): string {
  return `${catalog}\n${schema}\n${name}`.toLowerCase()
}

function tableJson(table: CatalogTable, id: string): JsonObject {
  const { catalog, schema, name } = table.relation
  return {
    metadata: {
      type: table.type,
      schema,
      name,
      database: catalog,
      comment: orNull(table.comment),
      owner: null,
    },
    columns: Object.fromEntries(table.columns.map((column) => [column.name, columnJson(column)])),
    stats: statsJson(table.stats),
    unique_id: id,
  }
}

function columnJson({ name, type, index, comment }: CatalogColumn): JsonObject {
  return { type, index, name, comment: orNull(comment) }
}

function statsJson(stats: readonly CatalogStatistic[]): JsonObject {
  const known = stats.map((one) => [one.id, { ...one, include: true }] as const)
  return {
    ...Object.fromEntries(known),
    has_stats: {
      id: 'has_stats',
      label: 'Has Stats?',
      value: stats.length > 0,
      include: false,
      description: 'Indicates whether there are statistics for this table',
    },
  }
}
