/**
 * What a run knows, whatever the number of its connections: what stands in the database, what it has changed, how its
 * nodes went.
 */
import type { Graph, Relation } from '../compile/graph.ts'
import type { TableColumn } from '../materialize/statement.ts'
import { type Existing, relationSql } from '../materialize/statement.ts'
import type { Adapter, Session } from './adapter.ts'
import type { SqlValue } from './history.ts'
import type { Change } from './increments.ts'
import { Lookups } from './lookups.ts'
import type { NodeResult } from './result.ts'
import type { Tested } from './tested.ts'

/** What all transactions of a run share. */
type Shared = {
  readonly catalog: string
  readonly existing: Map<string, Existing>
  readonly schemas: Set<string>
  readonly columns: Map<string, Promise<readonly TableColumn[]>>
  readonly relations: ReadonlyMap<string, Relation>
  readonly results: Map<string, NodeResult>
  readonly lookups: Lookups
  readonly tested: Map<string, Tested>
}

/** Committed state that a transaction began on. */
type Base = {
  readonly snapshot: number | undefined
  readonly uuids: ReadonlyMap<string, string> | undefined
}

export class RunState {
  /** Rows for `ops.model_state`, committed with what they speak of. */
  readonly seen: SqlValue[][] = []
  readonly #shared: Shared
  readonly #base: Base
  readonly #changes = new Map<string, Change>()

  private constructor(shared: Shared, base: Base) {
    this.#shared = shared
    this.#base = base
  }

  static async load(session: Session, adapter: Adapter, graph: Graph): Promise<RunState> {
    const { catalog } = adapter
    const relations = relationsOf(graph)
    // Models may go to attached databases too.
    const written = [...relations.values()].map((relation) => relation.catalog)
    const standing = await session.standing([...new Set([catalog, ...written])])
    const shared: Shared = {
      catalog,
      existing: new Map(
        standing.relations.map((relation): [string, Existing] => [keyOf(relation), relation.kind]),
      ),
      schemas: new Set(standing.schemas.map(({ catalog, schema }) => keyIn(catalog, schema))),
      columns: new Map(),
      relations,
      results: new Map(),
      lookups: new Lookups(),
      tested: new Map(),
    }
    return new RunState(shared, await baseOf(session))
  }

  /** The same run as another transaction finds it: all that has been committed until now is old to it. */
  async inTransaction(session: Session): Promise<RunState> {
    return new RunState(this.#shared, await baseOf(session))
  }

  get catalog(): string {
    return this.#shared.catalog
  }

  get baseSnapshot(): number | undefined {
    return this.#base.snapshot
  }

  /** Identities of the tables as they were when the transaction began. */
  get uuids(): ReadonlyMap<string, string> | undefined {
    return this.#base.uuids
  }

  /** By node, in the order in which they ended. */
  get results(): Map<string, NodeResult> {
    return this.#shared.results
  }

  /** What data tests found before their turn, by id: those of new rows run with the model. */
  get tested(): Map<string, Tested> {
    return this.#shared.tested
  }

  /** What templates have been told of the catalog. */
  get lookups(): Lookups {
    return this.#shared.lookups
  }

  existing(relation: Relation): Existing {
    return this.#shared.existing.get(keyOf(relation))
  }

  hasSchema({ catalog, schema }: Relation): boolean {
    return this.#shared.schemas.has(keyIn(catalog, schema))
  }

  /** Notes a schema that was made. */
  madeSchema({ catalog, schema }: Relation): void {
    this.#shared.schemas.add(keyIn(catalog, schema))
    this.#shared.lookups.clear()
  }

  relationOf(id: string): Relation | undefined {
    return this.#shared.relations.get(id)
  }

  changeOf(id: string): Change | undefined {
    return this.#changes.get(id)
  }

  /**
   * Columns of a relation, asked once until the relation is written.
   * @throws DuckDB's error when there is no such relation
   */
  columnsOf(session: Session, relation: Relation): Promise<readonly TableColumn[]> {
    const { columns } = this.#shared
    const key = keyOf(relation)
    const known = columns.get(key)
    if (known !== undefined) return known
    const asked = describe(session, relationSql(relation))
    columns.set(key, asked)
    asked.catch(() => {
      if (columns.get(key) === asked) columns.delete(key)
    })
    return asked
  }

  /** Notes that a node was written. */
  wrote(
    node: { readonly id: string; readonly relation: Relation },
    kind: Existing,
    change: Change,
  ) {
    this.noted(node.relation, kind)
    this.#changes.set(node.id, change)
  }

  /** Notes what stands at a name now: something was made there, or dropped. */
  noted(relation: Relation, kind: Existing): void {
    const { existing, columns, schemas, lookups } = this.#shared
    const key = keyOf(relation)
    if (kind === undefined) existing.delete(key)
    else existing.set(key, kind)
    columns.delete(key)
    schemas.add(keyIn(relation.catalog, relation.schema))
    lookups.drop(relation)
  }

  /** Looks again at what stands at a name, where a macro may have written. */
  async refresh(session: Session, relation: Relation): Promise<void> {
    this.noted(relation, await session.kindOf(relation))
  }

  /** The same at the beginning of a transaction: one that wrote there was rolled back, or others have written. */
  async refreshFirst(session: Session, relation: Relation): Promise<void> {
    this.noted(relation, await session.kindBefore(relation))
  }
}

/** Name and type of each column of a relation, or of a query in parentheses. */
export async function describe(session: Session, relation: string): Promise<TableColumn[]> {
  const rows = await session.query(`describe ${relation}`)
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }))
}

function relationsOf(graph: Graph): Map<string, Relation> {
  const relations = new Map<string, Relation>()
  for (const node of graph.nodes.values()) {
    if (node.kind !== 'test') relations.set(node.id, node.relation)
  }
  for (const { id, relation } of graph.sources.values()) relations.set(id, relation)
  return relations
}

async function baseOf(session: Session): Promise<Base> {
  const snapshot = await session.snapshot()
  return { snapshot, uuids: await session.tableIds(snapshot) }
}

function keyOf({ catalog, schema, name }: Relation): string {
  return keyIn(catalog, schema, name)
}

/** One text for the parts of a name; to DuckDB upper and lower case are the same. */
function keyIn(...parts: readonly unknown[]): string {
  return parts.join('.').toLowerCase()
}
