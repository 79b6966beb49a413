/** Runs consumers, a producer and a plan of faults on an instance of their own, then says what is there. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { type ObjectStore, openS3, type S3Options } from '../../../core/clients/s3.ts'
import { silentLog } from '../../../core/log.ts'
import { type AuditReport, auditTopic } from '../../../ingest/audit/audit.ts'
import { openDeepCheck } from '../../../ingest/audit/deep-check.ts'
import { openKafka } from '../../../ingest/kafka/connect.ts'
import { createTopic } from '../../../ingest/topics/topics.ts'
import { type Instance, type ServiceName, startInstance } from '../../../local/instance.ts'
import { readStatus } from '../../../local/status.ts'
import { cacheDir } from '../extension-directory.ts'
import type { ConsumerArguments } from './consumer.ts'
import { type Consumer, Consumers, type UnexpectedExit } from './consumers.ts'
import type { Fault } from './plan.ts'
import { produceNumbered } from './producer.ts'
import { readLanded, type Seen } from './verify.ts'

export type ChaosOptions = {
  /** An empty folder of its own. */
  readonly directory: string
  readonly services: readonly ServiceName[]
  readonly events: number
  readonly eventsPerSecond: number
  readonly faults: readonly Fault[]
  readonly crippled: boolean
  /** Called with the running instance, before the faults begin; what it returns is closed at the end. */
  readonly extra?: (instance: Instance, topic: string) => Promise<AsyncDisposable>
  readonly onLine: (line: string) => void
}

export type ChaosResult = {
  readonly seen: Seen
  /** Undefined when the last catch-up did not come to an end. */
  readonly audit: AuditReport
  readonly caughtUp: boolean
  readonly unexpected: readonly UnexpectedExit[]
  readonly polite: readonly (number | null)[]
  readonly kills: number
}

const partitions = 4
const sessionTimeoutMs = 6_000 // the least that a broker allows by default
const anyPorts = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0 }

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  mkdirSync(options.directory, { recursive: true })
  const start = () =>
    startInstance({
      stateDir: join(options.directory, 'state'),
      cacheDir,
      ports: anyPorts,
      services: options.services,
      boundToThisProcess: true,
    })
  await using instance = await start()
  const { kafka, s3 } = instance.settings
  if (kafka === undefined || s3 === undefined) throw new Error('chaos needs Kafka and S3')
  const topic = `chaos-${randomUUID()}`
  const client = openKafka({ brokers: kafka.brokers, clientId: 'chaos', ssl: false }, silentLog)
  await createTopic(
    { kafka: client, brokers: kafka.brokers },
    { topic, partitions, replicationFactor: 1 },
  )
  const s3Options: S3Options = {
    endpoint: s3.endpoint,
    region: s3.region,
    bucket: s3.bucket,
    accessKeyId: s3.access_key_id,
    secretAccessKey: s3.secret_access_key,
    pathStyle: s3.path_style,
  }
  const argument = argumentsOf(options, topic, kafka.brokers, s3Options)
  const consumers = new Consumers(options.directory, argument)
  const hurry = new AbortController()
  try {
    await using _extra = await (options.extra?.(instance, topic) ?? noExtra())
    const produced = produceNumbered({
      brokers: kafka.brokers,
      topic,
      partitions,
      events: options.events,
      eventsPerSecond: options.eventsPerSecond,
      hurry: hurry.signal,
    })
    const injector = new Injector(consumers, start, options)
    await injector.run()
    hurry.abort()
    await produced
    const polite = await consumers.stopAll()
    const caughtUp = await catchUp(options, argument)
    return {
      ...(await look(options, topic, openS3(s3Options), client)),
      caughtUp,
      polite,
      unexpected: consumers.unexpected,
      kills: consumers.kills,
    }
  } finally {
    hurry.abort()
    await consumers.killAll()
  }
}

async function noExtra(): Promise<AsyncDisposable> {
  return { [Symbol.asyncDispose]: async () => {} }
}

function argumentsOf(
  options: ChaosOptions,
  topic: string,
  brokers: readonly string[],
  s3: S3Options,
): (group: string, id: number) => ConsumerArguments {
  return (group, id) => ({
    s3,
    crippled: options.crippled,
    landing: {
      kafka: { brokers, clientId: `consumer-${id}`, ssl: false },
      topic,
      groupId: group,
      rotateBytes: 4 * 1024 * 1024,
      rotateRecords: 10_000,
      rotateMs: 700,
      memoryBytes: 64 * 1024 * 1024,
      maxRecordBytes: 256 * 1024,
      onGap: 'fail',
      start: 'earliest',
      tempDirectory: join(options.directory, 'tmp'),
      writerId: `consumer-${id}`,
      sessionTimeoutMs,
      rebalanceTimeoutMs: 10_000,
    },
  })
}

