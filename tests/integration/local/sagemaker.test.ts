/**
 * The stand-in for SageMaker, asked by the SDKs of AWS as they are. The image is a directory whose `train` and
 * `serve` do what they are told (tests/support/sagemaker/image). One stand-in for all tests; names tell them apart.
 */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateTrainingJobCommand,
  type CreateTrainingJobCommandInput,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeTrainingJobCommand,
  ListModelsCommand,
  SageMakerClient,
  StopTrainingJobCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
  waitUntilTrainingJobCompletedOrStopped,
} from '@aws-sdk/client-sagemaker'
import {
  InvokeEndpointCommand,
  type InvokeEndpointCommandInput,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ObjectStore, openS3 } from '../../../core/clients/s3.ts'
import {
  type Instance,
  killService,
  startInstance,
  startService,
  stopInstance,
} from '../../../local/instance.ts'
import { identify, isAlive } from '../../../local/process/identity.ts'
import { packDirectory } from '../../../local/sagemaker/archive.ts'
import { writeImages } from '../../../local/sagemaker/images.ts'
import { bucketName as bucket } from '../../../local/state.ts'
import { startOptions, until } from '../../support/instance.ts'

const here = (path: string) =>
  fileURLToPath(new URL(`../../support/sagemaker/${path}`, import.meta.url))
const run = promisify(execFile)
const image = 'example.com/well-behaved:1'
const boundImage = 'example.com/knows-opt-ml-only:1'
const smallImage = 'example.com/little-memory:1'
/** The same, with little time for what does not answer in the end. */
const impatient: Readonly<Record<string, string>> = {
  mute: 'example.com/mute:1',
  hangs: 'example.com/hangs:1',
}
/** Waiters ask again after so many seconds. */
const waiting = { minDelay: 0.05, maxDelay: 0.1, maxWaitTime: 30 }

let instance: Instance
let store: ObjectStore
let sagemaker: SageMakerClient
let runtime: SageMakerRuntimeClient
let stateDir: string
let role: string

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'millrace-sagemaker-'))
  instance = await startInstance(startOptions(stateDir, { services: ['s3', 'sagemaker'] }))
  const { s3, sagemaker: standIn } = instance.settings
  if (s3 === undefined || standIn === undefined) throw new Error('a service is missing')
  const described = { directory: here('image'), env: { NODE: process.execPath } }
  writeImages(stateDir, {
    images: {
      [image]: described,
      [smallImage]: { ...described, memory_mb: 200 },
      [boundImage]: { ...described, bind_opt_ml: true },
      'example.com/mute:1': { ...described, ping_seconds: 2 },
      'example.com/hangs:1': { ...described, invocation_seconds: 1 },
    },
    limits: {
      training_jobs: 12,
      training_grace_seconds: 1,
      serving_grace_seconds: 1,
    },
  })
  role = standIn.role_arn
  const credentials = { accessKeyId: s3.access_key_id, secretAccessKey: s3.secret_access_key }
  const options = { endpoint: standIn.endpoint, region: s3.region, credentials }
  sagemaker = new SageMakerClient(options)
  runtime = new SageMakerRuntimeClient(options)
  const { accessKeyId, secretAccessKey } = credentials
  const place = { endpoint: s3.endpoint, region: s3.region, bucket, pathStyle: true }
  store = openS3({ ...place, accessKeyId, secretAccessKey })
  await store.put('data/train/a.csv', Buffer.from('1,2'))
  await store.put('data/train/deep/b.csv', Buffer.from('0,3'))
  await store.put('data/trained/other.csv', Buffer.from('no'))
  await store.put('data/packed/c.csv', gzipSync('0,4'))
  await store.put(
    'data/lists/m.json',
    Buffer.from(JSON.stringify([{ prefix: uri('data/train/') }, 'a.csv'])),
  )
  await store.put('models/broken.tar.gz', Buffer.from('this is no archive'))
  await putModel('one')
  await putModel('two')
  await putModel('mute')
  await putModel('hangs')
})

