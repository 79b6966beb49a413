/** A table as a query names it: one, two or three parts. */
import type { Relation } from '../compile/graph.ts'

export type TableName = {
  readonly catalog: string | undefined
  /** With two parts, DuckDB takes the first for a schema or, when there is none of that name, for a catalog. */
  readonly schema: string | undefined
  readonly name: string
}

/** What an unqualified name means where a query runs. */
export type Surroundings = { readonly catalog: string; readonly schema: string }

/** `catalog.schema.name`, as far as it was written. */
export function printTableName({ catalog, schema, name }: TableName): string {
  return [catalog, schema, name].filter((part) => part !== undefined).join('.')
}

/** Relations that a name can mean, as keys that compare without regard to case. */
export function keysOfTable(table: TableName, around: Surroundings): string[] {
  const { catalog, schema, name } = table
  const key = (...parts: readonly string[]) => relationKey(...parts)
  if (catalog !== undefined) return [key(catalog, schema ?? around.schema, name)]
  if (schema === undefined) return [key(around.catalog, around.schema, name)]
  return [key(around.catalog, schema, name), key(schema, 'main', name)]
}

/** Equal for relations that are the same to DuckDB, which compares names without regard to case. */
export function keyOfRelation({ catalog, schema, name }: Relation): string {
  return relationKey(catalog, schema, name)
}

function relationKey(...parts: readonly string[]): string {
  return parts.map((part) => part.toLowerCase()).join('\u0000')
}
