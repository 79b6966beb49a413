/**
 * `millrace ml` against the stand-in for SageMaker. What trains is an image of the tests that takes a moment
 * (tests/support/ml/image). A proxy writes down each request.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  DeleteModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker'
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openConfiguredLake } from '../../../cli/context.ts'
import { recordRow } from '../../../cli/ml/clients.ts'
import { readUsers } from '../../../cli/ml/test-users.ts'
import { queryRows } from '../../../core/clients/duckdb.ts'
import { type ObjectStore, openS3 } from '../../../core/clients/s3.ts'
import { loadConfig } from '../../../core/config.ts'
import { type Instance, startInstance, stopInstance } from '../../../local/instance.ts'
import { checkRequest } from '../../../local/sagemaker/api/check-request.ts'
import { loadServiceModel } from '../../../local/sagemaker/api/service-model.ts'
import { writeImages } from '../../../local/sagemaker/images.ts'
import { bucketName as bucket } from '../../../local/state.ts'
import { startCli } from '../../support/cli.ts'
import { startOptions, until } from '../../support/instance.ts'
import { type Ran, runCommand } from '../../support/ml/command.ts'
import { putExport } from '../../support/ml/golden-export.ts'
import { type RecordingProxy, startRecordingProxy } from '../../support/ml/recording-proxy.ts'
import { readInvocation } from '../../support/sagemaker/runtime-request.ts'

const directory = fileURLToPath(new URL('../../support/ml/image', import.meta.url))
const image = 'example.com/quick:1'

let projectDir: string
let instance: Instance
let store: ObjectStore
let runtime: SageMakerRuntimeClient
let control: SageMakerClient
let proxy: RecordingProxy
let environment: Record<string, string>

beforeAll(async () => {
  projectDir = mkdtempSync(join(tmpdir(), 'millrace-ml-'))
  const stateDir = join(projectDir, '.millrace')
  writeFileSync(
    join(projectDir, 'millrace.yml'),
    'name: shop\ndefault_target: local\ntargets:\n  local: {}\n',
  )
  instance = await startInstance(startOptions(stateDir, { services: ['s3', 'sagemaker'] }))
  const { s3, sagemaker } = instance.settings
  if (s3 === undefined || sagemaker === undefined) throw new Error('a service is missing')
  const described = { directory, env: { NODE: process.execPath } }
  writeImages(stateDir, {
    images: {
      [image]: described,
      'example.com/impatient:1': { ...described, ping_seconds: 1 },
      'example.com/small:1': { ...described, memory_mb: 200 },
    },
    limits: { training_grace_seconds: 1, serving_grace_seconds: 1, training_jobs: 12 },
  })
  const credentials = { accessKeyId: s3.access_key_id, secretAccessKey: s3.secret_access_key }
  const place = { endpoint: s3.endpoint, region: s3.region, bucket, pathStyle: true }
  store = openS3({ ...place, ...credentials })
  proxy = await startRecordingProxy(sagemaker.endpoint)
  const options = { endpoint: sagemaker.endpoint, region: s3.region, credentials }
  runtime = new SageMakerRuntimeClient(options)
  control = new SageMakerClient(options)
  environment = {
    MILLRACE_SAGEMAKER_ENDPOINT: proxy.url,
    MILLRACE_ML_IMAGE_URI: image,
    MILLRACE_LAKE_CATALOG: 'sqlite',
    MILLRACE_LAKE_DATA_PATH: join(projectDir, 'lake'),
  }
  Object.assign(process.env, environment)
  await putExport(store, 'e1')
})

afterAll(async () => {
  for (const name of Object.keys(environment)) delete process.env[name]
  proxy.close()
  runtime.destroy()
  control.destroy()
  store.close()
  await stopInstance(instance.stateDir, { purge: true })
  rmSync(projectDir, { recursive: true, force: true })
})

/** Runs `work` with other settings. */
async function withSettings<T>(
  settings: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  Object.assign(process.env, settings)
  try {
    return await work()
  } finally {
    for (const name of Object.keys(settings)) delete process.env[name]
    Object.assign(process.env, environment)
  }
}

const millrace = (...args: string[]): Promise<Ran> =>
  runCommand([...args, '--project-dir', projectDir])

