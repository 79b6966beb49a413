/** What is written down of a training job that has ended, by whichever command sees that. */
import type { DescribeTrainingJobResponse } from '@aws-sdk/client-sagemaker'
import type { Config } from '../../core/config.ts'
import type { RecordRow } from '../../ml/records/tables.ts'
import { recordRow } from './clients.ts'
import { placesOf } from './options.ts'

/** Whether a job has ended, by its TrainingJobStatus. */
export function isOver(status: string | undefined): boolean {
  return status !== 'InProgress' && status !== 'Stopping'
}

/**
 * Writes the end of a job into ops.ml_trainings, once; nothing of one that runs.
 * @param known what the job itself does not say, or not as it was asked for
 */
export async function recordTraining(
  config: Config,
  job: DescribeTrainingJobResponse,
  known: RecordRow<'ml_trainings'> = {},
): Promise<void> {
  if (isOver(job.TrainingJobStatus)) {
    await recordRow(config, 'ml_trainings', rowOf(config, job, known), ['training_job', 'status'])
  }
}

function rowOf(config: Config, job: DescribeTrainingJobResponse, known: RecordRow<'ml_trainings'>) {
  const channel = job.InputDataConfig?.[0]?.DataSource?.S3DataSource?.S3Uri
  return {
    training_job: job.TrainingJobName,
    model_name: placesOf(config).model,
    export_uri: channel?.replace(/\/[^/]*\/?$/, ''),
    image_uri: job.AlgorithmSpecification?.TrainingImage,
    instance_type: job.ResourceConfig?.InstanceType,
    hyperparameters: JSON.stringify(job.HyperParameters ?? {}),
    ...known,
    status: job.TrainingJobStatus,
    failure_reason: job.FailureReason,
    artifact_uri: job.ModelArtifacts?.S3ModelArtifacts,
    metrics: JSON.stringify(metricsOf(job)),
    seconds: job.TrainingTimeInSeconds,
    recorded_at: new Date().toISOString(),
  } satisfies RecordRow<'ml_trainings'>
}

/** The last value of each metric that the job printed. */
export function metricsOf(job: DescribeTrainingJobResponse): Record<string, number | undefined> {
  return Object.fromEntries(
    (job.FinalMetricDataList ?? []).map(({ MetricName = '', Value }) => [MetricName, Value]),
  )
}
