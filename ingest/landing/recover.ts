/** The action `recover`: what the ledger and Kafka say of a partition, before anything is fetched. */
import { problem } from '../../core/problems.ts'
import type { Source } from '../kafka/source.ts'
import type { Chain } from '../ledger/keys.ts'
import { readHead } from '../ledger/read.ts'
import type { Facts } from './machine.ts'
import type { LandingDependencies, LandingOptions } from './options.ts'
import { type RetryContext, untilDone } from './retry.ts'

export type LedgerHead = NonNullable<Awaited<ReturnType<typeof readHead>>>

export type RecoverContext = {
  readonly options: Pick<LandingOptions, 'kafka' | 'onGap'>
  readonly dependencies: Pick<LandingDependencies, 'store' | 'makeNonce'>
  readonly source: Pick<Source, 'watermarks'>
  /** First offset to land of this partition. */
  readonly startAt: number
}

/**
 * Reads the head and the watermarks, for as long as it takes.
 * @returns what `recovered` tells the machine, and the end of the ledger unless that is empty
 * @throws `landing/ledger-broken`; `landing/kafka-unreachable` when the topic has no such partition; the
 *   signal's reason when it is aborted meanwhile
 */
export async function recover(
  chain: Chain,
  context: RecoverContext,
  retries: RetryContext,
): Promise<{ readonly facts: Facts; readonly ledger: LedgerHead | undefined }> {
  const { source, startAt, options, dependencies } = context
  const [ledger, watermarks] = await untilDone(
    'reading the ledger and the watermarks',
    retries,
    () => Promise.all([readHead(dependencies.store, chain), source.watermarks()]),
  )
  const marks = watermarks.get(chain.partition)
  if (marks === undefined) {
    throw problem('landing/kafka-unreachable', {
      brokers: options.kafka.brokers.join(','),
      reason: `${chain.topic}/${chain.partition} is not there`,
    })
  }
  const facts: Facts = {
    head: headOf(ledger),
    startAt,
    logStart: marks.low,
    highWatermark: marks.high,
    last: ledger?.last.entry.last ?? null,
    onGap: options.onGap,
    nonce: dependencies.makeNonce(),
  }
  return { facts, ledger }
}

function headOf(ledger: LedgerHead | undefined): Facts['head'] {
  if (ledger === undefined) return { offset: 0, prev: null }
  const { entry, etag } = ledger.last
  return { offset: entry.end, prev: { start: entry.start, etag } }
}
