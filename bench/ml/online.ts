/**
 * Predictions of single users at a steady rate: from the endpoint by the SDK, and through `GET /api/predictions`, with
 * and without reasons, and when the endpoint is gone. The image serves 200 trees of depth 6 over 40 features behind the
 * stand-in, 10,000 users have features in PostgreSQL. `node bench/ml/online.ts [requests a second] [seconds]` writes
 * its section of docs/benchmarks.md; exit code 1 when the endpoint misses its bound.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker'
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime'
import pg from 'pg'
import { openS3 } from '../../core/clients/s3.ts'
import { settingsSchema } from '../../core/settings.ts'
import { type Instance, killService, startInstance, stopInstance } from '../../local/instance.ts'
import { packDirectory } from '../../local/sagemaker/archive.ts'
import { writeImages } from '../../local/sagemaker/images.ts'
import { bucketName as bucket } from '../../local/state.ts'
import { createSageMakerClients, type SageMakerClients } from '../../ml/sagemaker/clients.ts'
import { cacheDir } from '../../tests/support/extension-directory.ts'
import { anyPorts } from '../../tests/support/services.ts'
import { migrate } from '../../transform/publish/migrate.ts'
import { startOurs } from '../api/servers.ts'
import { describeMachine, repository } from '../harness.ts'
import { writeSections } from '../page.ts'

const boundMs = 20
const users = 10_000
const width = 40
/** By then what is kept for reasons is found for most users; the first thousand take up to 5 ms each. */
const warmUpSeconds = 12
const endpoint = 'purchase-likelihood'
const image = 'example.com/purchase:1'

const perSecond = Number(process.argv[2] ?? 200)
const seconds = Number(process.argv[3] ?? 15)

type Timed = {
  readonly title: string
  readonly source: string
  readonly millis: readonly number[]
  readonly failed: number
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-online-'))
const stateDir = join(folder, 'services')
try {
  const { load_1m: before } = describeMachine()
  const venv = execFileSync('sh', [join(repository, 'ml/image/install.sh')], { encoding: 'utf8' })
  const python = join(venv.trim(), 'bin/python')
  execFileSync(python, [join(repository, 'bench/ml/evaluate.py'), folder, String(users), '1'])
  const instance = await startInstance({
    stateDir,
    cacheDir,
    ports: anyPorts,
    boundToThisProcess: true,
    services: ['s3', 'postgres', 'sagemaker'],
  })
  const clients = clientsOf(instance)
  await deploy(instance, clients, python)
  await storeFeatures(instance)
  const timed = await measureAll(instance, clients)
  clients.control.destroy()
  clients.runtime.destroy()
  report(timed, before)
} finally {
  await stopInstance(stateDir, { purge: true })
  rmSync(folder, { recursive: true, force: true })
}

function clientsOf({ settings }: Instance): SageMakerClients {
  const { s3, sagemaker } = settings
  return createSageMakerClients({
    endpoint: sagemaker?.endpoint,
    region: s3?.region ?? '',
    accessKeyId: s3?.access_key_id,
    secretAccessKey: s3?.secret_access_key,
    maxAttempts: 1,
  })
}

async function deploy(
  { settings }: Instance,
  { control }: SageMakerClients,
  python: string,
): Promise<void> {
  const directory = join(repository, 'ml/image/bin')
  writeImages(stateDir, { images: { [image]: { directory, env: { MILLRACE_ML_PYTHON: python } } } })
  mkdirSync(join(folder, 'model'))
  for (const file of ['model.json', 'serving.json']) {
    writeFileSync(join(folder, 'model', file), readFileSync(join(folder, file)))
  }
  await packDirectory(join(folder, 'model'), join(folder, 'model.tar.gz'))
  const { s3, sagemaker } = settings
  const store = openS3({
    endpoint: s3?.endpoint,
    region: s3?.region ?? '',
    bucket,
    pathStyle: true,
    accessKeyId: s3?.access_key_id,
    secretAccessKey: s3?.secret_access_key,
  })
  await store.put('bench/model.tar.gz', readFileSync(join(folder, 'model.tar.gz')))
  store.close()
  const ModelDataUrl = `s3://${bucket}/bench/model.tar.gz`
  await control.send(
    new CreateModelCommand({
      ModelName: endpoint,
      PrimaryContainer: { Image: image, ModelDataUrl },
      ExecutionRoleArn: sagemaker?.role_arn,
    }),
  )
  const variant = { InstanceType: 'ml.m5.large', InitialInstanceCount: 1 } as const
  await control.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: endpoint,
      ProductionVariants: [{ VariantName: 'all', ModelName: endpoint, ...variant }],
    }),
  )
  await control.send(
    new CreateEndpointCommand({ EndpointName: endpoint, EndpointConfigName: endpoint }),
  )
  const waiting = { minDelay: 0.1, maxDelay: 0.5, maxWaitTime: 60 }
  await waitUntilEndpointInService({ client: control, ...waiting }, { EndpointName: endpoint })
}

