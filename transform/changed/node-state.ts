/** How each node was when it last succeeded, kept in `ops.node_state` together with its output. */
import type { Session } from '../run/adapter.ts'
import { opsRelation, type SqlValue } from '../run/history.ts'
import type { KnownNode } from './decide.ts'
import type { Logic } from './logic.ts'

/** The newest state of every node; empty where none was ever written. */
export async function loadKnownNodes(
  session: Pick<Session, 'query' | 'columnsIn'>,
  catalog: string,
): Promise<ReadonlyMap<string, KnownNode>> {
  if (!(await session.columnsIn(catalog, 'ops')).has('node_state')) return new Map()
  const rows = await session.query(
    `select node_id, logic, inputs, run_id, snapshot_id from ${opsRelation(catalog, 'node_state')}
     qualify row_number() over (partition by node_id order by snapshot_id desc) = 1`,
  )
  // A rollback leaves a row without logic: what it has put back is not what the newest run has made.
  const known = rows.filter((row) => row['logic'] !== null)
  return new Map(
    known.map((row) => [
      String(row['node_id']),
      {
        // Written by `nodeStateRow`.
        logic: JSON.parse(String(row['logic'])) as Logic,
        inputs: JSON.parse(String(row['inputs'])) as Readonly<Record<string, string>>,
        version: String(row['run_id']),
        snapshot: Number(row['snapshot_id']),
      },
    ]),
  )
}

/** A row of `ops.node_state`. */
export function nodeStateRow(
  id: string,
  logic: Logic,
  inputs: Readonly<Record<string, string>>,
  runId: string,
): SqlValue[] {
  return [id, JSON.stringify(logic), JSON.stringify(inputs), runId]
}
