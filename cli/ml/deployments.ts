/** Putting versions on the endpoint, as `deploy`, `promote` and `rollback` do it. */

import { queryRows } from '../../core/clients/duckdb.ts'
import { type Config, requireSetting } from '../../core/config.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import {
  concurrencyOf,
  type Deployed,
  type Deployment,
  deploy,
  finishDeployment,
  runsOn,
  type Serving,
} from '../../ml/endpoint/deploy.ts'
import { deploymentToReturnTo, listDeployments } from '../../ml/endpoint/deployments.ts'
import { configsOf, findEndpoint, type Waiting } from '../../ml/endpoint/endpoint.ts'
import { deploymentName, versionIn } from '../../ml/endpoint/names.ts'
import { versionOf } from '../../ml/endpoint/serving.ts'
import { type Expectation, smokeTest } from '../../ml/endpoint/smoke.ts'
import { readTrainedModel } from '../../ml/evaluation/trained-model.ts'
import type { RecordRow } from '../../ml/records/tables.ts'
import { listVersions, type Version } from '../../ml/registry/versions.ts'
import type { SageMakerClients } from '../../ml/sagemaker/clients.ts'
import type { Objects } from '../../ml/sagemaker/objects.ts'
import { assertInstanceAllowed } from '../../ml/training/guard.ts'
import { openConfiguredLake } from '../context.ts'
import { recordRow, withSageMaker } from './clients.ts'
import { placesOf } from './options.ts'

/** What the endpoint is to run on. @throws `ml/instance-not-allowed` */
export function servingOf({ settings }: Config): Serving {
  const { ml } = settings
  if (ml.serving === 'serverless') {
    const { serverless_memory_mb: memoryMb, serverless_concurrency: concurrency } = ml
    return { kind: 'serverless', memoryMb, concurrency }
  }
  assertInstanceAllowed(ml.serving_instance_type, ml.allowed_instance_types)
  return { kind: 'instance', type: ml.serving_instance_type, count: ml.serving_instances }
}

/** Clients that do not ask an endpoint twice: a container that dies now and then has to be seen. */
export function withDeployer<T>(
  config: Config,
  work: (clients: SageMakerClients) => Promise<T>,
): Promise<T> {
  return withSageMaker(config, work, { invokeAttempts: 1 })
}

/** The version that the endpoint serves, by a deployment of ours or by hand; undefined when there is none. */
export async function servedVersion(
  { control }: SageMakerClients,
  endpoint: string,
  model: string,
): Promise<number | undefined> {
  const found = await findEndpoint(control, endpoint)
  const [config] = configsOf(found)
  if (found?.EndpointStatus === 'Failed' || config === undefined) return undefined
  return await versionOf(control, endpoint, model, config)
}

/**
 * Deploys a version and writes down how that went. One that serves already is only asked whether it answers; one that
 * is on its way, or whose command was interrupted before it was asked, is taken to its end.
 * @throws `ml/deploy-failed`, `ml/model-damaged`, and as `deploy`
 */
export async function deployVersion(
  config: Config,
  clients: SageMakerClients,
  objects: Objects,
  version: Version,
  signal: AbortSignal,
): Promise<'deployed' | 'serves already'> {
  const serving = servingOf(config)
  const { endpoint, model } = placesOf(config)
  const { sagemaker } = config.settings
  const roleArn = requireSetting(config, 'sagemaker.role_arn', sagemaker.role_arn)
  const expectation = await expectationOf(objects, version)
  const startedAt = Date.now()
  const deployment = {
    endpoint,
    name: deploymentName(endpoint, version.version, startedAt),
    modelPackageArn: version.arn,
    roleArn,
    serving,
    origin: { project: config.projectName, model, ...originOf(version) },
    expectation,
  }
  const waiting = waitingOf(config, signal)
  const begun = await begunDeployment(config, clients, deployment, version.version)
  if (begun === undefined) {
    const returnTo = await lastDone(config, clients, deployment)
    const work = deploy(clients, deployment, waiting, returnTo)
    return await writtenDown(config, version, startedAt, deployment, work)
  }
  const { name, previous, isFinished } = begun
  if (!isFinished) {
    const work = finishDeployment(clients, { ...deployment, name }, previous, waiting)
    return await writtenDown(config, version, startedAt, { ...deployment, name }, work)
  }
  const concurrency = concurrencyOf(serving)
  const reason = await smokeTest(clients.runtime, endpoint, expectation, concurrency)
  if (reason === undefined) return 'serves already'
  throw deployFailed(version, endpoint, { outcome: 'stuck', previous, reason })
}

