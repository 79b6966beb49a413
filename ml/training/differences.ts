/** Whether a training job that is there is the one that is asked for. */
import type {
  CreateTrainingJobRequest,
  DescribeTrainingJobResponse,
} from '@aws-sdk/client-sagemaker'

type Described = Partial<
  Pick<
    DescribeTrainingJobResponse,
    | 'AlgorithmSpecification'
    | 'HyperParameters'
    | 'InputDataConfig'
    | 'OutputDataConfig'
    | 'ResourceConfig'
    | 'StoppingCondition'
  >
>

/** In words, what is other there than here; nothing when it is the same job. */
export function differencesOf(there: Described, here: CreateTrainingJobRequest): string[] {
  const [left, right] = [valuesOf(there), valuesOf(here)]
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  return names
    .filter((name) => left[name] !== right[name])
    .map(
      (name) => `${name} is ${left[name] ?? 'not given'} there, ${right[name] ?? 'not given'} here`,
    )
}

/** What decides the model. SageMaker adds defaults of its own to the rest. */
function valuesOf(job: Described): Readonly<Record<string, string | undefined>> {
  const channels = (job.InputDataConfig ?? []).map(({ ChannelName, DataSource }) => [
    `channel ${ChannelName}`,
    DataSource?.S3DataSource?.S3Uri,
  ])
  const hyperparameters = Object.entries(job.HyperParameters ?? {}).map(([name, value]) => [
    `hyperparameter ${name}`,
    value,
  ])
  const { ResourceConfig: resources, StoppingCondition: stopping } = job
  return {
    image: job.AlgorithmSpecification?.TrainingImage,
    'output place': job.OutputDataConfig?.S3OutputPath,
    'instance type': resources?.InstanceType,
    'volume of GB': resources?.VolumeSizeInGB?.toString(),
    'longest time in seconds': stopping?.MaxRuntimeInSeconds?.toString(),
    ...Object.fromEntries([...channels, ...hyperparameters]),
  }
}