afterAll(async () => {
  sagemaker.destroy()
  runtime.destroy()
  store.close()
  await stopInstance(stateDir, { purge: true })
  expect(existsSync(join(stateDir, 'sagemaker'))).toBe(false)
  rmSync(stateDir, { recursive: true, force: true })
})

const uri = (key: string) => `s3://${bucket}/${key}`

/** An archive as a training job would have made it. */
async function putModel(mode: string): Promise<void> {
  const directory = mkdtempSync(join(stateDir, 'model-'))
  writeFileSync(join(directory, 'model.json'), JSON.stringify({ mode, trainedOn: mode }))
  await packDirectory(directory, `${directory}.tar.gz`)
  await store.put(`models/${mode}.tar.gz`, readFileSync(`${directory}.tar.gz`))
}

function channel(ChannelName: string, key: string, more: object = {}) {
  const source = { S3DataType: 'S3Prefix' as const, S3Uri: uri(key), ...more }
  return { ChannelName, DataSource: { S3DataSource: source } }
}

function job(
  name: string,
  HyperParameters: Record<string, string> = {},
  more: Partial<CreateTrainingJobCommandInput> = {},
): CreateTrainingJobCommand {
  return new CreateTrainingJobCommand({
    TrainingJobName: name,
    RoleArn: role,
    AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: 'File' },
    HyperParameters,
    InputDataConfig: [channel('train', 'data/train')],
    OutputDataConfig: { S3OutputPath: uri('jobs') },
    ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 1 },
    StoppingCondition: { MaxRuntimeInSeconds: 60 },
    ...more,
  })
}

const describeJob = (TrainingJobName: string) =>
  sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName }))

/** How a job ended: its status, its steps and why. */
async function endOf(name: string) {
  let found = await describeJob(name)
  await until(async () => {
    found = await describeJob(name)
    return found.TrainingJobStatus !== 'InProgress' && found.TrainingJobStatus !== 'Stopping'
  })
  return found
}

async function reaches(name: string, step: string): Promise<void> {
  await until(async () => (await describeJob(name)).SecondaryStatus === step)
}

async function makeConfig(
  name: string,
  variants: Record<string, [mode: string, weight: number]>,
  InitialInstanceCount = 1,
) {
  for (const [mode] of Object.values(variants)) {
    const ModelName = `${name}-${mode}`
    const Image = impatient[mode] ?? image
    const PrimaryContainer = { Image, ModelDataUrl: uri(`models/${mode}.tar.gz`) }
    await sagemaker.send(
      new CreateModelCommand({ ModelName, PrimaryContainer, ExecutionRoleArn: role }),
    )
  }
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: Object.entries(variants).map(([VariantName, [mode, weight]]) => ({
        VariantName,
        ModelName: `${name}-${mode}`,
        InstanceType: 'ml.m5.large',
        InitialInstanceCount,
        InitialVariantWeight: weight,
      })),
    }),
  )
}

const describeEndpoint = (EndpointName: string) =>
  sagemaker.send(new DescribeEndpointCommand({ EndpointName }))

async function deploy(EndpointName: string, EndpointConfigName: string): Promise<void> {
  await sagemaker.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName }))
  await waitUntilEndpointInService({ client: sagemaker, ...waiting }, { EndpointName })
}

/** Moves an endpoint to another configuration. @returns the states on the way */
async function update(EndpointName: string, EndpointConfigName: string) {
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName }))
  const states = new Set<string>()
  await until(async () => {
    const { EndpointStatus = '' } = await describeEndpoint(EndpointName)
    states.add(EndpointStatus)
    return EndpointStatus === 'InService'
  })
  return [...states]
}

async function invoke(
  EndpointName: string,
  Body: string,
  more: Partial<InvokeEndpointCommandInput> = {},
) {
  const answer = await runtime.send(new InvokeEndpointCommand({ EndpointName, Body, ...more }))
  const said: { trainedOn: string; pid: number } = JSON.parse(
    Buffer.from(answer.Body ?? []).toString(),
  )
  return { ...answer, ...said }
}

