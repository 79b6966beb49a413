/** Loads a seed: finds the types that are not declared, and reads the file into a table. */
import type { SeedNode } from '../compile/graph.ts'
import {
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
import type { NodeContext } from './execute-node.ts'
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
  const [facts] = open.length === 0 ? [] : await session.query(factsQuery(node, open))
  return header.map((name) => {
    const digits = String(facts?.[`c${open.indexOf(name)}`] ?? '')
    return { name, type: declared.get(name) ?? inferredType(readFacts(digits)) }
  })
}
