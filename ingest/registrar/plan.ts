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

/** What a round could take of one chain, and the first entry that it would leave behind. */
type Taken = { readonly portion: Portion; readonly left: ReadEntry | undefined }

/**
 * Reads the ledger from the given offsets on. What landed after something that is left behind is left too: between two
 * rounds the lake is as it was at some time, with all partitions, and what was known then can be asked of it.
 * @throws `landing/ledger-broken`, `lake/store-unreachable`
 */
export async function planRound(
  store: LedgerStore,
  offsets: Offsets,
  request: PlanRequest,
): Promise<Plan> {
  const chains = await listChains(store, request)
  const share = request.maxRecords / Math.max(chains.length, 1)
  const all: Taken[] = []
  for (const chain of chains) {
    const taken = await takeEntries(store, chain, offsets.get(chainName(chain)) ?? 0, share)
    if (taken !== undefined) all.push(taken)
  }
  const [first] = all.filter(({ left }) => left !== undefined).sort(byTimeLeft)
  if (first === undefined) return { portions: all.map(({ portion }) => portion), more: false }
  // That one is taken as it is, so a round takes something even where the clocks of writers differ.
  const portions = all.flatMap((taken) =>
    taken === first ? [taken.portion] : landedUntil(timeLeft(first), taken.portion),
  )
  return { portions, more: true }
}

function timeLeft({ left }: Taken): number {
  return left === undefined ? Number.POSITIVE_INFINITY : Date.parse(left.entry.created_at)
}

function byTimeLeft(one: Taken, other: Taken): number {
  return timeLeft(one) - timeLeft(other)
}

/** The entries before the first that landed later; none when that is the first of all. */
function landedUntil(time: number, portion: Portion): Portion[] {
  const later = portion.entries.findIndex(({ entry }) => Date.parse(entry.created_at) > time)
  if (later < 0) return [portion]
  const entries = portion.entries.slice(0, later)
  const last = entries.at(-1)
  return last === undefined ? [] : [{ ...portion, entries, end: last.entry.end }]
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
): Promise<Taken | undefined> {
  const entries: ReadEntry[] = []
  let records = 0
  let end = start
  for await (const read of readLedger(store, chain, start)) {
    const { entry } = read
    if (entries.length > 0 && records + entry.records + entry.dead_letters > share) {
      return { portion: { chain, start, end, entries }, left: read }
    }
    entries.push(read)
    records += entry.records + entry.dead_letters
    end = entry.end
  }
  if (entries.length === 0) return undefined
  return { portion: { chain, start, end, entries }, left: undefined }
}
