/** Which tables a caller may name, and the views through which he reads them. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { lakeName } from '../../../core/clients/lake/attach.ts'
import { listRelations } from '../../../core/clients/lake/snapshots.ts'
import { quoteIdent, quoteRelation } from '../../../core/sql.ts'
import type { Relation } from '../check/check-statement.ts'
import type { PersonalColumns } from '../protocol.ts'
import { readable, type Sandbox } from './sandbox.ts'

type Relations = ReadonlyMap<string, Relation>

/** Reads the tables and views of the allowed schemas, anew only when the snapshot is another one. */
export function relationReader({
  connection,
  catalog,
  options,
}: Sandbox): (snapshot: number) => Promise<Relations> {
  const schemas = new Set(options.schemas.map((schema) => schema.toLowerCase()))
  let kept: { readonly snapshot: number; readonly relations: Relations } | undefined
  return async (snapshot) => {
    if (kept?.snapshot !== snapshot) {
      const all = await listRelations(connection, catalog, snapshot)
      const allowed = all.filter(({ schema }) => schemas.has(schema.toLowerCase()))
      kept = {
        snapshot,
        relations: new Map(allowed.map((relation) => [keyOf(relation), relation])),
      }
    }
    return kept.relations
  }
}

/** For who may not read everything, only the tables that are named are there. */
export function visibleRelations(
  relations: Relations,
  masks: PersonalColumns | undefined,
): Relations {
  if (masks === undefined) return relations
  return new Map([...relations].filter(([key]) => Object.hasOwn(masks, key)))
}

/** Makes the view that stands for a relation until the transaction ends. */
export async function createView(
  connection: DuckDBConnection,
  relation: Relation,
  masks: PersonalColumns | undefined,
): Promise<void> {
  const { schema, name } = relation
  const masked = new Set(masks?.[keyOf(relation)]?.map((column) => column.toLowerCase()))
  const source = quoteRelation(lakeName, schema, name)
  const columns =
    masked.size === 0
      ? '*'
      : (await columnsOf(connection, source))
          .map((column) => {
            const quoted = quoteIdent(column)
            // NULL of the column's own type.
            return masked.has(column.toLowerCase())
              ? `case when false then ${quoted} end as ${quoted}`
              : quoted
          })
          .join(', ')
  const view = quoteRelation(readable, schema, name)
  await connection.run(`create view ${view} as select ${columns} from ${source}`)
}

/** The columns that a query gives, in its order. */
export async function columnsOf(connection: DuckDBConnection, source: string): Promise<string[]> {
  const prepared = await connection.prepare(`select * from ${source}`)
  try {
    return Array.from({ length: prepared.columnCount }, (_, index) => prepared.columnName(index))
  } finally {
    prepared.destroySync()
  }
}

function keyOf({ schema, name }: Relation): string {
  return `${schema}.${name}`.toLowerCase()
}
