/** What CreateTrainingJob is asked for: pure, so that the same wish gives the same request and the same name. */
import { createHash } from 'node:crypto'
import type {
  Channel,
  CreateTrainingJobRequest,
  MetricDefinition,
  TrainingInstanceType,
} from '@aws-sdk/client-sagemaker'
import { type Origin, tagsOf } from '../sagemaker/tags.ts'
import { withoutSlash } from './export-manifest.ts'

/** What trains: `image` is ml/image, `script` its code in SageMaker's XGBoost, `builtin` that XGBoost as it is. */
export type Algorithm =
  | { readonly kind: 'image' | 'builtin' }
  | { readonly kind: 'script'; readonly archiveUri: string }

export type TrainingWish = {
  readonly origin: Origin
  readonly roleArn: string
  readonly imageUri: string
  readonly algorithm: Algorithm
  readonly exportUri: string
  /** Where models go; each job has a folder below. */
  readonly artifactUri: string
  readonly hyperparameters: Readonly<Record<string, string>>
  readonly metricDefinitions: readonly MetricDefinition[]
  readonly instanceType: string
  readonly volumeGb: number
  readonly maxRunSeconds: number
}

type NamelessRequest = Omit<CreateTrainingJobRequest, 'TrainingJobName'>

/** Rounds of SageMaker's XGBoost, which has no default for them. */
const builtinDefaults = {
  objective: 'binary:logistic',
  eval_metric: 'logloss',
  num_round: '400',
  early_stopping_rounds: '20',
}

/** The request but for its name and what hangs on that: see `nameRequest`. */
export function trainingRequest(wish: TrainingWish): NamelessRequest {
  const { algorithm } = wish
  const isBuiltin = algorithm.kind === 'builtin'
  return {
    RoleArn: wish.roleArn,
    AlgorithmSpecification: {
      TrainingImage: wish.imageUri,
      TrainingInputMode: 'File',
      // SageMaker's own algorithms bring theirs, and refuse others.
      ...(isBuiltin ? {} : { MetricDefinitions: [...wish.metricDefinitions] }),
    },
    HyperParameters: {
      ...(isBuiltin ? builtinDefaults : {}),
      ...(algorithm.kind === 'script' ? scriptSettings(algorithm.archiveUri) : {}),
      ...wish.hyperparameters,
    },
    InputDataConfig: channelsOf(wish.exportUri, isBuiltin),
    OutputDataConfig: { S3OutputPath: withoutSlash(wish.artifactUri) },
    ResourceConfig: {
      // The list of allowed types is the setting's; SageMaker refuses what it does not know.
      InstanceType: wish.instanceType as TrainingInstanceType,
      InstanceCount: 1,
      VolumeSizeInGB: wish.volumeGb,
    },
    StoppingCondition: { MaxRuntimeInSeconds: wish.maxRunSeconds },
    ...(isBuiltin ? {} : { Environment: { MILLRACE_MODEL_NAME: wish.origin.model } }),
    Tags: tagsOf(wish.origin),
  }
}

/** What SageMaker's image has to be told to run our code, as hyperparameters in training. */
function scriptSettings(archiveUri: string) {
  return { sagemaker_program: 'script_mode.py', sagemaker_submit_directory: archiveUri }
}

/** The same as environment in serving. */
export function scriptEnvironment(archiveUri: string): Readonly<Record<string, string>> {
  return { SAGEMAKER_PROGRAM: 'script_mode.py', SAGEMAKER_SUBMIT_DIRECTORY: archiveUri }
}

function channelsOf(exportUri: string, isBuiltin: boolean): Channel[] {
  const names = isBuiltin ? ['train', 'validation'] : ['train', 'validation', 'test', 'manifest']
  return names.map((ChannelName) => ({
    ChannelName,
    ContentType: ChannelName === 'manifest' ? 'application/json' : 'text/csv',
    DataSource: {
      S3DataSource: {
        S3DataType: 'S3Prefix',
        // With a slash: train is not training.
        S3Uri: `${withoutSlash(exportUri)}/${ChannelName}/`,
        S3DataDistributionType: 'FullyReplicated',
      },
    },
  }))
}

/**
 * A name that only the same wish has: asked for twice, there is one job. Tags do not count, they name no content.
 * @param attempt 2 after a job of this name that failed
 */
export function defaultName(model: string, request: NamelessRequest, attempt: number): string {
  const { Tags: _tags, ...content } = request
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12)
  return attempt === 1 ? `${model}-${hash}` : `${model}-${hash}-${attempt}`
}

/**
 * The whole request. Checkpoints have a folder by the name of the first attempt, so that the next one goes on from them.
 * @param first name of the first job with this content, which may be this one
 */
export function nameRequest(
  request: NamelessRequest,
  name: string,
  first = name,
): CreateTrainingJobRequest {
  const { OutputDataConfig: output } = request
  const isBuiltin = request.Environment === undefined
  const checkpoints = `${output?.S3OutputPath}/${first}/checkpoints`
  return {
    ...request,
    TrainingJobName: name,
    ...(isBuiltin ? {} : { CheckpointConfig: { S3Uri: checkpoints } }),
  }
}
