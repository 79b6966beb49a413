/** Loads a seed: finds the types that are not declared, and reads the file into a table. */
import type { Row } from '../../core/clients/duckdb.ts'
import type { SeedNode } from '../compile/graph.ts'
import {
  closeRows,
  confirmQuery,
  declaredTypes,
  firstLineQuery,
  firstRowsQuery,
  firstValuesQuery,
  headerQuery,
  materializeSeed,
  type SeedColumn,
} from '../materialize/seed.ts'
import {
  type ColumnFacts,
  factsOf,
  inferredType,
  isGuess,
  noFacts,
  readFacts,
} from '../materialize/seed-facts.ts'
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
  const rows = await session.query(firstRowsQuery(node))
  const header = await headerOf(node, session, rows)
  const names = await namesOf(node, session, header)
  const declared = declaredTypes(node)
  const open = header.filter((_, at) => !declared.has(names[at] ?? ''))
  const facts = await findFacts(node, session, rows, open)
  return header.map((read, at) => {
    const name = names[at] ?? read
    return { name, type: declared.get(name) ?? inferredType(facts.get(read) ?? noFacts) }
  })
}

/** Their order is that of the rows' keys, but for those that JavaScript takes for numbers and puts first. */
async function headerOf(
  node: SeedNode,
  session: Session,
  [first]: readonly Row[],
): Promise<readonly string[]> {
  const names = Object.keys(first ?? {})
  if (names.length > 0 && !names.some((name) => /^\d/.test(name))) return names
  return (await describe(session, headerQuery(node))).map(({ name }) => name)
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

/** Of all rows, by the names of the columns. */
async function findFacts(
  node: SeedNode,
  session: Session,
  first: readonly Row[],
  names: readonly string[],
): Promise<ReadonlyMap<string, ColumnFacts>> {
  const isWhole = first.length < closeRows
  const facts = new Map<string, ColumnFacts>()
  for (const name of names) {
    const found = factsOf(first.map((row) => textOf(row[name])))
    facts.set(name, found.isFilled || isWhole ? found : await lateFacts(node, session, name))
  }
  const open = new Map([...facts].filter(([, found]) => !isWhole || isGuess(found)))
  if (open.size === 0) return facts
  const [all] = await session.query(confirmQuery(node, open))
  const confirmed = [...open.keys()].map(
    (name, at) => [name, readFacts(String(all?.[`c${at}`]))] as const,
  )
  return new Map([...facts, ...confirmed])
}

/** Of a column whose first rows are empty. */
async function lateFacts(node: SeedNode, session: Session, name: string): Promise<ColumnFacts> {
  const values = await session.query(firstValuesQuery(node, name))
  return factsOf(values.map(({ value }) => textOf(value)))
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
