/** Finds what has been landed, from the keys of the ledger alone. */
import type { ObjectStore } from '../../core/clients/s3.ts'
import { type EpochRecord, epochSchema, parseLedgerObject } from './entry.ts'
import { type Chain, epochKey, epochPrefix, type TopicEpoch } from './keys.ts'
import type { LedgerStore } from './read.ts'

/** Sorts after every character of a cluster id, topic name, topic id or partition number. */
const afterAll = '~'

/** Clusters and topics that have a ledger, in byte order. */
export async function listTopics(
  store: LedgerStore,
): Promise<readonly { readonly cluster: string; readonly topic: string }[]> {
  const topics: { cluster: string; topic: string }[] = []
  for (const cluster of await listFolders(store, 'ledger/')) {
    for (const topic of await listFolders(store, `ledger/${cluster}/`))
      topics.push({ cluster, topic })
  }
  return topics
}

/** Every epoch of a topic, the oldest first; a topic that was deleted and made again has several. */
export async function listEpochs(
  store: LedgerStore,
  topic: string,
  cluster?: string,
): Promise<readonly EpochRecord[]> {
  const epochs: EpochRecord[] = []
  for (const name of await listEpochNames(store, topic, cluster)) {
    const found = await readEpoch(store, name)
    if (found !== undefined) epochs.push(found)
  }
  return epochs.sort((a, b) => a.created_at.localeCompare(b.created_at))
}

/** Every epoch of a topic that has anything in the ledger, be it without an `epoch.json`. */
export async function listEpochNames(
  store: LedgerStore,
  topic: string,
  cluster?: string,
): Promise<readonly TopicEpoch[]> {
  const clusters = cluster === undefined ? await listFolders(store, 'ledger/') : [cluster]
  const names: TopicEpoch[] = []
  for (const one of clusters) {
    for (const epoch of await listFolders(store, `ledger/${one}/${topic}/`)) {
      names.push({ cluster: one, topic, epoch })
    }
  }
  return names
}

/** The newest epoch of the topic in each cluster. */
export async function currentEpochs(
  store: LedgerStore,
  topic: string,
  cluster?: string,
): Promise<readonly EpochRecord[]> {
  const newest = new Map<string, EpochRecord>()
  for (const epoch of await listEpochs(store, topic, cluster)) newest.set(epoch.cluster, epoch)
  return [...newest.values()]
}

/** What was fixed when the epoch was first met, or undefined. */
export async function readEpoch(
  store: Pick<ObjectStore, 'get'>,
  topic: TopicEpoch,
): Promise<EpochRecord | undefined> {
  const key = epochKey(topic)
  const object = await store.get(key)
  return object === undefined ? undefined : parseLedgerObject(epochSchema, key, object.body)
}

/** The chains of an epoch that hold at least one entry, by partition number. */
export async function listPartitions(
  store: LedgerStore,
  topic: TopicEpoch,
): Promise<readonly Chain[]> {
  const { cluster, topic: name, epoch } = topic
  const chains: Chain[] = []
  for (const folder of await listFolders(store, epochPrefix(topic))) {
    const partition = /^p=(\d+)$/.exec(folder)?.[1]
    if (partition !== undefined) {
      chains.push({ cluster, topic: name, epoch, partition: Number(partition) })
    }
  }
  return chains.sort((a, b) => a.partition - b.partition)
}

/** Names right under a prefix that have something below them: one listing each, whatever their size. */
async function listFolders(store: LedgerStore, prefix: string): Promise<readonly string[]> {
  const names: string[] = []
  let after: string | undefined
  for (;;) {
    const key = await firstKey(store, prefix, after)
    if (key === undefined) return names
    const rest = key.slice(prefix.length)
    const slash = rest.indexOf('/')
    if (slash === -1) {
      after = key
    } else {
      names.push(rest.slice(0, slash))
      after = `${prefix}${rest.slice(0, slash)}/${afterAll}`
    }
  }
}

async function firstKey(
  store: LedgerStore,
  prefix: string,
  after: string | undefined,
): Promise<string | undefined> {
  for await (const object of store.list(prefix, after)) return object.key
  return undefined
}
