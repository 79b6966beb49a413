/** Registers a trained model as the next version of its group, with everything that it came from. */
import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  type CreateModelPackageInput,
  DescribeModelPackageGroupCommand,
  type DescribeTrainingJobResponse,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker'
import type { Metrics } from '../evaluation/trained-model.ts'
import { asked, askedIfThere } from '../sagemaker/asked.ts'
import { type Origin, tagsOf } from '../sagemaker/tags.ts'
import { asDescription, asValue } from '../sagemaker/texts.ts'
import type { Algorithm } from '../training/training-request.ts'
import { scriptEnvironment } from '../training/training-request.ts'

export type Registration = {
  readonly origin: Origin
  readonly job: Pick<
    DescribeTrainingJobResponse,
    'TrainingJobName' | 'TrainingJobArn' | 'InputDataConfig'
  >
  /** Of the image that serves; the one that trained. */
  readonly imageUri: string
  readonly algorithm: Algorithm
  readonly artifactUri: string
  /** Where metrics.json of the model lies by itself; undefined for one that has none. */
  readonly metricsUri?: string | undefined
  readonly metrics?: Metrics | undefined
  /** How many features a row has. */
  readonly features: number
  readonly approval: 'Approved' | 'Rejected' | 'PendingManualApproval'
  readonly reason: string
}

const contentTypes = ['application/json', 'text/csv']

/** Makes the group where it is missing. @throws as `asked` */
async function ensureGroup(control: SageMakerClient, origin: Origin): Promise<void> {
  const name = { ModelPackageGroupName: origin.model }
  const operation = `find the model package group ${origin.model}`
  const found = control.send(new DescribeModelPackageGroupCommand(name))
  if ((await askedIfThere(operation, found)) !== undefined) return
  // A version has no tags of its own; the group's count for all.
  const Tags = tagsOf({ project: origin.project, model: origin.model })
  const command = new CreateModelPackageGroupCommand({ ...name, Tags })
  await asked(`make the model package group ${origin.model}`, control.send(command))
}

/** @returns the ARN of the version */
export async function register(
  control: SageMakerClient,
  registration: Registration,
): Promise<string> {
  await ensureGroup(control, registration.origin)
  const command = new CreateModelPackageCommand(packageRequest(registration))
  const made = await asked(`register ${registration.artifactUri}`, control.send(command))
  return made.ModelPackageArn ?? ''
}

/** The request, in which nothing is that SageMaker refuses; the reason is in the description. */
export function packageRequest(registration: Registration): CreateModelPackageInput {
  const { origin, job, algorithm, metricsUri, approval, reason } = registration
  const name = job.TrainingJobName ?? ''
  const environment =
    algorithm.kind === 'script'
      ? { Environment: { ...scriptEnvironment(algorithm.archiveUri) } }
      : {}
  return {
    ModelPackageGroupName: origin.model,
    ModelPackageDescription: asDescription(`${approval}: ${reason}`),
    InferenceSpecification: {
      Containers: [
        { Image: registration.imageUri, ModelDataUrl: registration.artifactUri, ...environment },
      ],
      SupportedContentTypes: contentTypes,
      SupportedResponseMIMETypes: contentTypes,
    },
    ModelApprovalStatus: approval,
    MetadataProperties: {
      ...(origin.gitSha === undefined ? {} : { CommitId: origin.gitSha }),
      GeneratedBy: job.TrainingJobArn ?? name,
      ProjectId: origin.project,
    },
    ...(metricsUri === undefined
      ? {}
      : {
          ModelMetrics: {
            ModelQuality: { Statistics: { ContentType: 'application/json', S3Uri: metricsUri } },
          },
        }),
    CustomerMetadataProperties: metadataOf(registration, name),
  }
}

function metadataOf(registration: Registration, job: string) {
  const { origin, metrics, features, job: trained } = registration
  const { model: figures } = metrics?.test ?? {}
  const channel = trained.InputDataConfig?.[0]?.DataSource?.S3DataSource?.S3Uri
  const exportUri = channel?.replace(/\/[^/]*\/?$/, '')
  const values = {
    training_job: job,
    export_uri: exportUri,
    model_version: metrics?.model_version,
    snapshot_id: origin.snapshotId,
    sql_hash: origin.sqlHash,
    git_sha: origin.gitSha,
    features,
    seed: metrics?.parameters['seed'],
    test_rows: metrics?.data.splits.test.rows,
    log_loss: figures?.logloss.value,
    roc_auc: figures?.roc_auc.value,
    pr_auc: figures?.pr_auc.value,
    ece: figures?.ece.value,
    ...Object.fromEntries(
      Object.entries(metrics?.libraries ?? {}).map(([name, version]) => [
        `library_${name.replaceAll('-', '_')}`,
        version,
      ]),
    ),
  }
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined || value === null || value === ''
        ? []
        : [[asValue(key), asValue(String(value))]],
    ),
  )
}