/** A deployment of the version, on what it is to run on, that serves already, or is on its way. */
async function begunDeployment(
  config: Config,
  clients: SageMakerClients,
  deployment: Deployment,
  version: number,
) {
  const { control } = clients
  const { endpoint, serving, origin } = deployment
  const found = await findEndpoint(control, endpoint)
  if (found?.EndpointStatus === 'Failed' || found?.EndpointStatus === 'Deleting') return undefined
  const [serves, pending] = configsOf(found)
  const name = pending ?? serves
  if (name === undefined || versionIn(endpoint, name) !== version) return undefined
  if ((await versionOf(control, endpoint, origin.model, name)) !== version) return undefined
  if (!(await runsOn(control, name, serving))) return undefined
  if (name !== serves) {
    const previous = (await lastDone(config, clients, deployment)) ?? serves
    return { name, previous, isFinished: false }
  }
  if (found?.EndpointStatus === 'Creating') return { name, previous: undefined, isFinished: false }
  const kept = await listDeployments(control, endpoint)
  // Without another it could only be taken away altogether, and it may be well.
  if (kept.every((each) => each.name === name))
    return { name, previous: undefined, isFinished: true }
  const done = await doneDeployments(config, endpoint)
  const rejected = await rejectedVersions(control, origin.model)
  const previous = deploymentToReturnTo(kept, name, rejected, done)?.name
  return { name, previous, isFinished: previous === undefined || done.has(name) }
}

/**
 * The deployment to go back to where what serves is one of ours that was never judged: its command was killed before it
 * asked. Undefined where what serves may serve again, or nothing better is known.
 */
async function lastDone(
  config: Config,
  { control }: SageMakerClients,
  { endpoint, origin }: Deployment,
): Promise<string | undefined> {
  const [serves] = configsOf(await findEndpoint(control, endpoint))
  if (serves === undefined || versionIn(endpoint, serves) === undefined) return undefined
  const done = await doneIfKnown(config, endpoint)
  if (done.size === 0 || done.has(serves)) return undefined
  const kept = await listDeployments(control, endpoint)
  const rejected = await rejectedVersions(control, origin.model)
  const previous = deploymentToReturnTo(kept, serves, rejected, done)?.name
  return previous !== undefined && done.has(previous) ? previous : undefined
}

export async function rejectedVersions(
  control: SageMakerClients['control'],
  model: string,
): Promise<readonly number[]> {
  const rejected = await listVersions(control, model, { approval: 'Rejected' })
  return rejected.map(({ version }) => version)
}

/** As `doneDeployments`; none where the lake does not answer, which is no reason to leave an endpoint as it is. */
export async function doneIfKnown(config: Config, endpoint: string): Promise<ReadonlySet<string>> {
  return await doneDeployments(config, endpoint).catch((error: unknown) => {
    process.stderr.write(`not known which deployments came to serve: ${messageOf(error)}\n`)
    return new Set<string>()
  })
}

/** Deployments whose end a command has seen, by what it wrote down. */
async function doneDeployments(config: Config, endpoint: string): Promise<ReadonlySet<string>> {
  const { hasRecords, recordRelation } = await import('../../ml/records/record.ts')
  await using lake = await openConfiguredLake(config)
  return await lake.read(async (connection) => {
    if (!(await hasRecords(connection, 'ml_deployments'))) return new Set<string>()
    const sql = `select distinct endpoint_config from ${recordRelation('ml_deployments')}
      where endpoint_name = $endpoint and outcome = 'done'`
    const rows = await queryRows(connection, sql, { endpoint })
    return new Set(rows.map((row) => String(row['endpoint_config'])))
  })
}

