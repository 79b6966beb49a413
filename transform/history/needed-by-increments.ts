/** What upkeep has to leave as it is, because the next build of an incremental model looks at it. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows, type Row } from '../../core/clients/duckdb.ts'
import { opsRelation } from '../run/history.ts'

export type NeededByIncrements = {
  /** Snapshots in which the reach of an upstream will be looked up. */
  readonly snapshots: readonly number[]
  /** `schema.name` of the tables that are read from a row number on. */
  readonly tables: readonly string[]
}

/** @param tableNames `schema.name` by uuid, of all tables of the lake */
export async function neededByIncrements(
  connection: DuckDBConnection,
  catalog: string,
  tableNames: ReadonlyMap<string, string>,
): Promise<NeededByIncrements> {
  const names = new Set(tableNames.values())
  const hasState = names.has('ops.model_state') && names.has('ops.node_runs')
  if (!hasState) return { snapshots: [], tables: [] }
  const rows = await queryRows(
    connection,
    `with state as (
       select upstream, upstream_uuid, base_snapshot, snapshot_id from ${opsRelation(catalog, 'model_state')}
       qualify row_number() over (partition by model, upstream order by snapshot_id desc) = 1
     )
     select state.*, (
       select max_by(relation, snapshot_id) from ${opsRelation(catalog, 'node_runs')} n
       where n.node_id = state.upstream
     ) as relation
     from state`,
  )
  const open = rows.filter((row) => row['upstream_uuid'] === null)
  const tables = rows.flatMap((row) => {
    const name = tableNames.get(String(row['upstream_uuid'])) ?? row['relation']
    return typeof name === 'string' ? [name] : []
  })
  return {
    snapshots: [...new Set(open.flatMap(lookedUpIn))],
    tables: [...new Set(tables)],
  }
}

/** That of the state, and what was read and what stood there before it, when others committed in between. */
function lookedUpIn(row: Row): number[] {
  const written = Number(row['snapshot_id'])
  const base = Number(row['base_snapshot'])
  return written > base + 1 ? [base, written - 1, written] : [written]
}