it('trains: channels come from S3, states are walked, the model goes to S3', async () => {
  const given = job(
    'trains',
    { mode: 'one' },
    {
      AlgorithmSpecification: {
        TrainingImage: image,
        TrainingInputMode: 'File',
        MetricDefinitions: [
          { Name: 'validation:auc', Regex: 'validation-auc:([0-9.]+)' },
          { Name: 'validation:logloss', Regex: 'validation-logloss:(?P<value>[0-9.]+)' },
        ],
      },
      InputDataConfig: [
        channel('train', 'data/train', { S3DataDistributionType: 'FullyReplicated' }),
        channel('listed', 'data/lists/m.json', { S3DataType: 'ManifestFile' }),
        { ...channel('packed', 'data/packed/'), CompressionType: 'Gzip', ContentType: 'text/csv' },
      ],
    },
  )
  await sagemaker.send(given)
  const waited = await waitUntilTrainingJobCompletedOrStopped(
    { client: sagemaker, ...waiting },
    { TrainingJobName: 'trains' },
  )
  expect(waited.state).toBe('SUCCESS')
  const described = await describeJob('trains')
  expect(described).toMatchObject({ TrainingJobStatus: 'Completed', SecondaryStatus: 'Completed' })
  expect(described.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
    ...['Starting', 'Starting', 'Downloading', 'Training', 'Uploading', 'Completed'],
  ])
  expect(
    described.FinalMetricDataList?.map(({ MetricName, Value }) => [MetricName, Value]),
  ).toEqual([
    ['validation:auc', 0.83],
    ['validation:logloss', 0.4],
  ])
  expect(described.InputDataConfig).toEqual(given.input.InputDataConfig)
  expect(described.ModelArtifacts?.S3ModelArtifacts).toBe(uri('jobs/trains/output/model.tar.gz'))

  const model = await unpacked('jobs/trains/output/model.tar.gz', 'model.json')
  expect(JSON.parse(model)).toEqual({
    mode: 'one',
    instance: 'ml.m5.large',
    trainedOn: [
      'listed/a.csv=1,2',
      'packed/c.csv=0,4',
      'train/a.csv=1,2',
      'train/deep/b.csv=0,3',
      // A prefix of keys, not a directory.
      'train/trained/other.csv=no',
    ].join('\n'),
  })
  expect(await unpacked('jobs/trains/output/output.tar.gz', 'report.txt')).toBe('well done')
})

async function unpacked(key: string, file: string): Promise<string> {
  const directory = mkdtempSync(join(stateDir, 'unpacked-'))
  writeFileSync(join(directory, 'archive'), (await store.get(key))?.body ?? new Uint8Array())
  await run('tar', ['-xzf', join(directory, 'archive'), '-C', directory])
  return readFileSync(join(directory, file), 'utf8')
}

it.concurrent.each([
  ['killed', {}, 'Failed', 'Failed', /^AlgorithmError: .*SIGKILL.*exit code: 137$/],
  [
    'hyperparameter',
    {},
    'Failed',
    'Failed',
    /^AlgorithmError: max_depth must be between 1 and 12, not 99, exit code: 1$/,
  ],
  ['memory', { TrainingImage: smallImage }, 'Failed', 'Failed', /^ClientError: .*more memory/],
  ['deaf', {}, 'Stopped', 'MaxRuntimeExceeded', undefined],
] as const)('says how a job ended that is %s', async (fault, spec, status, last, reason) => {
  const AlgorithmSpecification = {
    TrainingImage: image,
    TrainingInputMode: 'File' as const,
    ...spec,
  }
  const StoppingCondition = { MaxRuntimeInSeconds: fault === 'deaf' ? 1 : 60 }
  await sagemaker.send(job(`is-${fault}`, { fault }, { AlgorithmSpecification, StoppingCondition }))
  const end = await endOf(`is-${fault}`)
  expect(end).toMatchObject({ TrainingJobStatus: status, SecondaryStatus: last })
  if (reason !== undefined) expect(end.FailureReason).toMatch(reason)
})