/** The rows that evaluate.py has drawn, one a user. */
function featureRows(): readonly (readonly (number | null)[])[] {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, 'rows.f32'))
  const values = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
  return Array.from({ length: users }, (_, user) =>
    Array.from(values.subarray(user * width, (user + 1) * width), (value) =>
      Number.isNaN(value) ? null : value,
    ),
  )
}

async function storeFeatures({ settings }: Instance): Promise<void> {
  const url = settings.postgres?.url ?? ''
  const { schema } = settingsSchema.parse({}).postgres
  await migrate(url, { schema, withTables: false })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`set search_path = ${schema}`)
  const names = Array.from({ length: width }, (_, place) => `feature_${place}`)
  const table = 'user_purchase_features_latest'
  await client.query(
    `create table ${table} (user_id bigint primary key, as_of timestamp,
       ${names.map((name) => `${name} float8`).join(', ')})`,
  )
  const rows = featureRows().map((row, user) =>
    Object.fromEntries([
      ['user_id', user + 1],
      ['as_of', '2024-11-25'],
      ...names.map((name, place) => [name, row[place]]),
    ]),
  )
  await client.query(
    `insert into ${table} select * from json_populate_recordset(null::${table}, $1)`,
    [JSON.stringify(rows)],
  )
  await client.query(`analyze ${table}`)
  await client.end()
}

async function measureAll(instance: Instance, clients: SageMakerClients): Promise<Timed[]> {
  const byEndpoint = [
    await evenly('endpoint, by the SDK', askEndpoint(clients, false)),
    await evenly('endpoint with reasons, by the SDK', askEndpoint(clients, true)),
  ]
  await using server = await startApi(instance)
  const agent = new Agent({ keepAlive: true, maxSockets: 500 })
  const plain = askApi(agent, `${server.url}/api/predictions?reasons=false&user_id=`)
  const withReasons = askApi(agent, `${server.url}/api/predictions?user_id=`)
  const byApi = [
    await evenly('GET /api/predictions?reasons=false', plain),
    await evenly('GET /api/predictions', withReasons),
  ]
  await killService(stateDir, 'sagemaker', 'SIGKILL')
  const alone = [await evenly('GET /api/predictions?reasons=false, the endpoint is gone', plain)]
  agent.destroy()
  return [...byEndpoint, ...byApi, ...alone]
}

async function startApi({ settings }: Instance) {
  const projectDir = join(folder, 'project')
  mkdirSync(join(projectDir, 'api/endpoints'), { recursive: true })
  writeFileSync(
    join(projectDir, 'api/endpoints/one.sql'),
    '/* ---\npath: /api/one\nsummary: One\n--- */\nselect 1 as one\n',
  )
  const { s3, sagemaker } = settings
  writeFileSync(
    join(projectDir, 'millrace.yml'),
    `name: bench
default_target: bench
targets:
  bench:
    services: external
    log_level: warn
    postgres: { url: "\${BENCH_POSTGRES_URL}" }
    s3:
      endpoint: ${s3?.endpoint}
      region: ${s3?.region}
      access_key_id: ${s3?.access_key_id}
      secret_access_key: "\${BENCH_S3_SECRET}"
      path_style: true
    sagemaker: { endpoint: "${sagemaker?.endpoint}" }
`,
  )
  process.env['BENCH_S3_SECRET'] = s3?.secret_access_key
  return await startOurs([process.execPath, join(repository, 'cli/main.ts')], projectDir, {
    postgresUrl: settings.postgres?.url ?? '',
    pool: 4,
    cores: '0,1',
    folder,
  })
}