/** A command that ends well. @returns its rows */
async function rowsOf(...args: string[]): Promise<Record<string, unknown>[]> {
  const ran = await millrace(...args, '--format', 'json')
  expect(ran, ran.stderr).toMatchObject({ code: 0 })
  return JSON.parse(ran.stdout)
}

/** A command that gets Ctrl-C as soon as it has asked for another configuration of the endpoint. */
async function interrupted(...args: string[]) {
  const sent = requestsOf('UpdateEndpoint').length
  const cli = startCli([...args, '--project-dir', projectDir], { env: environment })
  await until(() => requestsOf('UpdateEndpoint').length > sent)
  cli.process.kill('SIGINT')
  return await cli.finished
}

/** The version of the model that answers now. */
async function answering(endpoint = 'purchase-likelihood'): Promise<string> {
  const Body = JSON.stringify({ instances: [{}] })
  const command = new InvokeEndpointCommand({ EndpointName: endpoint, Body })
  const answer = await runtime.send(command)
  return JSON.parse(Buffer.from(answer.Body ?? []).toString()).model.version
}

/** As if it had not been possible to write them down. */
async function forget(table: string, condition: string): Promise<void> {
  const config = loadConfig({ projectDir, environment: process.env })
  await using lake = await openConfiguredLake(config)
  await lake.transaction(
    async (transaction) => {
      await transaction.run(`delete from lake.ops.${table} where ${condition}`)
    },
    { message: 'test' },
  )
}

async function recorded(table: string): Promise<Record<string, unknown>[]> {
  const config = loadConfig({ projectDir, environment: process.env })
  await using lake = await openConfiguredLake(config)
  return await lake.read((connection) => queryRows(connection, `from lake.ops.${table}`))
}

/** A row but for when it was written. */
const omit = ({ recorded_at: _, ...row }: Record<string, unknown> = {}) => row

const never = () => Promise.reject(new Error('nobody asks for that'))

const gitEnvironment = {
  ...process.env,
  ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a' },
  ...{ GIT_COMMITTER_EMAIL: 'a@b' },
}

/** How a model's margins are read: 1 is as they were meant. */
const weak = ['--set', 'a=0.4']
const strong = ['--set', 'a=1']