it.concurrent('stops a job, and keeps the model that it wrote at the end', async () => {
  await sagemaker.send(job('is-stopped', { fault: 'slow' }))
  await reaches('is-stopped', 'Training')
  await until(
    () =>
      readFileSync(join(stateDir, 'sagemaker/logs/training-jobs/is-stopped.log'), 'utf8') !== '',
  )
  await sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: 'is-stopped' }))
  expect(await endOf('is-stopped')).toMatchObject({ TrainingJobStatus: 'Stopped' })
  expect(await unpacked('jobs/is-stopped/output/model.tar.gz', 'model.json')).toContain('stopped')
  const again = sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: 'is-stopped' }))
  await expect(again).rejects.toThrow('the training job is in status Stopped')
})

it.concurrent('ends what a job leaves behind, and removes all that it wrote', async () => {
  // 28 days, the longest that SageMaker allows: more milliseconds than a timer can count.
  const StoppingCondition = { MaxRuntimeInSeconds: 2_419_200 }
  await sagemaker.send(job('leaves', { fault: 'leaves-a-process' }, { StoppingCondition }))
  expect(await endOf('leaves')).toMatchObject({ TrainingJobStatus: 'Completed' })
  const { trainedOn } = JSON.parse(await unpacked('jobs/leaves/output/model.tar.gz', 'model.json'))
  expect(identify(Number(trainedOn))).toBeUndefined()
  expect(workOf('leaves')).toEqual([])
})

/** The base directories of a job or an endpoint. */
function workOf(name: string): readonly string[] {
  return readdirSync(join(stateDir, 'sagemaker', 'work')).filter((each) =>
    new RegExp(`^${name}-[0-9a-f]{8}$`).test(each),
  )
}

const mayBind = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0

it.skipIf(!mayBind)('gives each job a /opt/ml of its own, where root may', async () => {
  const AlgorithmSpecification = { TrainingImage: boundImage, TrainingInputMode: 'File' as const }
  await sagemaker.send(job('is-bound', { fault: 'fixed-place' }, { AlgorithmSpecification }))
  expect(await endOf('is-bound')).toMatchObject({ TrainingJobStatus: 'Completed' })
  expect(await unpacked('jobs/is-bound/output/model.tar.gz', 'model.json')).toBe(
    'written to /opt/ml',
  )
})

it('takes one of two jobs that come at once under one name', async () => {
  const both = await Promise.allSettled([
    sagemaker.send(job('twice')),
    sagemaker.send(job('twice')),
  ])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const refused = both.find((each) => each.status === 'rejected')
  expect(refused?.reason).toMatchObject({
    name: 'ResourceInUse',
    message: expect.stringContaining('a training job with this name already exists'),
  })
  expect(await endOf('twice')).toMatchObject({ TrainingJobStatus: 'Completed' })
})

it.each([
  [
    'a name out of pattern',
    { TrainingJobName: '-a_b' },
    /^1 validation error detected: Value '-a_b' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern/,
  ],
  [
    'no role',
    { RoleArn: undefined },
    /Value null at 'roleArn' failed to satisfy constraint: Member must not be null/,
  ],
  [
    'an unknown instance type',
    { ResourceConfig: { InstanceType: 'ml.huge' } },
    /at 'resourceConfig.instanceType' .* Member must satisfy enum value set/,
  ],
  [
    'an unknown image',
    { AlgorithmSpecification: { TrainingImage: 'nobody:1', TrainingInputMode: 'File' } },
    /^Requested image nobody:1 not found/,
  ],
  [
    'an empty channel',
    { InputDataConfig: [channel('train', 'data/nothing/')] },
    /^No S3 objects found under S3 URL "s3:\/\/.*\/data\/nothing\/"/,
  ],
  [
    'a bucket that is not there',
    { InputDataConfig: [channel('train', '', { S3Uri: 's3://nowhere/data' })] },
    /^No S3 objects found under S3 URL "s3:\/\/nowhere\/data"/,
  ],
] as const)('refuses a job with %s', async (_, more, message) => {
  // The values are wrong on purpose.
  const refused = sagemaker.send(job('refused', {}, more as Partial<CreateTrainingJobCommandInput>))
  await expect(refused).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringMatching(message),
  })
})

