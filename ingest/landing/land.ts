/** `millrace land` as a function: opens what it takes, lands, closes. */
import { openKafkajsSource } from '../kafka/kafkajs-source.ts'
import type { Watermarks } from '../kafka/source.ts'
import { openTopicIdentifier } from '../kafka/topic-identity.ts'
import type { TopicEpoch } from '../ledger/keys.ts'
import { assertConditionalWrites, openEpoch } from './claims.ts'
import { LandingRun } from './landing-run.ts'
import {
  type LandingDependencies,
  type LandingOptions,
  type LandingReport,
  withDefaults,
} from './options.ts'

/**
 * Lands a topic until the signal aborts (or it has caught up, or is idle, where that is asked for), then
 * flushes and leaves. Outside systems that fail on the way are asked again for as long as it takes.
 * @throws `landing/*` when a person has to look; `lake/store-unreachable`, `landing/kafka-unreachable` at the
 *   start or when the client gives up; `lake/out-of-space`. Whatever was claimed before stays landed.
 */
export async function runLanding(
  options: LandingOptions,
  dependencies: LandingDependencies,
  signal: AbortSignal,
): Promise<LandingReport> {
  const settings = withDefaults(options)
  const { kafka, topic: name, start } = settings
  const { store, log, clock, makeNonce } = dependencies
  const identifier = openTopicIdentifier(kafka)
  const source = openKafkajsSource(settings, log)
  try {
    await assertConditionalWrites(store, makeNonce())
    const { cluster, epoch } = await identifier.identify(name)
    const topic: TopicEpoch = { cluster, topic: name, epoch }
    const watermarks = await source.watermarks()
    const record = await openEpoch(
      store,
      topic,
      async () => startsOf(watermarks, start),
      new Date(clock.now()),
    )
    const opened = { source, identifier, topic, starts: record.starts }
    return await new LandingRun(settings, dependencies, opened).until(signal, watermarks)
  } finally {
    await source.close()
    await identifier.close().catch(() => {})
  }
}

function startsOf(
  watermarks: ReadonlyMap<number, Watermarks>,
  start: LandingOptions['start'],
): ReadonlyMap<number, number> {
  const offset = ({ low, high }: Watermarks) => (start === 'earliest' ? low : high)
  return new Map([...watermarks].map(([partition, marks]) => [partition, offset(marks)]))
}
