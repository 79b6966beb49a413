/** Registers a trained model: one version of an archive, whoever asks for it, and however often. */
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import { type Registration, register } from '../../ml/registry/register.ts'
import {
  deleteVersion,
  describeVersion,
  listVersions,
  type Version,
} from '../../ml/registry/versions.ts'
import type { SageMakerClients } from '../../ml/sagemaker/clients.ts'
import type { Objects } from '../../ml/sagemaker/objects.ts'
import { gitShaOf } from '../../ml/sagemaker/tags.ts'
import {
  type ExportManifest,
  manifestUri,
  parseManifest,
} from '../../ml/training/export-manifest.ts'
import type { Algorithm } from '../../ml/training/training-request.ts'
import { recordRow } from './clients.ts'
import { type fetchTrained, judgeTraining } from './judge-training.ts'
import { placesOf } from './options.ts'

type Fetched = Awaited<ReturnType<typeof fetchTrained>>
type Versions = Awaited<ReturnType<typeof listVersions>>

/**
 * The version that is made of the archive, registered where there is none.
 * @throws as `judgeTraining` and `asked`; `ml/unknown-version`
 */
export async function registerOnce(
  config: Config,
  clients: SageMakerClients,
  objects: Objects,
  fetched: Fetched,
): Promise<{ readonly version: Version; readonly isNew: boolean }> {
  const { control } = clients
  const { model } = placesOf(config)
  const known = await listVersions(control, model)
  const before = await firstOf(clients, known, fetched.artifactUri)
  const arn = before ?? (await registerFetched(config, clients, objects, fetched, known))
  const version = await describeVersion(control, arn)
  // Deleted by somebody in this very moment.
  if (version === undefined) {
    throw problem('ml/unknown-version', { model, version: arn.replace(/^.*\//, '') })
  }
  await recordVersion(config, fetched.name, version)
  return { version, isNew: before === undefined }
}

/** The ARN of the oldest of these versions that is made of an archive. */
async function firstOf(
  { control }: SageMakerClients,
  versions: Versions,
  artifactUri: string,
): Promise<string | undefined> {
  for (const { ModelPackageArn: arn = '' } of versions.toReversed()) {
    if ((await describeVersion(control, arn))?.artifactUri === artifactUri) return arn
  }
  return undefined
}

/**
 * @param known the versions that there were before
 * @returns the ARN of the new version; of two that are registered at once the first one stays
 */
async function registerFetched(
  config: Config,
  clients: SageMakerClients,
  objects: Objects,
  fetched: Fetched,
  known: Versions,
): Promise<string> {
  const registration = await registrationOf(config, clients, objects, fetched)
  const arn = await register(clients.control, registration)
  const { origin } = registration
  const since = (await listVersions(clients.control, origin.model)).filter(
    (each) => !known.some((one) => one.ModelPackageArn === each.ModelPackageArn),
  )
  const first = await firstOf(clients, since, registration.artifactUri)
  if (first !== undefined && first !== arn) {
    await deleteVersion(clients.control, arn)
    return first
  }
  return arn
}

/** Once, also when a command before this one registered it and could not write that down. */
async function recordVersion(config: Config, job: string, version: Version): Promise<void> {
  const { metadata } = version
  const row = {
    model_name: placesOf(config).model,
    version: version.version,
    model_package_arn: version.arn,
    model_version: metadata['model_version'],
    approval: version.approval,
    reason: version.reason,
    training_job: job,
    artifact_uri: version.artifactUri,
    snapshot_id: numberOf(metadata['snapshot_id']),
    sql_hash: metadata['sql_hash'],
    git_sha: metadata['git_sha'],
    log_loss: numberOf(metadata['log_loss']),
    roc_auc: numberOf(metadata['roc_auc']),
    recorded_at: new Date().toISOString(),
  }
  // Rows of a later approval name no job.
  await recordRow(config, 'ml_models', row, ['model_package_arn', 'training_job'])
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

async function registrationOf(
  config: Config,
  clients: SageMakerClients,
  objects: Objects,
  fetched: Fetched,
): Promise<Registration> {
  const { job, artifactUri } = fetched
  const algorithm = algorithmOf(job)
  const origin = {
    project: config.projectName,
    model: placesOf(config).model,
    // Of the training: the project may have gone on since.
    gitSha: await gitShaOf(clients.control, job.TrainingJobArn),
  }
  const imageUri = job.AlgorithmSpecification?.TrainingImage ?? config.settings.ml.image_uri
  const common = { job, imageUri, algorithm, artifactUri }
  if (algorithm.kind === 'builtin') {
    const reason =
      'SageMaker’s XGBoost writes neither metrics.json nor serving.json: it can be neither judged nor deployed'
    const { features, snapshot_id: snapshotId, sql_hash: sqlHash } = await manifestOf(objects, job)
    return {
      ...common,
      origin: { ...origin, snapshotId, sqlHash },
      features: features.length,
      approval: 'PendingManualApproval',
      reason,
    }
  }
  const { trained, verdict } = await judgeTraining(config, clients, objects, fetched)
  const { metrics } = trained
  // Beside the archive: the console of SageMaker shows them from there.
  const folder = artifactUri.replace(/\/[^/]*$/, '')
  const metricsUri = `${folder}/metrics.json`
  await objects.put(metricsUri, Buffer.from(trained.metricsJson), 'application/json')
  await objects.put(`${folder}/card.html`, Buffer.from(trained.cardHtml), 'text/html')
  const { snapshot_id: snapshotId, sql_hash: sqlHash, features } = metrics.data
  return {
    ...common,
    origin: { ...origin, snapshotId, sqlHash },
    metricsUri,
    metrics,
    features: features.length,
    ...verdict,
  }
}

/** By what the job itself says: the settings may have changed since. */
function algorithmOf(job: Fetched['job']): Algorithm {
  const archiveUri = job.HyperParameters?.['sagemaker_submit_directory']
  if (archiveUri !== undefined) return { kind: 'script', archiveUri }
  const hasManifest = job.InputDataConfig?.some(({ ChannelName }) => ChannelName === 'manifest')
  return { kind: hasManifest === true ? 'image' : 'builtin' }
}

async function manifestOf(objects: Objects, job: Fetched['job']): Promise<ExportManifest> {
  const channel = job.InputDataConfig?.[0]?.DataSource?.S3DataSource?.S3Uri ?? ''
  const uri = manifestUri(channel.replace(/\/[^/]*\/?$/, ''))
  return parseManifest(uri, Buffer.from((await objects.fetch(uri)) ?? []).toString('utf8'))
}