it('refuses more instances than there are, an unsigned request and an operation it does not have', async () => {
  const two = { InstanceType: 'ml.m5.large' as const, InstanceCount: 2, VolumeSizeInGB: 1 }
  await expect(sagemaker.send(job('two', {}, { ResourceConfig: two }))).rejects.toMatchObject({
    name: 'ResourceLimitExceeded',
  })
  const url = instance.settings.sagemaker?.endpoint ?? ''
  const unsigned = await fetch(url, {
    method: 'POST',
    headers: { 'x-amz-target': 'SageMaker.ListModels' },
  })
  expect([unsigned.status, await unsigned.json()]).toEqual([
    403,
    expect.objectContaining({ __type: 'MissingAuthenticationTokenException' }),
  ])
  // Another user of this machine.
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const stranger = new SageMakerClient({ endpoint: url, region: 'us-east-1', credentials })
  await expect(stranger.send(new ListModelsCommand({}))).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  })
  stranger.destroy()
})

it('serves variants by their weights, and one of them when it is asked for by name', async () => {
  await makeConfig('both', { One: ['one', 3], Two: ['two', 1], Three: ['hangs', 0] })
  await deploy('weighted', 'both')
  const asked = async (count: number) => {
    const names: string[] = []
    for (let i = 0; i < count; i++)
      names.push((await invoke('weighted', 'x')).InvokedProductionVariant ?? '')
    return names.sort().join(' ')
  }
  expect(await asked(8)).toBe('One One One One One One Two Two')
  const answer = await invoke('weighted', 'a,b', {
    TargetVariant: 'Two',
    ContentType: 'text/csv',
    Accept: 'text/x',
  })
  expect(answer).toMatchObject({
    trainedOn: 'two',
    ContentType: 'text/x',
    CustomAttributes: 'trace=7',
  })

  const DesiredWeightsAndCapacities = [{ VariantName: 'One', DesiredWeight: 0 }]
  const change = { EndpointName: 'weighted', DesiredWeightsAndCapacities }
  await sagemaker.send(new UpdateEndpointWeightsAndCapacitiesCommand(change))
  await waitUntilEndpointInService({ client: sagemaker, ...waiting }, { EndpointName: 'weighted' })
  expect(await asked(3)).toBe('Two Two Two')

  const failing = invoke('weighted', '{"status":400}')
  await expect(failing).rejects.toMatchObject({
    name: 'ModelError',
    OriginalStatusCode: 400,
    OriginalMessage: '{"error":"no such feature"}',
    message: expect.stringMatching(/^Received client error \(400\) from primary with message/),
  })
  await expect(
    invoke('weighted', '{"fault":"hang"}', { TargetVariant: 'Three' }),
  ).rejects.toMatchObject({
    name: 'ModelError',
    OriginalStatusCode: 0,
    message: expect.stringContaining('Your invocation timed out while waiting for a response'),
  })
  await expect(invoke('weighted', 'x'.repeat(6_291_457))).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringContaining("Value at 'body' failed to satisfy constraint"),
  })
  await expect(invoke('weighted', 'x', { TargetVariant: 'Four' })).rejects.toThrow(
    'Variant Four not found',
  )
  await expect(invoke('nobody', 'x')).rejects.toThrow(
    'Endpoint nobody of account 000000000000 not found.',
  )

  await expect(invoke('weighted', '{"fault":"long"}')).rejects.toMatchObject({
    name: 'ModelError',
    message: expect.stringContaining('The response is longer than 6291456 bytes.'),
  })

  const onItsWay = invoke('weighted', '{"fault":"slow"}')
  await invoke('weighted', 'x')
  await sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'weighted' }))
  expect((await onItsWay).trainedOn).toBe('two')
  const gone = await waitUntilEndpointDeleted(
    { client: sagemaker, ...waiting },
    { EndpointName: 'weighted' },
  )
  expect(gone.state).toBe('SUCCESS')
})

