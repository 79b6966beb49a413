/** The training jobs of a model. */
import {
  type DescribeTrainingJobResponse,
  type ListTrainingJobsCommandInput,
  paginateListTrainingJobs,
  type SageMakerClient,
  type TrainingJobStatus,
  type TrainingJobSummary,
} from '@aws-sdk/client-sagemaker'
import { problem } from '../../core/problems.ts'
import { asked } from '../sagemaker/asked.ts'
import { findTraining } from './start-training.ts'

/** Newest first. @throws as `asked` */
export function listTrainings(
  control: SageMakerClient,
  model: string,
  { limit }: { readonly limit: number },
): Promise<readonly TrainingJobSummary[]> {
  const gather = async () => {
    const found: TrainingJobSummary[] = []
    for await (const job of trainingsOf(control, model)) {
      if (found.push(job) >= limit) break
    }
    return found
  }
  return asked('list training jobs', gather())
}

/** Newest first: those that are of the model by their names. @throws what the SDK throws */
async function* trainingsOf(
  control: SageMakerClient,
  model: string,
  status?: TrainingJobStatus,
): AsyncGenerator<TrainingJobSummary> {
  const request: ListTrainingJobsCommandInput = {
    NameContains: model,
    SortBy: 'CreationTime',
    SortOrder: 'Descending',
    ...(status === undefined ? {} : { StatusEquals: status }),
  }
  for await (const page of paginateListTrainingJobs({ client: control }, request)) {
    for (const job of page.TrainingJobSummaries ?? []) {
      // NameContains also finds the jobs of a model whose name this one is a part of.
      if (isOfModel(model, job.TrainingJobName ?? '')) yield job
    }
  }
}

/** Whether a job may be one of this model, by its name: `shop-eu-<hash>` is of shop-eu, and not of shop. */
export function isOfModel(model: string, job: string): boolean {
  const [, named] = /^(.+)-[0-9a-f]{12}(?:-\d+)?$/.exec(job) ?? []
  return named === undefined ? job.startsWith(`${model}-`) : named === model
}

/** The name of a job as SageMaker has it: the model's name comes first. */
export function jobName(model: string, name: string): string {
  return name.startsWith(`${model}-`) ? name : `${model}-${name}`
}

const inWords = { Completed: 'has completed', InProgress: 'runs' } as const

/**
 * The job of a model that has a name, or with `latest` its newest one of a status.
 * @throws `ml/no-training`, `ml/other-model` for a name of another model's, and as `asked`
 */
export async function resolveTraining(
  control: SageMakerClient,
  model: string,
  wanted: string,
  status: keyof typeof inWords,
): Promise<DescribeTrainingJobResponse> {
  if (wanted !== 'latest') {
    const name = jobName(model, wanted)
    const job = await findTraining(control, name)
    if (job === undefined) throw problem('ml/no-training', { what: `training job ${name}` })
    const of = modelOf(job) ?? model
    if (of !== model) throw problem('ml/other-model', { job: name, of, model })
    return job
  }
  const search = async () => {
    for await (const { TrainingJobName: name = '' } of trainingsOf(control, model, status)) {
      const job = await findTraining(control, name)
      if (job !== undefined && (modelOf(job) ?? model) === model) return job
    }
    return undefined
  }
  const newest = await asked('list training jobs', search())
  if (newest !== undefined) return newest
  throw problem('ml/no-training', { what: `training job of ${model} that ${inWords[status]}` })
}

/** Which model a job trains, as it was told; SageMaker's own XGBoost is told nothing. */
function modelOf({ Environment: own }: DescribeTrainingJobResponse): string | undefined {
  return own?.['MILLRACE_MODEL_NAME']
}