describe('the way of a model', () => {
  it('begins with the guard: what is too dear is refused before anything is sent', async () => {
    const dear = await millrace(
      'ml',
      'train',
      '--export',
      'e1',
      '--instance-type',
      'ml.p4d.24xlarge',
    )
    expect(dear).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ml.allowed_instance_types'),
    })
    const seconds = ['--max-run-seconds', '10', '--max-run-seconds', '3601'] // the last one counts
    const long = await millrace('ml', 'train', '--export', 'e1', ...seconds)
    expect(long).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ml.max_run_seconds is 3600'),
    })
    expect(proxy.recorded).toEqual([])
  })

  it('trains once for the same wish, and shows states and metrics', async () => {
    const first = await millrace('ml', 'train', '--export', 'e1', ...weak, '--format', 'json')
    expect(first.stderr).toMatch(/purchase-likelihood-[0-9a-f]{12}: started, on s3:\/\/.*\/e1\n/)
    expect(first.stderr).toMatch(/Downloading: .*\n.*Training: [\s\S]*Completed: /)
    expect(first.stderr).toMatch(/test:logloss 0\.\d+/)
    const [row] = JSON.parse(first.stdout)
    expect(row).toMatchObject({ status: 'Completed', log_loss: expect.any(Number) })
    expect(await millrace('ml', 'train')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[ml/no-export]'), // none is written down
    })
    const left = await rowsOf('ml', 'train', '--export', 'e1', ...weak, '--no-wait')
    expect(left).toEqual([{ training_job: row.training_job, status: 'Completed' }])
    const again = await millrace('ml', 'train', '--export', 'e1', ...weak, '--format', 'json')
    expect(again.stderr).toContain(': found, on')
    expect(JSON.parse(again.stdout)).toEqual([row])
    expect((await recorded('ml_trainings')).map(({ status }) => status).sort()).toEqual([
      ...['Completed', 'InProgress'],
    ])
  })

  it('approves the first model for beating the baselines, and registers it once', async () => {
    const [row] = await rowsOf('ml', 'register')
    expect(row).toMatchObject({ version: 1, approval: 'Approved' })
    expect(row?.['reason']).toMatch(/^the first model: log loss is lower than that of the baseline/)
    const rows = await recorded('ml_models')
    expect(rows).toMatchObject([{ approval: 'Approved', sql_hash: 'abc', reason: row?.['reason'] }])
    for (const each of ['ml_models', 'ml_trainings']) await forget(each, 'true')
    expect(await rowsOf('ml', 'register')).toEqual([row])
    expect(await recorded('ml_models')).toMatchObject([omit(rows[0])])
    expect(await recorded('ml_trainings')).toMatchObject([{ status: 'Completed' }])
    const group = proxy.recorded.filter(({ operation }) => operation === 'CreateModelPackage')
    expect(group).toHaveLength(1)
  })

  it('deploys it, and asks it before it counts', async () => {
    // An answer that is lost is asked for again, and then refused: what was asked for goes on all the same.
    proxy.loseAnswer('CreateEndpoint')
    const [row] = await rowsOf('ml', 'deploy')
    expect(row).toMatchObject({ version: 1, outcome: 'deployed' })
    expect(await answering()).toBe(row?.['model_version'])
    expect(await rowsOf('ml', 'deploy')).toMatchObject([{ outcome: 'serves already' }])
  })

  it('rejects a model that is no better than the champion, and does not deploy it', async () => {
    proxy.loseAnswer('CreateTrainingJob')
    await rowsOf('ml', 'train', '--export', 'e1', '--set', 'a=0.35')
    const evaluated = await millrace('ml', 'evaluate', '--format', 'table')
    expect(evaluated.stdout).toMatch(/^figure +model +champion +prior/m)
    expect(evaluated.stdout).toMatch(/^log loss +0\.\d+ \(0\.\d+ – 0\.\d+\) +0\.\d+ +0\.\d+$/m)
    proxy.loseAnswer('CreateModelPackage')
    const ran = await millrace('ml', 'register', '--format', 'json')
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout)).toMatchObject([
      { version: 2, approval: 'Rejected', reason: expect.stringContaining('the champion') },
    ])
    const refused = await millrace('ml', 'deploy', '2')
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error[ml/not-approved]'),
    })
    expect(await rowsOf('ml', 'deploy')).toMatchObject([{ version: 1, outcome: 'serves already' }])
  })

  it('approves and deploys a better one, whose champion is then it', async () => {
    await rowsOf('ml', 'train', '--export', 'e1', ...strong)
    expect(await rowsOf('ml', 'register')).toMatchObject([
      {
        version: 3,
        approval: 'Approved',
        reason: expect.stringContaining('lower than that of the champion'),
      },
    ])
    proxy.loseAnswer('UpdateEndpoint')
    const [row] = await rowsOf('ml', 'deploy')
    expect(row).toMatchObject({ version: 3, outcome: 'deployed' })
    expect(await answering()).toBe(row?.['model_version'])
    const shown = await rowsOf('ml', 'show')
    expect(shown).toContainEqual({ property: 'version', value: 3 })
    expect(shown).toContainEqual({ property: 'sql_hash', value: 'abc' })
    const export_uri = `s3://${bucket}/ml/exports/e1`
    expect(shown).toContainEqual({ property: 'export_uri', value: export_uri })
  })

  it('goes back to what served before, and rejects what it leaves', async () => {
    expect(await rowsOf('ml', 'rollback', '--reason', 'too high')).toMatchObject([
      { version: 1, was: 3 },
    ])
    const listed = await rowsOf('ml', 'ls')
    expect(listed.map(({ version, approval, serves }) => [version, approval, serves])).toEqual([
      [3, 'Rejected', false],
      [2, 'Rejected', false],
      [1, 'Approved', true],
    ])
    expect(listed[0]?.['reason']).toMatch(/too high$/)
    const further = await millrace('ml', 'rollback')
    expect(further).toMatchObject({ code: 2, stderr: expect.stringContaining('ml/nothing-before') })
  })

  it('lets a person decide otherwise', async () => {
    const promoted = await rowsOf('ml', 'promote', '3', '--reason', 'it was the data')
    expect(promoted).toMatchObject([{ version: 3, outcome: 'deployed' }])
    expect((await rowsOf('ml', 'ls', '--limit', '1'))[0]).toMatchObject({
      version: 3,
      serves: true,
      reason: expect.stringMatching(/: it was the data$/),
    })
    expect(await millrace('ml', 'delete', '3', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ml/version-serves'),
    })
    expect(await millrace('ml', 'delete', '2', '--yes')).toMatchObject({ code: 0 })
    expect((await rowsOf('ml', 'ls')).map(({ version }) => version)).toEqual([3, 1])
  })

  it('leaves what it goes back from rejected when Ctrl-C ends the waiting', async () => {
    const { code, stderr } = await interrupted('ml', 'rollback', '--reason', 'too low')
    expect(stderr).toContain('Endpoint purchase-likelihood goes on to version 1.')
    expect(code).toBe(3)
    expect((await rowsOf('ml', 'ls', '--limit', '1'))[0]).toMatchObject({
      version: 3,
      approval: 'Rejected',
    })
    await until(async () => (await rowsOf('ml', 'ls')).at(-1)?.['serves'] === true)
    const promoted = await rowsOf('ml', 'promote', '3', '--reason', 'after all')
    expect(promoted).toMatchObject([{ version: 3, outcome: 'deployed' }])
  })

  it('writes everything down', async () => {
    const deployments = await rowsOf('ml', 'ls', 'deployments')
    expect(deployments.map(({ action, version, outcome }) => [action, version, outcome])).toEqual([
      ['deploy', 3, 'done'],
      ['rollback', 1, 'unfinished'],
      ['deploy', 3, 'done'],
      ['rollback', 1, 'done'],
      ['deploy', 3, 'done'],
      ['deploy', 1, 'done'],
    ])
    const models = await recorded('ml_models')
    expect(models.map(({ version, approval }) => [Number(version), approval])).toEqual(
      expect.arrayContaining([
        [1, 'Approved'],
        [2, 'Rejected'],
        [2, 'Deleted'],
        [3, 'Approved'],
        [3, 'Rejected'],
      ]),
    )
    expect(models.find(({ approval }) => approval === 'Deleted')).toMatchObject({
      version: 2n,
      reason: expect.stringMatching(/^deleted by ./),
      model_package_arn: expect.stringMatching(/:model-package\/purchase-likelihood\/2$/),
    })
    const evaluations = await recorded('ml_evaluations')
    expect(evaluations.some(({ improvement_low: low }) => Number(low) > 0)).toBe(true)
  })
})

