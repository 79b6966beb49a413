/** How far each partition is registered, and the fence that lets only one registrar commit at a time. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../core/clients/duckdb.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { Chain } from '../ledger/keys.ts'
import { fenceTable, offsetsTable } from './tables.ts'

/** `chainName` → first offset that is not registered. */
export type Offsets = ReadonlyMap<string, number>

/** One text for a partition of one life of a topic. */
export function chainName({ cluster, topic, epoch, partition }: Chain): string {
  return `${cluster}/${topic}/${epoch}/${partition}`
}

export async function readOffsets(connection: DuckDBConnection): Promise<Offsets> {
  const rows = await queryRows(
    connection,
    `select cluster, topic, epoch, partition, next_offset from ${offsetsTable}`,
  )
  return new Map(
    rows.map((row) => [
      `${row['cluster']}/${row['topic']}/${row['epoch']}/${row['partition']}`,
      Number(row['next_offset']),
    ]),
  )
}

/** Sets the offsets of some chains. */
export async function writeOffsets(
  transaction: DuckDBConnection,
  ends: readonly { readonly chain: Chain; readonly end: number }[],
): Promise<void> {
  const rows = ends.map(({ chain, end }) => {
    const { cluster, topic, epoch, partition } = chain
    return `(${[cluster, topic, epoch].map(quoteLiteral).join(', ')}, ${partition}, ${end}, now())`
  })
  const moved = `(values ${rows.join(', ')}) as moved(cluster, topic, epoch, partition, next_offset, registered_at)`
  // The whole table is written anew: it is small, and then it is always one file without deletions.
  await transaction.run(
    `create or replace temp table kept_offsets as
     select * from ${offsetsTable} anti join ${moved} using (cluster, topic, epoch, partition)
     union all select * from ${moved}`,
  )
  await transaction.run(`delete from ${offsetsTable}`)
  await transaction.run(`insert into ${offsetsTable} from kept_offsets`)
}

/** Writes the one row that every registrar writes: of two at once, the second to commit is refused. */
export async function advanceFence(transaction: DuckDBConnection): Promise<void> {
  await transaction.run(`update ${fenceTable} set generation = generation + 1, advanced_at = now()`)
}
