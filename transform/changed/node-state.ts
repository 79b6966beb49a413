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
  // One text, taken apart at once: a row and a value at a time, a thousand nodes take 30 ms.
  const [row] = await session.query(
    `with newest as (
       select node_id, logic, inputs, run_id, snapshot_id from ${opsRelation(catalog, 'node_state')}
       qualify row_number() over (partition by node_id order by snapshot_id desc) = 1
     )
     select to_json(list([
       to_json(node_id), logic::json, inputs::json, to_json(run_id), to_json(snapshot_id)
     ]))::varchar as known
     from newest
     -- A rollback leaves a row without logic: what it has put back is not what the newest run has made.
     where logic is not null`,
  )
  const known: readonly KnownRow[] = JSON.parse(String(row?.['known'] ?? '[]'))
  return new Map(
    known.map(([id, logic, inputs, version, snapshot]) => [
      id,
      { logic, inputs, version, snapshot },
    ]),
  )
}

/** Logic and inputs as `nodeStateRow` wrote them. */
type KnownRow = readonly [
  id: string,
  logic: Logic,
  inputs: Readonly<Record<string, string>>,
  version: string,
  snapshot: number,
]

/** A row of `ops.node_state`. */
export function nodeStateRow(
  id: string,
  logic: Logic,
  inputs: Readonly<Record<string, string>>,
  runId: string,
): SqlValue[] {
  return [id, JSON.stringify(logic), JSON.stringify(inputs), runId]
}
