/** The queries that ask a source how fresh it is. */
import { quoteRelation } from '../../core/sql.ts'
import { type SourceNode, textConfig } from '../compile/graph.ts'

/**
 * One row with the column `max_loaded_at`.
 * @param query the text of `loaded_at_query`, rendered, where the source has one
 * @returns undefined when the source does not say how its rows tell their time
 */
export function loadedAtSql(source: SourceNode, query: string | undefined): string | undefined {
  if (query !== undefined) {
    return `with source_query as (\n${query}\n)\nselect (select * from source_query) as max_loaded_at`
  }
  const field = textConfig(source.properties, 'loaded_at_field')
  if (field === undefined) return undefined
  const { catalog, schema, name } = source.relation
  const from =
    textConfig(source.properties, 'external_name') ?? quoteRelation(catalog, schema, name)
  const filter = filterOf(source)
  return `select max(${field}) as max_loaded_at\nfrom ${from}${filter === undefined ? '' : `\nwhere ${filter}`}`
}

/** Both times in microseconds since 1970; a time without a zone is taken as UTC. */
export function ageSql(loadedAt: string): string {
  return `select epoch_us(max_loaded_at) as loaded_us, epoch_us(now()) as checked_us\nfrom (\n${loadedAt}\n) as newest`
}

function filterOf({ properties }: SourceNode): string | undefined {
  const { freshness } = properties
  if (typeof freshness !== 'object' || freshness === null) return undefined
  return textConfig({ ...freshness }, 'filter')
}
