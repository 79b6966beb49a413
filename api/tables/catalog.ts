/**
 * The tables that are served. What is held of them is only an opinion: every statement reads the table's state along
 * with its rows, and whoever finds another state than the held one reads the catalog again.
 */
import { isShapeError } from '../sources/postgres-errors.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import { catalogStatement, toPublishedTable } from './catalog-query.ts'
import type { PublishedTable } from './published-table.ts'

export interface TableCatalog {
  /** What is held of a table. */
  find(name: string): PublishedTable | undefined
  /** Reads the catalog; calls at the same time share one reading that began after the first of them. */
  reload(): Promise<void>
  /** All that are held, sorted by name. */
  tables(): readonly PublishedTable[]
}

/** A catalog that holds nothing until its first `reload`. */
export function openTableCatalog(
  source: Pick<PostgresSource, 'rows'>,
  schema: string,
): TableCatalog {
  let held: ReadonlyMap<string, PublishedTable> = new Map()
  let reading: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function read(): Promise<void> {
    const query = { text: catalogStatement(schema), values: [], timeoutMs: 5000 }
    const rows = await source.rows(query).catch((error: unknown) => {
      // Nothing was published into this database yet, or only by a version that served no tables.
      if (isShapeError(error)) return []
      throw error
    })
    const tables = rows.map(([json]) => toPublishedTable(schema, json ?? ''))
    held = new Map(tables.map((table) => [table.name, table]))
  }

  /** A reading that has begun may have missed what the caller knows of, so he gets the one after it. */
  function reload(): Promise<void> {
    if (reading === undefined) {
      reading = read().finally(() => {
        reading = undefined
      })
      return reading
    }
    next ??= reading
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return reload()
      })
    return next
  }

  return { find: (name) => held.get(name), reload, tables: () => [...held.values()] }
}
