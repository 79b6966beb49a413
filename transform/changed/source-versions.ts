/** The state of a source as a text that changes with its rows. */
import type { LastChange } from '../../core/clients/lake/last-changes.ts'
import type { Graph } from '../compile/graph.ts'

/** Undefined for a source whose rows nobody counts: a file, a view, another database, a table that is not there. */
export function sourceVersions(
  { sources }: Graph,
  catalog: string,
  changes: ReadonlyMap<string, LastChange> | undefined,
): (id: string) => string | undefined {
  return (id) => {
    const source = sources.get(id)
    if (source === undefined || typeof source.properties['external_name'] === 'string') {
      return undefined
    }
    const { relation } = source
    if (relation.catalog.toLowerCase() !== catalog.toLowerCase()) return undefined
    const found = changes?.get(`${relation.schema}.${relation.name}`.toLowerCase())
    return found === undefined || found.isView ? undefined : `${found.uuid}@${found.snapshot}`
  }
}