describe('faults', () => {
  let champion: string
  beforeAll(async () => {
    champion = await answering()
  })
  afterEach(async () => {
    expect(await answering()).toBe(champion)
  })

  const train = (...args: string[]) => millrace('ml', 'train', '--export', 'e1', ...args)

  it.each([
    ['killed', [], /^error\[ml\/training-failed\]\n {2}.*SIGKILL.*exit code: 137/m],
    ['hyperparameter', [], /max_depth must be between 1 and 12, not 99, exit code: 1/],
  ] as const)('says why a training failed: %s', async (fault, more, said) => {
    const ran = await train('--set', `fault=${fault}`, ...more)
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringMatching(said) })
    const [job] = await rowsOf('ml', 'ls', 'trainings', '--limit', '1')
    expect(job).toMatchObject({ status: 'Failed' })
  })

  it('tells a training that ran out of memory to take more, and starts anew afterwards', async () => {
    await withSettings({ MILLRACE_ML_IMAGE_URI: 'example.com/small:1' }, async () => {
      const ran = await train('--set', 'fault=memory')
      expect(ran.code).toBe(1)
      expect(ran.stderr).toMatch(/instance type with more memory/)
      const again = await train('--set', 'fault=memory', '--no-wait')
      expect(again.stderr).toMatch(/-2: started/)
      const [failed, next] = requestsOf('CreateTrainingJob').slice(-2)
      expect(next?.['CheckpointConfig']).toEqual(failed?.['CheckpointConfig'])
    })
  })

  it('knows the commit that a model was trained at, also when the project has gone on', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', projectDir, ...args], { encoding: 'utf8', env: gitEnvironment })
    const commit = () => {
      git('commit', '--quiet', '--allow-empty', '--message', 'on')
      return git('rev-parse', 'HEAD').trim()
    }
    git('init', '--quiet')
    writeFileSync(join(projectDir, '.gitignore'), '*\n') // nothing of the tests makes it dirty
    onTestFinished(() => rmSync(join(projectDir, '.git'), { recursive: true, force: true }))
    const trainedAt = commit()
    await rowsOf('ml', 'train', '--export', 'e1', '--name', 'at-a', ...weak)
    await forget('ml_trainings', "training_job = 'purchase-likelihood-at-a'")
    expect(commit()).not.toBe(trainedAt)
    await rowsOf('ml', 'train', '--export', 'e1', '--name', 'at-a', ...weak)
    const registered = await millrace('ml', 'register', 'at-a', '--format', 'json')
    const [row] = JSON.parse(registered.stdout)
    const shown = await rowsOf('ml', 'show', String(row.version))
    expect(shown).toContainEqual({ property: 'git_sha', value: trainedAt })
    expect(requestsOf('CreateModelPackage').at(-1)).toMatchObject({
      MetadataProperties: { CommitId: trainedAt },
    })
    for (const table of ['ml_models', 'ml_trainings']) {
      const rows = await recorded(table)
      const own = rows.filter(({ training_job: job }) => job === 'purchase-likelihood-at-a')
      expect(own, table).toMatchObject([{ git_sha: trainedAt }])
    }
  })

  it('lists exports, and trains on the newest', async () => {
    const config = loadConfig({ projectDir, environment: process.env })
    for (const [export_id, day] of [['e0', '01'] as const, ['e1', '02'] as const]) {
      const uri = `s3://${bucket}/ml/exports/${export_id}`
      const exported_at = `2026-11-${day}T00:00:00Z`
      await recordRow(config, 'ml_exports', { export_id, uri, train_rows: 1500, exported_at })
    }
    expect(await rowsOf('ml', 'ls', 'exports')).toMatchObject([
      { export_id: 'e1', train_rows: 1500, exported_at: '2026-11-02T00:00:00Z' },
      { export_id: 'e0' },
    ])
    const { stderr } = await millrace('ml', 'train', ...strong, '--no-wait')
    expect(stderr).toMatch(/found, on s3:.*\/e1$/m)
  })

  it('says who has to act when SageMaker does not answer what serves', async () => {
    const nobody = { MILLRACE_SAGEMAKER_ENDPOINT: 'http://127.0.0.1:9' }
    const ran = await withSettings(nobody, () => millrace('ml', 'monitor'))
    expect(ran).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('error[ml/sagemaker-unreachable]'),
    })
  })

  it('says which channel is empty', async () => {
    await putExport(store, 'empty', { without: ['train'] })
    const ran = await millrace('ml', 'train', '--export', 'empty')
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('exports/empty/train/') })
    const none = await millrace('ml', 'train', '--export', 'nothing')
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('error[ml/no-export]') })
  })

  it('follows one job when two ask for the same, and refuses another under its name', async () => {
    const cli = (...args: string[]) =>
      startCli(['ml', ...args, '--project-dir', projectDir], { env: environment }).finished
    const asked = ['train', '--export', 'e1', '--name', 'both', '--set', 'a=0.9']
    const both = await Promise.all([cli(...asked), cli(...asked)])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(both.map(({ stderr }) => /both: (\w+)/.exec(stderr)?.[1]).sort()).toEqual([
      ...['found', 'started'],
    ])
    const other = await train('--name', 'both', '--set', 'a=0.8')
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('hyperparameter a is 0.9 there, 0.8 here'),
    })
    const registered = await Promise.all([cli('register', 'both'), cli('register', 'both')])
    const [one, two] = registered.map(({ stdout }) => JSON.parse(stdout))
    expect(one).toMatchObject({ training_job: 'purchase-likelihood-both' })
    expect(two).toEqual(one)
  })

  it('ends only the watching at Ctrl-C, and says how to end the job', async () => {
    const watched = async (...more: string[]) => {
      const args = ['ml', 'train', '--export', 'e1', '--set', 'fault=slow', ...more]
      const cli = startCli([...args, '--project-dir', projectDir], { env: environment })
      await cli.shows(/Training:/)
      cli.process.kill('SIGINT')
      return await cli.finished
    }
    const { code, stderr } = await watched('--name', 'slow')
    expect(stderr).toContain('`millrace ml stop purchase-likelihood-slow` ends it')
    expect(code).toBe(3)
    await withSettings({ MILLRACE_ML_MODEL_NAME: 'purchase' }, async () => {
      expect((await millrace('ml', 'stop')).stderr).toContain('error[ml/no-training]')
      const other = await millrace('ml', 'stop', 'likelihood-slow')
      expect(other.stderr).toContain('error[ml/other-model]')
    })
    expect((await millrace('ml', 'stop')).stderr).toContain('purchase-likelihood-slow: Stopped')
    expect(await watched('--name', 'ended', '--stop')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error[ml/training-stopped]'),
    })
    const stopped = (await recorded('ml_trainings')).filter(({ status }) => status === 'Stopped')
    expect(stopped.map(({ training_job }) => training_job).sort()).toEqual([
      ...['purchase-likelihood-ended', 'purchase-likelihood-slow'],
    ])
  })

  /** Trains a model whose endpoint does not answer well, and has a person approve it. */
  async function badVersion(answers: string, trainedBy = image): Promise<string> {
    await withSettings({ MILLRACE_ML_IMAGE_URI: trainedBy }, () =>
      rowsOf('ml', 'train', '--export', 'e1', '--set', 'a=0.95', '--set', `answers=${answers}`),
    )
    const ran = await millrace('ml', 'register', '--format', 'json')
    const [row] = JSON.parse(ran.stdout)
    await rowsOf('ml', 'promote', String(row.version), '--reason', 'to see it fail', '--no-deploy')
    return String(row.version)
  }

  it('takes a version back whose container never answers', async () => {
    const version = await badVersion('mute', 'example.com/impatient:1')
    const ran = await millrace('ml', 'deploy', version)
    expect(ran).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error[ml/deploy-failed]'),
    })
    expect(ran.stderr).toMatch(/did not pass the ping health check/)
    expect(ran.stderr).toContain('Endpoint purchase-likelihood serves version 3, as before.')
    expect((await rowsOf('ml', 'ls', 'deployments', '--limit', '1'))[0]).toMatchObject({
      version: Number(version),
      outcome: 'rolled-back',
    })
    // Nothing is left of it that a roll-back could find.
    expect((await millrace('ml', 'delete', version, '--yes')).code).toBe(0)
  })

  it('takes an interrupted deployment to its end, and back where it fails', async () => {
    const version = await badVersion('dies')
    expect(await interrupted('ml', 'deploy', version)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('error[ml/deploy-goes-on]'),
    })
    expect(await millrace('ml', 'delete', version, '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[ml/version-serves]'),
    })
    const ran = await millrace('ml', 'deploy', version)
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('it does not answer') })
    expect(ran.stderr).toContain('Endpoint purchase-likelihood serves version 3, as before.')
    const deployments = await rowsOf('ml', 'ls', 'deployments', '--limit', '2')
    expect(deployments.map(({ outcome }) => outcome)).toEqual(['rolled-back', 'unfinished'])
    expect((await millrace('ml', 'delete', version, '--yes')).code).toBe(0)
  })

  it('does not go back to a deployment that was interrupted, and that nobody has asked', async () => {
    const unseen = await badVersion('well')
    expect(await interrupted('ml', 'deploy', unseen)).toMatchObject({ code: 3 })
    await until(async () => {
      const [newest] = await rowsOf('ml', 'ls', '--limit', '1')
      const [, , , , , , status] = await rowsOf('ml', 'show')
      return newest?.['serves'] === true && status?.['value'] === 'InService'
    })
    const version = await badVersion('dies', 'example.com/impatient:1')
    const ran = await millrace('ml', 'deploy', version)
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('it does not answer') })
    expect(ran.stderr).toContain('Endpoint purchase-likelihood serves version 3, as before.')
    for (const each of [version, unseen]) {
      expect((await millrace('ml', 'delete', each, '--yes')).code).toBe(0)
    }
  })

  it('does not touch the endpoint for an archive that is damaged', async () => {
    await rowsOf('ml', 'train', '--export', 'e1', '--set', 'a=0.97', '--name', 'torn')
    await millrace('ml', 'register', 'torn')
    const [{ version } = {}] = await rowsOf('ml', 'ls', '--limit', '1')
    const key = 'ml/models/purchase-likelihood-torn/output/model.tar.gz'
    await store.put(key, Buffer.from('this is no archive'))
    const promoted = await millrace('ml', 'promote', String(version), '--reason', 'unseen')
    expect(promoted).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[ml/model-damaged]'),
    })
    expect((await rowsOf('ml', 'ls', '--limit', '1'))[0]).toMatchObject({ approval: 'Rejected' })
    const judged = await millrace('ml', 'evaluate', 'torn')
    expect(judged).toMatchObject({ code: 2, stderr: expect.stringContaining('model.tar.gz') })
    const other = { MILLRACE_ML_MODEL_NAME: 'purchase' } // of which all names here begin with its own
    await withSettings(other, async () => {
      expect(await rowsOf('ml', 'ls', 'trainings')).not.toContainEqual(
        expect.objectContaining({ training_job: expect.stringMatching(/-[0-9a-f]{12}$/) }),
      )
      expect((await millrace('ml', 'register')).stderr).toContain('error[ml/no-training]')
      const named = await millrace('ml', 'register', 'likelihood-torn')
      expect(named.stderr).toContain('error[ml/other-model]')
    })
  })
})

