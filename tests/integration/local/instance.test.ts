/** One instance of everything, broken and mended: what was written before must be there after. */
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import { openS3 } from '../../../core/clients/s3.ts'
import {
  type Instance,
  instanceStatus,
  killService,
  type ServiceName,
  startInstance,
  startService,
  stopInstance,
} from '../../../local/instance.ts'
import { serviceNames } from '../../../local/service-names.ts'
import { startOptions, testInstance, until } from '../../support/instance.ts'

const topic = 'kept'
const records = ['one', 'two', 'three']

function kafkaOf({ settings }: Instance): Kafka {
  const brokers = [...(settings.kafka?.brokers ?? [])]
  return new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 20 } })
}

async function write(instance: Instance): Promise<void> {
  const kafka = kafkaOf(instance)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: records.map((value) => ({ value })) })
  await producer.disconnect()
  await withStore(instance, (store) => store.put('kept', Buffer.from('object')))
  await withDatabase(instance, async (client) => {
    await client.query('create table kept (what text)')
    await client.query("insert into kept values ('row')")
  })
}

async function read(instance: Instance) {
  const kafka = kafkaOf(instance)
  const consumer = kafka.consumer({ groupId: `reader-${Math.random()}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const messages: string[] = []
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      messages.push(String(message.value))
      if (messages.length === records.length) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  const object = await withStore(instance, (store) => store.get('kept'))
  const rows = await withDatabase(instance, async (client) => {
    return (await client.query<{ what: string }>('select what from kept')).rows
  })
  return { messages, object: String(Buffer.from(object?.body ?? [])), rows }
}

async function withStore<T>(
  instance: Instance,
  work: (store: ReturnType<typeof openS3>) => Promise<T>,
) {
  const { s3 } = instance.settings
  if (s3 === undefined) throw new Error('no S3')
  const store = openS3({
    endpoint: s3.endpoint,
    region: s3.region,
    bucket: s3.bucket,
    accessKeyId: s3.access_key_id,
    secretAccessKey: s3.secret_access_key,
    pathStyle: s3.path_style,
  })
  try {
    return await work(store)
  } finally {
    store.close()
  }
}

async function withDatabase<T>(instance: Instance, work: (client: Client) => Promise<T>) {
  const client = new Client({ connectionString: instance.settings.postgres?.url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function stateOf(instance: Instance, name: ServiceName) {
  return instanceStatus(instance.stateDir).services.find(({ service }) => service === name)
}

it('keeps everything through kill -9 of each service, and through a stop of all', async () => {
  const instance = await testInstance()
  const { stateDir } = instance
  await write(instance)
  const expected = { messages: records, object: 'object', rows: [{ what: 'row' }] }

  for (const name of serviceNames) {
    const before = stateOf(instance, name)
    expect(before?.state).toBe('running')
    await killService(stateDir, name, 'SIGKILL')
    const died = stateOf(instance, name)
    expect(died).toMatchObject({ state: 'died' })
    expect(died?.reason).toContain('SIGKILL')
    expect(died?.log).toContain(`${name}.log`)
    expect(instanceStatus(stateDir).allRunning).toBe(false)

    await startService(stateDir, name)
    const after = stateOf(instance, name)
    expect(after).toMatchObject({ state: 'running', address: before?.address })
    expect(after?.pid).not.toBe(before?.pid)
  }
  expect(await read(instance)).toEqual(expected)

  expect(await stopInstance(stateDir)).toBe(true)
  expect(instanceStatus(stateDir).services.map(({ state }) => state)).toEqual(
    serviceNames.map(() => 'stopped'),
  )
  const again = await startInstance(startOptions(stateDir))
  expect(again.settings).toEqual(instance.settings)
  expect(await read(again)).toEqual(expected)
})

it('brings PostgreSQL back while a session of the killed server is still busy', async () => {
  const instance = await testInstance({ services: ['postgres'] })
  const session = new Client({ connectionString: instance.settings.postgres?.url })
  session.on('error', () => {})
  await session.connect()
  // It computes and does not listen, so it outlives its server for a while.
  const busy = session.query('select sum(g) from generate_series(1, 10000000) g').catch(() => {})
  await until(async () => {
    return await withDatabase(instance, async (client) => {
      const { rows } = await client.query(
        "select 1 from pg_stat_activity where state = 'active' and query like 'select sum%'",
      )
      return rows.length === 1
    })
  })
  await killService(instance.stateDir, 'postgres', 'SIGKILL')
  await startService(instance.stateDir, 'postgres')
  expect(stateOf(instance, 'postgres')).toMatchObject({ state: 'running' })
  await busy
})
