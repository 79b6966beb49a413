/** Loads a seed: finds the types that are not declared, and reads the file into a table. */
import type { SeedNode } from '../compile/graph.ts'
import {
  type ColumnFacts,
  closeRows,
  confirmQuery,
  declaredTypes,
  factsQuery,
  headerQuery,
  inferredType,
  materializeSeed,
  readFacts,
  type SeedColumn,
} from '../materialize/seed.ts'
import type { Session } from './adapter.ts'
import { replaceTable } from './build-table.ts'
import type { Built } from './built.ts'
import type { NodeContext } from './node-context.ts'
import { describe } from './run-state.ts'

/** @throws DuckDB's error, with the line of the file that does not fit */
export async function buildSeed(node: SeedNode, context: NodeContext): Promise<Built> {
  const columns = await columnsOf(node, context.session)
  const statements = materializeSeed(node, columns, context.state.existing(node.relation))
  const built = await replaceTable(node, context, statements)
  const own = node.config['full_refresh']
  const isFull = typeof own === 'boolean' ? own : context.fullRefresh
  // dbt's words, which tell how the table came about.
  return isFull ? { ...built, message: `CREATE ${built.rows}` } : built
}

async function columnsOf(node: SeedNode, session: Session): Promise<SeedColumn[]> {
  const header = (await describe(session, headerQuery(node))).map(({ name }) => name)
  const declared = declaredTypes(node)
  const open = header.filter((name) => !declared.has(name))
  const facts = await factsOf(node, session, open)
  return header.map((name) => {
    const found = facts.get(name) ?? readFacts('')
    return { name, type: declared.get(name) ?? inferredType(found) }
  })
}

async function factsOf(
  node: SeedNode,
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, ColumnFacts>> {
  if (names.length === 0) return new Map()
  const [first] = await session.query(factsQuery(node, names))
  const columns = names.map((name, at) => {
    return { name, found: readFacts(String(first?.[`c${at}`] ?? '')) }
  })
  const isWhole = Number(first?.['row_count'] ?? 0) < closeRows
  const [all] = isWhole ? [first] : await session.query(confirmQuery(node, columns))
  return new Map(names.map((name, at) => [name, readFacts(String(all?.[`c${at}`] ?? ''))]))
}