describe('the gate', () => {
  it('knows by the Parquet files of an export which rows are of one user', async () => {
    const config = loadConfig({ projectDir, environment: process.env })
    const files = new Map<string, Uint8Array>()
    const objects = { fetch: async (uri: string) => files.get(uri), put: never, list: never }
    const csv = ['s3://b/e/test/part-a.csv', 's3://b/e/test/part-b.csv']
    const read = () => readUsers(config, objects, 's3://b/e/test/', csv)
    expect(await read()).toBeUndefined()
    await using lake = await openConfiguredLake(config)
    for (const [part, users] of [['a', '[70, 90]'] as const, ['b', '[90, 70, 50]'] as const]) {
      const file = join(projectDir, `part-${part}.parquet`)
      const rows = `select unnest(${users})::bigint as user_id`
      await lake.read((connection) => connection.run(`copy (${rows}) to '${file}'`))
      files.set(`s3://b/e/parquet/test/part-${part}.parquet`, readFileSync(file))
    }
    expect(await read()).toEqual(Uint32Array.of(1, 2, 2, 1, 0))
    files.delete('s3://b/e/parquet/test/part-b.parquet') // then nobody knows whose its rows are
    await expect(read()).rejects.toMatchObject({
      code: 'ml/export-unreadable',
      message: expect.stringContaining('2 CSV files and 1 of their Parquet files'),
    })
  })
})