it.concurrent('goes on serving the old model when an update fails', async () => {
  await makeConfig('good', { All: ['one', 1] })
  await makeConfig('silent', { All: ['mute', 1] })
  await makeConfig('corrupt', { All: ['broken', 1] })
  await deploy('updated', 'good')
  const { pid } = await invoke('updated', 'x')

  const states = await update('updated', 'corrupt')
  expect(states.at(-1)).toBe('InService')
  expect(await describeEndpoint('updated')).toMatchObject({
    EndpointConfigName: 'good',
    FailureReason: expect.stringMatching(
      /^Failed to extract model data archive .*valid tar.gz archive/,
    ),
  })
  const updating = update('updated', 'silent')
  const [during, ended] = await Promise.all([invoke('updated', 'x'), updating])
  expect(during.pid).toBe(pid)
  expect(ended).toEqual(
    ['Updating', 'RollingBack', 'InService'].filter((each) => ended.includes(each)),
  )
  expect(await describeEndpoint('updated')).toMatchObject({
    EndpointConfigName: 'good',
    FailureReason: expect.stringContaining('did not pass the ping health check'),
  })
  expect((await invoke('updated', 'x')).pid).toBe(pid)

  await makeConfig('crowded', { All: ['mute', 1] }, 9)
  await expect(update('updated', 'crowded')).rejects.toMatchObject({
    name: 'ResourceLimitExceeded',
  })
  await makeConfig('better', { All: ['two', 1] })
  await update('updated', 'better')
  expect(await describeEndpoint('updated')).toMatchObject({ EndpointConfigName: 'better' })
  expect((await describeEndpoint('updated')).FailureReason).toBeUndefined()
  expect((await invoke('updated', 'x')).trainedOn).toBe('two')
})

it.concurrent('says that an endpoint failed that never answers, as the waiter sees', async () => {
  await makeConfig('never', { All: ['mute', 1] })
  const waited = deploy('never', 'never')
  await expect(waited).rejects.toThrow('FAILURE')
  expect(await describeEndpoint('never')).toMatchObject({ EndpointStatus: 'Failed' })
})

it.concurrent('starts a container again that dies under load', async () => {
  await makeConfig('mortal', { All: ['one', 1] })
  await deploy('mortal', 'mortal')
  const { pid } = await invoke('mortal', 'x')
  const load = Array.from({ length: 20 }, (_, i) =>
    invoke('mortal', i === 7 ? '{"fault":"die"}' : 'x'),
  )
  const outcomes = await Promise.allSettled(load)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      expect(outcome.reason).toMatchObject({ name: 'ModelError', OriginalStatusCode: 0 })
    }
  }
  expect(outcomes[7]).toMatchObject({ status: 'rejected' })
  const { pid: second } = await invoke('mortal', 'x')
  expect(second).not.toBe(pid)
  await invoke('mortal', '{"fault":"close"}') // it lives on, and listens no more
  expect((await invoke('mortal', 'x')).pid).not.toBe(second)
  expect(await describeEndpoint('mortal')).toMatchObject({ EndpointStatus: 'InService' })
})

