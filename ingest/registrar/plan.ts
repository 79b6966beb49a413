/** Which ledger entries the next transaction takes. */
import { listEpochs, listPartitions, listTopics } from '../ledger/discover.ts'
import type { ReadEntry } from '../ledger/entry.ts'
import type { Chain } from '../ledger/keys.ts'
import { type LedgerStore, readLedger } from '../ledger/read.ts'
import { chainName, type Offsets } from './offsets.ts'

/** Contiguous entries of one partition, from its next offset on; at least one. */
export type Portion = {
  readonly chain: Chain
  readonly start: number
  readonly end: number
  readonly entries: readonly ReadEntry[]
}

export type Plan = {
  readonly portions: readonly Portion[]
  /** Entries were left for another transaction. */
  readonly more: boolean
}

export type PlanRequest = {
  /** Default: every topic that has a ledger. */
  readonly topics?: readonly string[] | undefined
  /** Default: all clusters. */
  readonly cluster?: string | undefined
  /** Records of one transaction; each partition gets an equal share, and at least one entry. */
  readonly maxRecords: number
}

/** Reads the ledger from the given offsets on. @throws `landing/ledger-broken`, `lake/store-unreachable` */
export async function planRound(
  store: LedgerStore,
  offsets: Offsets,
  request: PlanRequest,
): Promise<Plan> {
  const chains = await listChains(store, request)
  const share = request.maxRecords / Math.max(chains.length, 1)
  const portions: Portion[] = []
  let more = false
  for (const chain of chains) {
    const taken = await takeEntries(store, chain, offsets.get(chainName(chain)) ?? 0, share)
    if (taken.portion !== undefined) portions.push(taken.portion)
    more ||= taken.more
  }
  return { portions, more }
}

/** Every chain of the topics asked for, older lives of a topic first. */
export async function listChains(
  store: LedgerStore,
  { topics, cluster }: Pick<PlanRequest, 'topics' | 'cluster'>,
): Promise<readonly Chain[]> {
  const names = topics ?? (await topicsOf(store, cluster))
  const chains: Chain[] = []
  for (const topic of names) {
    for (const epoch of await listEpochs(store, topic, cluster)) {
      chains.push(...(await listPartitions(store, epoch)))
    }
  }
  return chains
}

async function topicsOf(store: LedgerStore, cluster: string | undefined) {
  const known = await listTopics(store)
  const wanted = known.filter((one) => cluster === undefined || one.cluster === cluster)
  return [...new Set(wanted.map(({ topic }) => topic))]
}

async function takeEntries(
  store: LedgerStore,
  chain: Chain,
  start: number,
  share: number,
): Promise<{ readonly portion: Portion | undefined; readonly more: boolean }> {
  const entries: ReadEntry[] = []
  let records = 0
  let end = start
  for await (const read of readLedger(store, chain, start)) {
    const { entry } = read
    if (entries.length > 0 && records + entry.records + entry.dead_letters > share) {
      return { portion: { chain, start, end, entries }, more: true }
    }
    entries.push(read)
    records += entry.records + entry.dead_letters
    end = entry.end
  }
  return { portion: entries.length === 0 ? undefined : { chain, start, end, entries }, more: false }
}