/** @throws `ml/deploy-failed`, and what the work throws */
async function writtenDown(
  config: Config,
  version: Version,
  startedAt: number,
  { endpoint, name }: Pick<Deployment, 'endpoint' | 'name'>,
  work: Promise<Deployed>,
): Promise<'deployed'> {
  const row = {
    endpoint_name: endpoint,
    action: 'deploy',
    version: version.version,
    model_package_arn: version.arn,
    model_version: version.metadata['model_version'],
    endpoint_config: name,
  }
  let done: Deployed
  try {
    done = await work
  } catch (error) {
    const goesOn = error instanceof MillraceError && unfinished.includes(error.code)
    const outcome = goesOn ? 'unfinished' : 'failed'
    const reason = messageOf(error)
    await tellIfLost(recordDeployment(config, startedAt, { ...row, outcome, reason }))
    throw error
  }
  const { outcome, previous } = done
  const reason = done.outcome === 'done' ? done.untidy : done.reason
  const result = { ...row, outcome, reason, previous_endpoint_config: previous }
  if (done.outcome === 'done') {
    // Two commands may have seen the end of one deployment.
    await recordDeployment(config, startedAt, result, ['endpoint_config', 'action', 'outcome'])
    if (reason !== undefined) process.stderr.write(`deployed, but not tidied up: ${reason}\n`)
    return 'deployed'
  }
  await tellIfLost(recordDeployment(config, startedAt, result))
  throw deployFailed(version, endpoint, done)
}

const unfinished: readonly string[] = ['ml/deploy-goes-on', 'ml/deploy-unfinished']

/** What failed matters more than that it could not be written down. */
export async function tellIfLost(recorded: Promise<void>): Promise<void> {
  await recorded.catch((error: unknown) => {
    process.stderr.write(`not written down: ${messageOf(error)}\n`)
  })
}

export function waitingOf({ settings }: Config, signal: AbortSignal): Waiting {
  return { maxSeconds: settings.ml.deploy_timeout_seconds, signal }
}

/** Writes a row of ops.ml_deployments; see `recordRow`. */
export async function recordDeployment(
  config: Config,
  startedAt: number,
  row: RecordRow<'ml_deployments'>,
  once: readonly (keyof RecordRow<'ml_deployments'>)[] = [],
): Promise<void> {
  const now = Date.now()
  const full = {
    ...row,
    seconds: (now - startedAt) / 1000,
    recorded_at: new Date(now).toISOString(),
  }
  await recordRow(config, 'ml_deployments', full, once)
}

function deployFailed(
  { version }: Version,
  endpoint: string,
  failed: Exclude<Deployed, { outcome: 'done' }>,
): Error {
  const serves = servesStill(endpoint, failed)
  return problem('ml/deploy-failed', { version, reason: failed.reason, serves })
}

function servesStill(endpoint: string, { outcome, previous }: Deployed): string {
  if (outcome === 'stuck') {
    return `It serves endpoint ${endpoint} none the less; \`millrace ml rollback\` or \`millrace ml deploy <version>\` changes that.`
  }
  if (previous === undefined) return `Endpoint ${endpoint} served nothing before, and is gone.`
  const version = versionIn(endpoint, previous)
  const named = version === undefined ? previous : `version ${version}`
  return `Endpoint ${endpoint} serves ${named}, as before.`
}

/** Refuses what SageMaker’s XGBoost trained as it is: nothing but its endpoint could read it. @throws `ml/not-deployable` */
export function assertDeployable({ version, metadata }: Version): void {
  if (metadata['model_version'] === undefined) throw problem('ml/not-deployable', { version })
}

/** What a version has to answer, by its own archive. @throws `ml/not-deployable`, `ml/artifact-missing`, `ml/model-damaged` */
export async function expectationOf(objects: Objects, version: Version): Promise<Expectation> {
  assertDeployable(version)
  const uri = version.artifactUri ?? ''
  const archive = await objects.fetch(uri)
  if (archive === undefined) throw problem('ml/artifact-missing', { uri })
  return { model: (await readTrainedModel(archive)).model }
}

function originOf({ metadata }: Version) {
  const snapshot = metadata['snapshot_id']
  return {
    snapshotId: snapshot === undefined ? undefined : Number(snapshot),
    sqlHash: metadata['sql_hash'],
    gitSha: metadata['git_sha'],
  }
}
