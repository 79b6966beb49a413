/**
 * How fast the producer is: generation alone, with mess, into a file, and into Kafka when MILLRACE_KAFKA_BROKERS
 * is set. One JSON line a measurement on stdout; each is the median of `RUNS` runs (default 3).
 *
 *   node bench/produce.ts [events]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../core/silent-log.ts'
import { openKafka } from '../ingest/kafka/connect.ts'
import { openFileSink } from '../ingest/producer/file-sink.ts'
import { openKafkaSink } from '../ingest/producer/kafka-sink.ts'
import { defaultMess, messUp } from '../ingest/producer/mess.ts'
import { produce } from '../ingest/producer/produce.ts'
import { simulate } from '../ingest/producer/simulate.ts'
import { createTopic, deleteTopic } from '../ingest/topics/topics.ts'

const events = Number(process.argv[2] ?? 500_000)
const runs = Number(process.env['RUNS'] ?? 3)
const simulation = { seed: 1, users: 2_000, events, end: Date.UTC(2024, 10, 25), days: 60 }
const mess = {
  seed: 1,
  rates: defaultMess,
  maxRecordBytes: 262_144,
  spanMs: simulation.days * 86_400_000,
}

async function measure(what: string, work: () => Promise<number>): Promise<void> {
  const rates: number[] = []
  const cpuSeconds: number[] = []
  for (let run = 0; run < runs; run++) {
    const started = performance.now()
    const cpu = process.cpuUsage()
    const count = await work()
    const { user, system } = process.cpuUsage(cpu)
    cpuSeconds.push((user + system) / count)
    rates.push((count * 1_000) / (performance.now() - started))
  }
  const result = {
    what,
    events,
    per_second: Math.round(median(rates)),
    cpu_seconds_per_million: Number(median(cpuSeconds).toFixed(2)),
    rss_mb: Math.round(process.memoryUsage().rss / 1_048_576),
  }
  console.log(JSON.stringify(result))
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

function count(items: Iterable<unknown>): number {
  let found = 0
  for (const _ of items) found += 1
  return found
}

await measure('generate', async () => count(simulate(simulation)))
await measure('generate with mess', async () => count(messUp(simulate(simulation), mess)))

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
await measure('to a file', async () => {
  const sink = await openFileSink(join(folder, 'events.ndjson'))
  return (await produce(messUp(simulate(simulation), mess), sink)).messages
})
rmSync(folder, { recursive: true })

const brokers = process.env['MILLRACE_KAFKA_BROKERS']?.split(',')
if (brokers !== undefined) {
  const kafka = openKafka({ brokers, clientId: 'bench', ssl: false }, silentLog)
  const target = { kafka, brokers }
  const topic = `bench-produce-${process.pid}`
  await createTopic(target, { topic, partitions: 4, replicationFactor: 1 })
  await measure('to Kafka', async () => {
    const sink = await openKafkaSink({ target, topic, log: silentLog })
    return (await produce(messUp(simulate(simulation), mess), sink)).messages
  })
  await deleteTopic(target, topic)
}
