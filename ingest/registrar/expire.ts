/**
 * Deletes landing files that the lake has taken in, after a while. Ledger entries stay for ever: they are the
 * proof of what was landed. Files that no entry names (left by a crash) are not touched.
 */
import type { Lake } from '../../core/clients/lake.ts'
import type { ObjectStore } from '../../core/clients/s3.ts'
import type { LedgerEntry } from '../ledger/entry.ts'
import { type Chain, landingPrefix } from '../ledger/keys.ts'
import { readEntry } from '../ledger/read.ts'
import { chainName, type Offsets, readOffsets } from './offsets.ts'
import { listChains, type PlanRequest } from './plan.ts'
import { hasOpsTables } from './tables.ts'

export type ExpireReport = { readonly files: number; readonly bytes: number }

/** @param olderThan entries made later than this keep their files */
export async function expireLandingFiles(
  { lake, store }: { readonly lake: Lake; readonly store: ObjectStore },
  olderThan: Date,
  request: Pick<PlanRequest, 'topics' | 'cluster'> = {},
): Promise<ExpireReport> {
  const offsets = await lake.read(
    async (connection): Promise<Offsets> =>
      (await hasOpsTables(connection)) ? await readOffsets(connection) : new Map(),
  )
  let files = 0
  let bytes = 0
  const topics = Map.groupBy(await listChains(store, request), landingPrefix)
  for (const [prefix, chains] of topics) {
    const doomed: string[] = []
    for await (const { object, entry } of registeredFiles(store, prefix, chains, offsets)) {
      if (Date.parse(entry.created_at) >= olderThan.getTime()) continue
      doomed.push(object.key)
      bytes += object.bytes
    }
    await store.delete(doomed)
    files += doomed.length
  }
  return { files, bytes }
}

/** Landing files below the registered offsets, each with the entry that names it. The cost follows what is left. */
async function* registeredFiles(
  store: ObjectStore,
  prefix: string,
  chains: readonly Chain[],
  offsets: Offsets,
) {
  const byPartition = new Map(chains.map((chain) => [chain.partition, chain]))
  const entries = new Map<string, LedgerEntry | undefined>()
  for await (const object of store.list(prefix)) {
    const [, partition, start, end] = /\/(\d+)-(\d{20})-(\d{20})-[^/]*$/.exec(object.key) ?? []
    const chain = byPartition.get(Number(partition))
    if (chain === undefined || Number(end) > (offsets.get(chainName(chain)) ?? 0)) continue
    const name = `${partition}-${start}`
    if (!entries.has(name)) {
      entries.set(name, (await readEntry(store, chain, Number(start)))?.entry)
    }
    const entry = entries.get(name)
    if (entry?.files.some(({ key }) => key === object.key)) yield { object, entry }
  }
}
