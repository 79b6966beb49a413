/** Descriptions kept in the database: the config `persist_docs`. */
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import type { ModelNode, SeedNode } from '../compile/graph.ts'
import { isMap } from './config-lists.ts'
import { plain, relationSql, type Statement } from './statement.ts'

/** What is asked to be kept. */
export function persistedDocs({ config }: ModelNode | SeedNode): {
  readonly relation: boolean
  readonly columns: boolean
} {
  const said = config['persist_docs']
  const asks = (key: string) => isMap(said) && said[key] === true
  return { relation: asks('relation'), columns: asks('columns') }
}

/** @param kind what was made */
export function commentRelation(node: ModelNode | SeedNode, kind: 'table' | 'view'): Statement[] {
  if (!persistedDocs(node).relation || node.description === '') return []
  const text = quoteLiteral(node.description)
  return [plain(`comment on ${kind} ${relationSql(node.relation)} is ${text}`)]
}

/** Of the columns that are described and there. @param existing names of the columns of what was made */
export function commentColumns(
  node: ModelNode | SeedNode,
  existing: readonly string[],
): Statement[] {
  if (!persistedDocs(node).columns) return []
  const known = new Map(existing.map((name) => [name.toLowerCase(), name]))
  return node.columns.flatMap(({ name, description }) => {
    const found = known.get(name.toLowerCase())
    if (found === undefined) return []
    const column = `${relationSql(node.relation)}.${quoteIdent(found)}`
    return [plain(`comment on column ${column} is ${quoteLiteral(description)}`)]
  })
}