it('answers boto3 in the shapes of its service model, and its waiters work', async () => {
  const venv = (await run('sh', [here('install.sh')])).stdout.trim()
  const { s3, sagemaker: standIn } = instance.settings
  const environment = {
    ...{ ENDPOINT: standIn?.endpoint, ROLE: role, BUCKET: bucket, IMAGE: image },
    AWS_ACCESS_KEY_ID: s3?.access_key_id,
    AWS_SECRET_ACCESS_KEY: s3?.secret_access_key,
    AWS_DEFAULT_REGION: 'us-east-1',
    MODEL: fileURLToPath(new URL('../../../local/sagemaker/service-model.json', import.meta.url)),
  }
  const { stdout } = await run(join(venv, 'bin', 'python'), ['-B', here('check_with_boto3.py')], {
    env: environment,
  })
  expect(stdout.trim().split('\n').at(-1)).toBe(
    '30 operations, every answer as botocore describes it',
  )
})

it('is killed, and comes back: jobs have failed and can go on, endpoints answer, no process is left', async () => {
  await makeConfig('lasting', { All: ['one', 1] })
  await deploy('lasting', 'lasting')
  await deploy('unwanted', 'lasting')
  // As long as instances live SageMaker does not ask for them again, and a restart of ours is nothing else.
  await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'lasting' }))
  await sagemaker.send(new DeleteModelCommand({ ModelName: 'lasting-one' }))
  const old = identify((await invoke('lasting', 'x')).pid)
  const CheckpointConfig = { S3Uri: uri('jobs/cut-off/checkpoints') }
  await sagemaker.send(job('cut-off', { fault: 'long' }, { CheckpointConfig }))
  await until(async () => (await store.get('jobs/cut-off/checkpoints/rounds.txt')) !== undefined)
  expect(await describeJob('cut-off')).toMatchObject({ SecondaryStatus: 'Training' })

  await killService(stateDir, 'sagemaker', 'SIGKILL')
  await killService(stateDir, 's3', 'SIGKILL')
  await startService(stateDir, 'sagemaker')
  expect(await describeJob('cut-off')).toMatchObject({
    TrainingJobStatus: 'Failed',
    FailureReason: 'InternalServerError: We encountered an internal error. Please try again.',
  })
  expect(await describeJob('trains')).toMatchObject({ TrainingJobStatus: 'Completed' })
  expect(old !== undefined && isAlive(old)).toBe(false)
  await sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'unwanted' }))
  // As after any start of all services, where nobody knows which is ready first.
  await startService(stateDir, 's3')
  expect((await invoke('lasting', 'x')).trainedOn).toBe('one')
  await waitUntilEndpointDeleted({ client: sagemaker, ...waiting }, { EndpointName: 'unwanted' })
  expect(workOf('unwanted')).toEqual([])
  await sagemaker.send(job('cut-off-2', { fault: 'long' }, { CheckpointConfig }))
  expect(await endOf('cut-off-2')).toMatchObject({ TrainingJobStatus: 'Completed' })
  const model = await unpacked('jobs/cut-off-2/output/model.tar.gz', 'model.json')
  expect(JSON.parse(model)).toMatchObject({ trainedOn: 'went on after 50 rounds' })
})

it('goes on with an update that was asked for while the endpoint came back', async () => {
  await makeConfig('returning', { All: ['one', 1] })
  await makeConfig('returning-newer', { All: ['two', 1] })
  await deploy('returning', 'returning')
  await killService(stateDir, 'sagemaker', 'SIGKILL')
  await killService(stateDir, 's3', 'SIGKILL')
  await startService(stateDir, 'sagemaker')
  const names = { EndpointName: 'returning', EndpointConfigName: 'returning-newer' }
  await sagemaker.send(new UpdateEndpointCommand(names))
  await startService(stateDir, 's3') // for which the endpoint has waited
  let ended: unknown
  await until(async () => {
    const now = await describeEndpoint('returning')
    ended = now
    return now.EndpointStatus !== 'Updating'
  })
  expect(ended).toMatchObject({ ...names, EndpointStatus: 'InService' })
  expect((await invoke('returning', 'x')).trainedOn).toBe('two')
})