/** Does what the plan says, one fault after the other. */
class Injector {
  readonly #consumers: Consumers
  readonly #startServices: () => Promise<Instance>
  readonly #options: ChaosOptions
  #groups = 0

  constructor(consumers: Consumers, startServices: () => Promise<Instance>, options: ChaosOptions) {
    this.#consumers = consumers
    this.#startServices = startServices
    this.#options = options
  }

  async run(): Promise<void> {
    this.#consumers.start(this.#nextGroup())
    for (const fault of this.#options.faults) {
      this.#options.onLine(JSON.stringify(fault))
      await this.#inject(fault)
    }
  }

  /** A dead member keeps its group waiting for a session; consumers of other groups land meanwhile. */
  #nextGroup(): string {
    return `group-${this.#groups++ % 3}`
  }

  async #inject(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill-consumer': {
        const consumer = await this.#aLandingOne()
        await pause(fault.afterMs)
        if (consumer === undefined) return
        await this.#consumers.kill(consumer)
        this.#consumers.start(fault.sameGroup ? consumer.group : this.#nextGroup())
        return
      }
      case 'freeze-consumer': {
        // One that has landed holds records of the stream when it is stopped.
        const consumer = await this.#aLandingOne((one) => one.entries > 0)
        await pause(fault.afterMs)
        if (consumer === undefined) return
        this.#consumers.freeze(consumer)
        const helper = this.#consumers.start(consumer.group)
        await pause(sessionTimeoutMs + 500)
        await until(() => helper.entries >= 8, 20_000)
        this.#consumers.thaw(consumer)
        await pause(2_500)
        await this.#consumers.kill(helper)
        return
      }
      case 'kill-service':
        await this.#aLandingOne()
        await this.#killService(fault.service, fault.downMs)
        return
      case 'consumers': {
        const [first, ...others] = this.#consumers.running
        if (fault.count === 2 && others.length === 0) {
          this.#consumers.start(first?.group ?? this.#nextGroup())
        }
        if (fault.count === 1) for (const other of others) await this.#consumers.stop(other)
        return
      }
      default:
        fault satisfies never
    }
  }

  /** One that has been given partitions, or whichever there is after a while. */
  async #aLandingOne(
    suits: (consumer: Consumer) => boolean = (one) => one.landing,
  ): Promise<Consumer | undefined> {
    const candidates = () => this.#consumers.running.filter((one) => !one.frozen)
    await until(() => candidates().some(suits), 9_000)
    return candidates().find(suits) ?? candidates()[0]
  }

  async #killService(service: ServiceName, downMs: number): Promise<void> {
    const status = readStatus(join(this.#options.directory, 'state'))
    const pid = status.services.find((one) => one.service === service)?.pid
    if (pid === undefined) throw new Error(`${service} does not run`)
    process.kill(pid, 'SIGKILL')
    await pause(downMs)
    await this.#startServices()
  }
}

/** Lands the rest in peace. @returns false when that could not be done in time */
async function catchUp(
  options: ChaosOptions,
  argument: (group: string, id: number) => ConsumerArguments,
): Promise<boolean> {
  const last = new Consumers(join(options.directory, 'last'), (group, id) => {
    const given = argument(group, id)
    return { ...given, landing: { ...given.landing, untilCaughtUp: true } }
  })
  const consumer = last.start('group-last')
  consumer.expected = true
  const timer = setTimeout(() => consumer.process.kill('SIGKILL'), catchUpMs)
  await consumer.ended
  clearTimeout(timer)
  return consumer.process.exitCode === 0
}

const catchUpMs = 60_000

async function look(
  options: ChaosOptions,
  topic: string,
  store: ObjectStore,
  client: ReturnType<typeof openKafka>,
): Promise<{ readonly seen: Seen; readonly audit: AuditReport }> {
  const tempDirectory = join(options.directory, 'tmp')
  await using duckdb = await openDuckdb({ extensionDirectory: tempDirectory, tempDirectory })
  const admin = client.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const ends = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
  const seen = await readLanded(store, duckdb, {
    topic,
    ends,
    events: options.events,
    tempDirectory,
  })
  const deepCheck = openDeepCheck(store, duckdb, tempDirectory)
  const audit = await auditTopic(store, { topic, deepCheck })
  store.close()
  return { seen, audit }
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!holds() && Date.now() < deadline) await pause(50)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