describe('by configuration alone', () => {
  it('deploys without instances, to an endpoint of another name, and deletes that', async () => {
    const settings = { MILLRACE_ML_SERVING: 'serverless', MILLRACE_ML_ENDPOINT_NAME: 'by-the-call' }
    await withSettings(settings, async () => {
      const [row] = await rowsOf('ml', 'deploy', '1')
      expect(row).toMatchObject({ endpoint: 'by-the-call' })
      expect(await answering('by-the-call')).toBe(row?.['model_version'])
      // What it runs on is applied too, without a new version.
      process.env['MILLRACE_ML_SERVERLESS_MEMORY_MB'] = '1024'
      expect(await rowsOf('ml', 'deploy', '1')).toMatchObject([{ outcome: 'deployed' }])
      expect(await rowsOf('ml', 'deploy', '1')).toMatchObject([{ outcome: 'serves already' }])
      delete process.env['MILLRACE_ML_SERVERLESS_MEMORY_MB']
    })
    expect(await millrace('ml', 'delete', '1', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Version 1 serves endpoint by-the-call.'),
    })
    await withSettings(settings, async () => {
      // Deployed by hand, under a name that is none of ours.
      const { EndpointConfigName } = await control.send(
        new DescribeEndpointCommand({ EndpointName: 'purchase-likelihood' }),
      )
      const names = { EndpointName: 'by-the-call', EndpointConfigName }
      await control.send(new UpdateEndpointCommand(names))
      await until(async () => (await rowsOf('ml', 'show'))[6]?.['value'] === 'InService')
      expect(await rowsOf('ml', 'show')).toContainEqual({ property: 'version', value: 3 })
      expect(await rowsOf('ml', 'rollback')).toMatchObject([{ version: 1 }])
      const { ProductionVariants: [variant] = [] } = Object(
        requestsOf('CreateEndpointConfig').at(-1),
      )
      await control.send(new DeleteModelCommand({ ModelName: variant.ModelName }))
      const judged = await millrace('ml', 'evaluate', 'both', '--format', 'json')
      expect(judged.stderr).toMatch(
        /Rejected: the champion cannot be compared: Could not find model/,
      )
      const deleted = await millrace('ml', 'delete', '--endpoint', '--yes')
      expect(deleted).toMatchObject({ code: 0 })
      const shown = await millrace('ml', 'show')
      expect(shown.stderr).toContain('error[ml/nothing-deployed]')
    })
    const config = requestsOf('CreateEndpointConfig').at(-1)
    expect(config).toMatchObject({
      ProductionVariants: [{ ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 5 } }],
    })
  })

  it('trains in script mode, with our code in S3', async () => {
    await withSettings({ MILLRACE_ML_ALGORITHM: 'script' }, () =>
      millrace('ml', 'train', '--export', 'e1', '--name', 'script', '--no-wait'),
    )
    const { HyperParameters: asked } = requestsOf('CreateTrainingJob').at(-1) ?? {}
    expect(asked).toMatchObject({ sagemaker_program: 'script_mode.py' })
    const uri = String(Object(asked)['sagemaker_submit_directory'])
    const packed = await store.get(uri.replace(`s3://${bucket}/`, ''))
    expect(packed?.body.subarray(0, 2)).toEqual(Uint8Array.of(0x1f, 0x8b))
  })

  it('registers what SageMaker’s own XGBoost trained to be looked at, and does not deploy it', async () => {
    const [row] = await withSettings({ MILLRACE_ML_ALGORITHM: 'builtin' }, async () => {
      await rowsOf('ml', 'train', '--export', 'e1', '--name', 'builtin')
      return await rowsOf('ml', 'register', 'builtin')
    })
    expect(row).toMatchObject({ approval: 'PendingManualApproval' })
    const version = String(row?.['version'])
    for (const args of [
      ['deploy', version],
      ['promote', version, '--reason', 'it looks well'],
      ['promote', version, '--reason', 'it looks well', '--no-deploy'],
    ]) {
      const refused = await millrace('ml', ...args)
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('error[ml/not-deployable]'),
      })
      expect(refused.stderr).toContain('ml.algorithm image or script')
    }
    const [listed] = await rowsOf('ml', 'ls', '--limit', '1')
    expect(listed).toMatchObject({ version: Number(version), approval: 'PendingManualApproval' })
  })
})

