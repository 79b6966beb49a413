/** Every key of the landing protocol. Claim keys hold nothing but the start offset: a date in them would allow two claims of one range. */

/** One partition's chain of entries. `epoch` is Kafka's topic id. */
export type Chain = {
  readonly cluster: string
  readonly topic: string
  readonly epoch: string
  readonly partition: number
}
export type TopicEpoch = Omit<Chain, 'partition'>

/** Zero-padded to 20 digits, so that keys sort as offsets do. */
function padOffset(offset: number): string {
  return String(offset).padStart(20, '0')
}

export function epochPrefix({ cluster, topic, epoch }: TopicEpoch): string {
  return `ledger/${cluster}/${topic}/${epoch}/`
}

export function epochKey(topic: TopicEpoch): string {
  return `${epochPrefix(topic)}epoch.json`
}

export function checkpointKey(chain: Chain): string {
  return `${epochPrefix(chain)}checkpoints/p=${chain.partition}.json`
}

export function chainPrefix(chain: Chain): string {
  return `${epochPrefix(chain)}p=${chain.partition}/`
}

export function entryKey(chain: Chain, start: number): string {
  return `${chainPrefix(chain)}${padOffset(start)}.json`
}

/** The start offset in an entry's key, or undefined when the key is none. */
export function startOfKey(key: string): number | undefined {
  const digits = /\/p=\d+\/(\d{20})\.json$/.exec(key)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export function landingPrefix(topic: TopicEpoch): string {
  return `landing/${topic.topic}/${topic.epoch}/`
}

export type Interval = { readonly start: number; readonly end: number; readonly nonce: string }

/** @param bucket `dt=…/hr=…`, or `dead_letters` */
export function dataKey(chain: Chain, bucket: string, interval: Interval): string {
  return `${landingPrefix(chain)}${bucket}/${dataName(chain, interval)}`
}

/** Whether a key is one that `dataKey` makes for this interval, in whatever bucket. */
export function isDataKeyOf(chain: Chain, interval: Interval, key: string): boolean {
  return key.startsWith(landingPrefix(chain)) && key.endsWith(`/${dataName(chain, interval)}`)
}

function dataName({ partition }: Chain, { start, end, nonce }: Interval): string {
  return `${partition}-${padOffset(start)}-${padOffset(end)}-${nonce}.parquet`
}
