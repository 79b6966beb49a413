/** Runs consumers, a producer and a plan of faults on an instance of their own, then says what is there. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { type ObjectStore, openS3, type S3Options } from '../../../core/clients/s3.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { type AuditReport, auditTopic } from '../../../ingest/audit/audit.ts'
import { openDeepCheck } from '../../../ingest/audit/deep-check.ts'
import { openKafka } from '../../../ingest/kafka/connect.ts'
import { createTopic } from '../../../ingest/topics/topics.ts'
import {
  killService,
  type ServiceName,
  startInstance,
  startService,
} from '../../../local/instance.ts'
import { cacheDir } from '../extension-directory.ts'
import type { ConsumerArguments } from './consumer.ts'
import { type Consumer, Consumers, isAlive, type UnexpectedExit } from './consumers.ts'
import { LakeSide } from './lake-side.ts'
import type { Fault, LakeFault } from './plan.ts'
import { produceNumbered } from './producer.ts'
import { type Expected, readLanded, readRegistered, type Seen } from './verify.ts'
import { pause, until } from './wait.ts'

export type ChaosOptions = {
  /** An empty folder of its own. */
  readonly directory: string
  readonly events: number
  readonly eventsPerSecond: number
  readonly faults: readonly Fault[]
  /** A registrar runs too, and these happen to it and to PostgreSQL. */
  readonly lakeFaults?: readonly LakeFault[]
  readonly crippled: boolean
  readonly onLine: (line: string) => void
}

export type ChaosResult = {
  /** In the landing files. */
  readonly seen: Seen
  /** In the lake's tables, when a registrar ran. */
  readonly registered: Seen | undefined
  readonly audit: AuditReport
  /** The last consumer came to an end in peace. */
  readonly caughtUp: boolean
  readonly unexpected: readonly UnexpectedExit[]
  readonly polite: readonly (number | null)[]
  readonly kills: number
  /** Frozen consumers that were thawed after another had landed what they held. */
  readonly overlaps: number
  readonly registrarKills: number
  readonly unexpectedRegistrars: readonly UnexpectedExit[]
}

const partitions = 4
const sessionTimeoutMs = 6_000 // the least that a broker allows by default
const anyPorts = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 }

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  mkdirSync(options.directory, { recursive: true })
  const services: ServiceName[] = ['kafka', 's3']
  await using instance = await startInstance({
    stateDir: join(options.directory, 'state'),
    cacheDir,
    ports: anyPorts,
    services: options.lakeFaults === undefined ? services : [...services, 'postgres'],
    boundToThisProcess: true,
  })
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
  const store = openS3(s3Options)
  const argument = argumentsOf(options, topic, kafka.brokers, s3Options)
  const consumers = new Consumers(options.directory, argument)
  const { directory, onLine, lakeFaults } = options
  const lakeSide =
    lakeFaults &&
    new LakeSide({ instance, s3: s3Options, topic, directory, faults: lakeFaults, onLine })
  const hurry = new AbortController()
  try {
    const produced = produceNumbered({
      brokers: kafka.brokers,
      topic,
      partitions,
      events: options.events,
      eventsPerSecond: options.eventsPerSecond,
      hurry: hurry.signal,
    })
    const injector = new Injector(consumers, store, options)
    await Promise.all([injector.run(), lakeSide?.run()])
    hurry.abort()
    await produced
    const polite = await consumers.stopAll()
    const caughtUp = await catchUp(options, argument)
    const expected = { topic, ends: await endsOf(client, topic), events: options.events }
    // A registrar refuses a ledger that does not fit together: there is nothing to compare then.
    await using lake = options.crippled ? undefined : await lakeSide?.finish()
    return {
      seen: await readLanded(store, join(directory, 'tmp'), expected),
      registered: lake && (await readRegistered(lake, expected)),
      audit: await audit(store, topic, join(directory, 'tmp')),
      caughtUp,
      polite,
      unexpected: consumers.unexpected,
      kills: consumers.kills,
      overlaps: injector.overlaps,
      registrarKills: lakeSide?.kills ?? 0,
      unexpectedRegistrars: lakeSide?.unexpected ?? [],
    }
  } finally {
    hurry.abort()
    await consumers.killAll()
    await lakeSide?.end()
    store.close()
  }
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
  readonly #store: ObjectStore
  readonly #options: ChaosOptions
  /** Frozen consumers that came back after another had landed what they held. */
  overlaps = 0
  #groups = 0

  constructor(consumers: Consumers, store: ObjectStore, options: ChaosOptions) {
    this.#consumers = consumers
    this.#store = store
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
      case 'freeze-consumer':
        await this.#freeze()
        return
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

  /** Where a ledger is broken already, nobody may come to a claim: the result counts those who did. */
  async #freeze(): Promise<void> {
    const consumer = await this.#aLandingOne()
    if (consumer === undefined) return
    this.#consumers.freeze(consumer)
    await until(() => consumer.frozenBefore !== undefined || !isAlive(consumer), 30_000)
    const key = consumer.frozenBefore
    if (key === undefined) {
      this.#consumers.thaw(consumer)
      return
    }
    const helper = this.#consumers.start(consumer.group)
    if (await until(() => this.#hasSuccessor(key), 60_000)) this.overlaps += 1
    this.#consumers.thaw(consumer)
    await until(() => consumer.frozenBefore === undefined || !isAlive(consumer), 20_000)
    // It goes on with what it believes for a moment.
    await pause(1_000)
    await this.#consumers.kill(helper)
  }

  /** An entry after this one: whoever wrote that has landed what both held, and gone on. */
  async #hasSuccessor(key: string): Promise<boolean> {
    const chain = key.slice(0, key.lastIndexOf('/') + 1)
    try {
      for await (const _object of this.#store.list(chain, key)) return true
    } catch {
      // The store may be down at the moment.
    }
    return false
  }

  async #killService(service: ServiceName, downMs: number): Promise<void> {
    const stateDir = join(this.#options.directory, 'state')
    await killService(stateDir, service, 'SIGKILL')
    await pause(downMs)
    await startService(stateDir, service)
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

async function endsOf(
  client: ReturnType<typeof openKafka>,
  topic: string,
): Promise<Expected['ends']> {
  const admin = client.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
}

async function audit(
  store: ObjectStore,
  topic: string,
  tempDirectory: string,
): Promise<AuditReport> {
  await using duckdb = await openDuckdb({ extensionDirectory: tempDirectory, tempDirectory })
  const deepCheck = openDeepCheck(store, duckdb, tempDirectory)
  return await auditTopic(store, { topic, deepCheck })
}
