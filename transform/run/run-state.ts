/**
 * What a run knows, whatever the number of its connections: what stands in the database, what it has changed, how its
 * nodes went.
 */
import { quoteLiteral } from '../../core/sql.ts'
import type { Graph, ModelNode, Relation, SeedNode } from '../compile/graph.ts'
import type { Existing } from '../materialize/statement.ts'
import type { Adapter, Session } from './adapter.ts'
import type { SqlValue } from './history.ts'
import type { Change } from './increments.ts'
import type { NodeResult } from './result.ts'

export class RunState {
  readonly catalog: string
  readonly baseSnapshot: number | undefined
  /** Identities of the tables as they were when the transaction began. */
  readonly uuids: ReadonlyMap<string, string> | undefined
  readonly results = new Map<string, NodeResult>()
  /** The node whose error ended the transaction. */
  lostTo: string | undefined = undefined
  /** Rows for `ops.model_state`. */
  readonly seen: SqlValue[][] = []
  readonly #existing: Map<string, Existing>
  readonly #schemas: Set<string>
  readonly #changes = new Map<string, Change>()
  readonly #relations = new Map<string, Relation>()

  private constructor(
    catalog: string,
    graph: Graph,
    baseSnapshot: number | undefined,
    uuids: ReadonlyMap<string, string> | undefined,
    existing: Map<string, Existing>,
    schemas: Set<string>,
  ) {
    this.catalog = catalog
    this.baseSnapshot = baseSnapshot
    this.uuids = uuids
    this.#existing = existing
    this.#schemas = schemas
    for (const node of graph.nodes.values()) {
      if (node.kind !== 'test') this.#relations.set(node.id, node.relation)
    }
    for (const { id, relation } of graph.sources.values()) this.#relations.set(id, relation)
  }

  static async load(session: Session, adapter: Adapter, graph: Graph): Promise<RunState> {
    const { catalog } = adapter
    const snapshot = await session.snapshot()
    const uuids = await session.tableIds(snapshot)
    // Models may go to attached databases too.
    const written = [...graph.nodes.values()].flatMap((node) =>
      node.kind === 'test' ? [] : [node.relation.catalog],
    )
    const catalogs = [...new Set([catalog, ...written])].map(quoteLiteral).join(', ')
    const tables = await session.query(
      `select table_catalog, table_schema, table_name, table_type from information_schema.tables where table_catalog in (${catalogs})`,
    )
    const schemas = await session.query(
      `select catalog_name, schema_name from information_schema.schemata where catalog_name in (${catalogs})`,
    )
    const existing = new Map(
      tables.map((row): [string, Existing] => [
        keyIn(row['table_catalog'], row['table_schema'], row['table_name']),
        row['table_type'] === 'VIEW' ? 'view' : 'table',
      ]),
    )
    const schemaNames = new Set(
      schemas.map((row) => keyIn(row['catalog_name'], row['schema_name'])),
    )
    return new RunState(catalog, graph, snapshot, uuids, existing, schemaNames)
  }

  existing({ catalog, schema, name }: Relation): Existing {
    return this.#existing.get(keyIn(catalog, schema, name))
  }

  hasSchema({ catalog, schema }: Relation): boolean {
    return this.#schemas.has(keyIn(catalog, schema))
  }

  relationOf(id: string): Relation | undefined {
    return this.#relations.get(id)
  }

  changeOf(id: string): Change | undefined {
    return this.#changes.get(id)
  }

  /** Notes that a node was written. */
  wrote(node: ModelNode | SeedNode, kind: 'table' | 'view', change: Change): void {
    const { catalog, schema, name } = node.relation
    this.#existing.set(keyIn(catalog, schema, name), kind)
    this.#schemas.add(keyIn(catalog, schema))
    this.#changes.set(node.id, change)
  }
}

/** One text for the parts of a name; to DuckDB upper and lower case are the same. */
function keyIn(...parts: readonly unknown[]): string {
  return parts.join('.').toLowerCase()
}
