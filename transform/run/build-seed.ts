/** Loads a seed: finds the types that are not declared, and reads the file into a table. */
import type { SeedNode } from '../compile/graph.ts'
import {
  type ColumnFacts,
  closeRows,
  confirmQuery,
  declaredTypes,
  factsQuery,
  firstLineQuery,
  headerQuery,
  inferredType,
  materializeSeed,
  readFacts,
  type SeedColumn,
} from '../materialize/seed.ts'
import { isPerhapsMade, seedColumnNames } from '../materialize/seed-names.ts'
import type { Session } from './adapter.ts'
import { replaceTable } from './build-table.ts'
import type { Built } from './built.ts'
import { explainSeedError } from './explain-seed.ts'
import type { NodeContext } from './node-context.ts'
import { describe } from './run-state.ts'

/** @throws `model/empty-seed`, `model/ragged-seed`, `model/unreadable-seed`, and DuckDB's error */
export async function buildSeed(node: SeedNode, context: NodeContext): Promise<Built> {
  const built = await load(node, context).catch(async (error: unknown) => {
    throw await explainSeedError(node, error)
  })
  const own = node.config['full_refresh']
  const isFull = typeof own === 'boolean' ? own : context.fullRefresh
  // dbt's words, which tell how the table came about.
  return isFull ? { ...built, message: `CREATE ${built.rows}` } : built
}

async function load(node: SeedNode, context: NodeContext): Promise<Built> {
  const columns = await columnsOf(node, context.session)
  const statements = materializeSeed(node, columns, context.state.existing(node.relation))
  return await replaceTable(node, context, statements)
}

/** Read by the names of DuckDB, made with those of dbt. */
async function columnsOf(node: SeedNode, session: Session): Promise<SeedColumn[]> {
  const header = (await describe(session, headerQuery(node))).map(({ name }) => name)
  const names = await namesOf(node, session, header)
  const declared = declaredTypes(node)
  const open = header.filter((_, at) => !declared.has(names[at] ?? ''))
  const facts = await factsOf(node, session, open)
  return header.map((read, at) => {
    const name = names[at] ?? read
    const found = facts.get(read) ?? readFacts('')
    return { name, type: declared.get(name) ?? inferredType(found) }
  })
}

async function namesOf(
  node: SeedNode,
  session: Session,
  header: readonly string[],
): Promise<readonly string[]> {
  if (!header.some(isPerhapsMade)) return header
  const [line] = await session.query(firstLineQuery(node))
  return seedColumnNames(
    Object.values(line ?? {}).map((said) => (said === null ? undefined : String(said))),
  )
}

async function factsOf(
  node: SeedNode,
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, ColumnFacts>> {
  if (names.length === 0) return new Map()
  const close = await session.query(factsQuery(node, names))
  const digits = new Map(close.map(({ place, digits }) => [Number(place), String(digits)]))
  const facts = names.map((name, at) => ({ name, found: readFacts(digits.get(at) ?? '') }))
  const isWhole = Number(close[0]?.['row_count'] ?? 0) < closeRows
  if (isWhole) return new Map(facts.map(({ name, found }) => [name, found]))
  const [all] = await session.query(confirmQuery(node, facts))
  return new Map(names.map((name, at) => [name, readFacts(String(all?.[`c${at}`] ?? ''))]))
}