/** Says where the score came from; rejects when there is none. */
type Ask = (user: number) => Promise<string>

function askEndpoint({ runtime }: SageMakerClients, reasons: boolean): Ask {
  const bodies = featureRows()
    .slice(0, 1000)
    .map((row) => {
      const instance = Object.fromEntries(row.map((value, place) => [`feature_${place}`, value]))
      return Buffer.from(JSON.stringify({ instances: [instance], reasons }))
    })
  return async (user) => {
    const { Body } = await runtime.send(
      new InvokeEndpointCommand({
        EndpointName: endpoint,
        ContentType: 'application/json',
        Body: bodies[user % bodies.length] ?? '',
      }),
    )
    JSON.parse(Buffer.from(Body ?? []).toString())
    return 'endpoint'
  }
}

function askApi(agent: Agent, address: string): Ask {
  const get: Ask = (user) =>
    new Promise((resolve, reject) => {
      const asking = request(`${address}${user + 1}`, { agent }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.once('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(body).source)
          else reject(new Error(body))
        })
      })
      // A connection that the server closed as it was used again, says Node, is to be replaced.
      asking.once('error', (error) => (asking.reusedSocket ? resolve(get(user)) : reject(error)))
      asking.end()
    })
  return get
}

/** Asks when it is due, answered or not; times count from then. */
async function evenly(title: string, ask: Ask): Promise<Timed> {
  await run(ask, warmUpSeconds)
  const { millis, failed, sources } = await run(ask, seconds)
  return { title, millis, failed, source: [...sources].sort().join(', ') }
}

async function run(ask: Ask, during: number) {
  const millis: number[] = []
  const sources = new Set<string>()
  const open: Promise<void>[] = []
  let failed = 0
  const start = performance.now()
  const all = Math.floor(perSecond * during)
  const one = async (index: number) => {
    const due = start + (index / perSecond) * 1000
    try {
      sources.add(await ask((index * 7919) % users))
      millis.push(performance.now() - due)
    } catch (error) {
      if (failed === 0) console.error(error)
      failed += 1
    }
  }
  while (open.length < all) {
    const due = ((performance.now() - start) / 1000) * perSecond
    while (open.length < Math.min(due, all)) open.push(one(open.length))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(open)
  return { millis, failed, sources }
}

function quantile(millis: readonly number[], share: number): number {
  const sorted = millis.toSorted((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function report(timed: readonly Timed[], loadBefore: number): void {
  const { processor, cores, memory_gb, node, load_1m: after } = describeMachine()
  const ms = (millis: readonly number[], share: number) => quantile(millis, share).toFixed(1)
  const lines = timed.map(
    ({ title, source, millis, failed }) =>
      `| ${title} | ${source} | ${millis.length} | ${failed} | ${ms(millis, 0.5)} | ${ms(millis, 0.99)} | ${ms(millis, 0.999)} |`,
  )
  const today = new Date().toISOString().slice(0, 10)
  const text = `## Predictions

\`node bench/ml/online.ts\` writes this table. The image (\`ml/image\`, Python) serves 200 trees of depth 6 over ${width}
features behind the stand-in for SageMaker; the features of ${users.toLocaleString('en')} users are in PostgreSQL. One user a request,
${perSecond} requests a second for ${seconds} s, sent when they are due, and times count from then. Everything, the generator too,
shares the cores: endpoint, stand-in, PostgreSQL, API. Each line follows ${warmUpSeconds} s of the same, in which the API finds what it
keeps for reasons, which it computes itself. In the last line the stand-in has been killed, and the API evaluates the
model itself. The bound is a 99th percentile of ${boundMs} ms for the endpoint.

${cores} × ${processor}, ${memory_gb} GB, Node ${node}, load ${loadBefore} before and ${after} after; ${today}.

| asked | answered by | answers | failed | p50 ms | p99 ms | p99.9 ms |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}
`
  console.log(text)
  writeSections(new Map([['predictions', text]]))
  const [first] = timed
  const isWithin = first !== undefined && quantile(first.millis, 0.99) <= boundMs
  process.exitCode = isWithin && timed.every(({ failed }) => failed === 0) ? 0 : 1
}
