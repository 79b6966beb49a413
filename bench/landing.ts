/**
 * Landing speed on one machine: broker, S3 server and consumer side by side. Produces the events first, then
 * lands them from the beginning in each run, by a process of its own whose CPU and memory are reported.
 *
 *   node bench/landing.ts [--events 1000000] [--runs 3] [--partitions 4]
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Partitioners } from 'kafkajs'
import { openDuckdb } from '../core/clients/duckdb.ts'
import { type ObjectStore, openS3, type S3Options } from '../core/clients/s3.ts'
import { systemClock } from '../core/clock.ts'
import { processEnvironment } from '../core/config/environment.ts'
import { loadConfig } from '../core/config.ts'
import { userActivitySchema } from '../core/contracts/user-activity.ts'
import { openLog } from '../core/log.ts'
import { silentLog } from '../core/silent-log.ts'
import { openKafka } from '../ingest/kafka/connect.ts'
import { runLanding } from '../ingest/landing/land.ts'
import { makeNonce } from '../ingest/landing/nonce.ts'
import { createTopic } from '../ingest/topics/topics.ts'
import { startInstance, stopInstance } from '../local/instance.ts'

type RunArguments = {
  readonly brokers: readonly string[]
  readonly s3: S3Options
  readonly topic: string
  readonly prefix: string
  readonly directory: string
}

type RunResult = {
  readonly records: number
  readonly files: number
  readonly elapsedMs: number
  readonly cpuSeconds: number
  readonly peakMb: number
}

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    partitions: { type: 'string', default: '4' },
    land: { type: 'string' },
  },
})

if (values.land === undefined) await main()
else await land(JSON.parse(values.land) as RunArguments) // written by main below

async function main(): Promise<void> {
  const events = Number(values.events)
  const partitions = Number(values.partitions)
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const stateDir = join(directory, 'state')
  const repository = new URL('..', import.meta.url).pathname
  const { cacheDir } = loadConfig({
    projectDir: repository,
    target: 'local',
    environment: processEnvironment,
  })
  const ports = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 }
  try {
    const instance = await startInstance({
      stateDir,
      cacheDir,
      ports,
      services: ['kafka', 's3'],
      boundToThisProcess: true,
    })
    const { kafka, s3 } = instance.settings
    if (kafka === undefined || s3 === undefined) throw new Error('Kafka or S3 is missing')
    const topic = `bench-${randomUUID()}`
    await produce(kafka.brokers, topic, events, partitions)
    const results: RunResult[] = []
    for (let run = 0; run < Number(values.runs); run += 1) {
      const result = await landInChild({
        brokers: kafka.brokers,
        topic,
        prefix: `run-${run}/`,
        directory,
        s3: {
          endpoint: s3.endpoint,
          region: s3.region,
          bucket: s3.bucket,
          accessKeyId: s3.access_key_id,
          secretAccessKey: s3.secret_access_key,
          pathStyle: s3.path_style,
        },
      })
      if (result.records !== events) throw new Error(`landed ${result.records} of ${events}`)
      console.log(`run ${run + 1}: ${describe(result)}`)
      results.push(result)
    }
    const median = (of: (result: RunResult) => number) =>
      results.map(of).sort((a, b) => a - b)[Math.floor(results.length / 2)] ?? 0
    const summary: RunResult = {
      records: events,
      files: median((result) => result.files),
      elapsedMs: median((result) => result.elapsedMs),
      cpuSeconds: median((result) => result.cpuSeconds),
      peakMb: median((result) => result.peakMb),
    }
    console.log(`median of ${results.length} on ${cpus().length} cores: ${describe(summary)}`)
  } finally {
    await stopInstance(stateDir, { purge: true })
    await rm(directory, { recursive: true, force: true })
  }
}

function describe(result: RunResult): string {
  const perSecond = Math.round((result.records * 1_000) / result.elapsedMs)
  const { files, elapsedMs, cpuSeconds, peakMb } = result
  const seconds = (elapsedMs / 1_000).toFixed(1)
  return `${perSecond.toLocaleString('en')} events/s (${seconds} s), ${cpuSeconds.toFixed(1)} CPU s, peak ${Math.round(peakMb)} MB, ${files} files`
}

async function produce(
  brokers: readonly string[],
  topic: string,
  events: number,
  partitions: number,
): Promise<void> {
  const kafka = openKafka({ brokers, clientId: 'bench', ssl: false }, silentLog)
  await createTopic({ kafka, brokers }, { topic, partitions, replicationFactor: 1 })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const begunMs = Date.now()
  const actions = ['view_product', 'add_to_cart', 'purchase', 'login']
  let bytes = 0
  for (let first = 0; first < events; first += 5_000) {
    const messages = Array.from({ length: Math.min(5_000, events - first) }, (_, index) => {
      const number = first + index
      const value = JSON.stringify({
        user_id: number % 5_000,
        action: actions[number % 4],
        timestamp: new Date(Date.UTC(2024, 10, 25) + number * 10).toISOString(),
        event_id: `event-${number}`,
        product_id: number % 900,
      })
      bytes += value.length
      return { key: String(number % 5_000), value, partition: number % partitions }
    })
    await producer.send({ topic, messages })
  }
  await producer.disconnect()
  const seconds = ((Date.now() - begunMs) / 1_000).toFixed(1)
  console.log(
    `${events} events of ${Math.round(bytes / events)} bytes in ${partitions} partitions, produced in ${seconds} s`,
  )
}

async function landInChild(argument: RunArguments): Promise<RunResult> {
  const entry = new URL(import.meta.url).pathname
  const child = spawn(process.execPath, [entry, '--land', JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
  })
  let output = ''
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString()
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`the consumer ended with ${code}`)
  return JSON.parse(output) as RunResult // written by land below
}

async function land(argument: RunArguments): Promise<void> {
  const store = openS3(argument.s3)
  await using duckdb = await openDuckdb({
    extensionDirectory: argument.directory,
    tempDirectory: argument.directory,
  })
  const report = await runLanding(
    {
      kafka: { brokers: argument.brokers, clientId: 'bench', ssl: false },
      topic: argument.topic,
      groupId: `bench-${randomUUID()}`,
      schema: userActivitySchema,
      rotateBytes: 64 * 1024 * 1024,
      rotateRecords: 500_000,
      rotateMs: 60_000,
      memoryBytes: 512 * 1024 * 1024,
      maxRecordBytes: 256 * 1024,
      onGap: 'fail',
      start: 'earliest',
      tempDirectory: argument.directory,
      writerId: 'bench',
      untilCaughtUp: true,
    },
    {
      store: under(argument.prefix, store),
      duckdb,
      log: openLog('warn'),
      clock: systemClock,
      makeNonce: () => makeNonce(Date.now(), randomUUID().replaceAll('-', '')),
    },
    new AbortController().signal,
  )
  store.close()
  const { user, system } = process.cpuUsage()
  const result: RunResult = {
    records: report.records,
    files: report.files,
    elapsedMs: report.elapsedMs,
    cpuSeconds: (user + system) / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1024,
  }
  process.stdout.write(JSON.stringify(result))
}

/** The store with every key below a prefix, so that each run begins with an empty ledger. */
function under(prefix: string, store: ObjectStore): ObjectStore {
  return {
    ...store,
    put: (key, body, type) => store.put(prefix + key, body, type),
    putIfAbsent: (key, body, type) => store.putIfAbsent(prefix + key, body, type),
    get: (key) => store.get(prefix + key),
    delete: (keys) => store.delete(keys.map((key) => prefix + key)),
    async *list(keys, after) {
      const from = after === undefined ? undefined : prefix + after
      for await (const object of store.list(prefix + keys, from)) {
        yield { ...object, key: object.key.slice(prefix.length) }
      }
    },
  }
}
