/** The config `indexes` of a table on plain DuckDB: `[{columns: [a, b], unique: true}]`. */
import { quoteIdent } from '../../core/sql.ts'
import type { ModelNode, SeedNode } from '../compile/graph.ts'
import { invalidConfig, isMap } from './config-lists.ts'
import { plain, relationSql, type Statement } from './statement.ts'

/** For a table that was just made, which has none yet. @throws `model/invalid-config` */
export function createIndexes(node: ModelNode | SeedNode): Statement[] {
  const said = node.config['indexes']
  if (said === undefined || said === null) return []
  if (!Array.isArray(said)) throw invalidConfig(node, 'indexes', 'must be a list')
  const entries: readonly unknown[] = said
  return entries.map((entry) => createIndex(node, entry))
}

function createIndex(node: ModelNode | SeedNode, entry: unknown): Statement {
  const columns =
    isMap(entry) && Array.isArray(entry['columns']) ? entry['columns'].map(String) : []
  const strange = isMap(entry)
    ? Object.keys(entry).find((key) => key !== 'columns' && key !== 'unique')
    : undefined
  if (columns.length === 0 || strange !== undefined) {
    const reason = strange === undefined ? 'has an entry without columns' : `has the key ${strange}`
    throw invalidConfig(node, 'indexes', `${reason}; an entry is {columns: […], unique: true}`)
  }
  const isUnique = isMap(entry) && entry['unique'] === true
  const name = [node.relation.name, ...columns, ...(isUnique ? ['unique'] : []), 'index'].join('_')
  // As in dbt, columns stand as they are written: they may be expressions.
  const list = columns.join(', ')
  const kind = isUnique ? 'unique index' : 'index'
  return plain(`create ${kind} ${quoteIdent(name)} on ${relationSql(node.relation)} (${list})`)
}