function requestsOf(operation: string): Record<string, unknown>[] {
  return proxy.recorded.flatMap((each) => (each.operation === operation ? [Object(each.body)] : []))
}

describe('requests', () => {
  it('are such as the service model of SageMaker takes, every member known to it', () => {
    const model = loadServiceModel()
    expect(proxy.recorded.length).toBeGreaterThan(50)
    for (const { operation, body } of proxy.recorded) {
      expect(checkRequest(model, operation, body), operation).toEqual(body)
    }
  })

  it('to endpoints are such as the model of the runtime takes: path, headers, and size', () => {
    const endpoints = new Set(
      proxy.invocations.map((invocation) => readInvocation(invocation)['EndpointName']),
    )
    expect(endpoints).toEqual(new Set(['purchase-likelihood', 'by-the-call']))
    const [asked] = proxy.invocations
    if (asked === undefined) throw new Error('no endpoint was asked')
    for (const [wrong, said] of [
      [{ body: Buffer.alloc(6 * 2 ** 20 + 1) }, 'length less than or equal to 6291456'],
      [{ path: '/endpoints/a/invocation' }, 'is no POST /endpoints/{EndpointName}/invocations'],
      [{ path: '/endpoints/a_b/invocations' }, 'regular expression pattern'],
      [
        { headers: { ...asked.headers, 'x-amzn-sagemaker-variant': 'a' } },
        'x-amzn-sagemaker-variant',
      ],
    ] as const) {
      expect(() => readInvocation({ ...asked, ...wrong })).toThrow(said)
    }
  })
})
