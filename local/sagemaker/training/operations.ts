/** The operations on training jobs. */
import type {
  CreateTrainingJobResponse,
  DescribeTrainingJobRequest,
  DescribeTrainingJobResponse,
  ListTrainingJobsRequest,
  ListTrainingJobsResponse,
  StopTrainingJobRequest,
} from '@aws-sdk/client-sagemaker'
import { arnOf } from '../api/arn.ts'
import type { Checked } from '../api/checked.ts'
import { invalid, Refusal } from '../api/refusal.ts'
import type { StandIn } from '../context.ts'
import { below } from '../files.ts'
import { findImage } from '../images.ts'
import { listPage } from '../listing.ts'
import { setTags } from '../tags.ts'
import { hasObjects, nothingAt } from './channels.ts'
import {
  isRunning,
  newJob,
  type TrainingJob,
  type TrainingRequest,
  withFailure,
  withTransition,
} from './job.ts'
import { metricFinder } from './metrics.ts'
import { internalError, outputPlace, type RunningJob, runJob } from './run-job.ts'

export function trainingOperations(standIn: StandIn) {
  const { jobs } = standIn.stores
  const running = new Map<string, RunningJob>()
  // Those that ran when the stand-in was killed: their processes are gone.
  for (const job of jobs.all().filter(isRunning)) {
    jobs.put(withFailure(job, internalError, standIn.clock.now()))
  }

  function find(name: string): TrainingJob {
    const job = jobs.get(name)
    if (job === undefined) throw invalid('Requested resource not found.')
    return job
  }

  return {
    async CreateTrainingJob(request: TrainingRequest): Promise<CreateTrainingJobResponse> {
      assertPossible(standIn, request)
      for (const channel of request.InputDataConfig ?? []) {
        if (channel.DataSource.S3DataSource?.S3DataType === 'ManifestFile') continue
        if (!(await hasObjects(standIn.files, channel))) throw invalid(nothingAt(channel))
      }
      const name = request.TrainingJobName
      // Only now, because another request of that name may have come while we looked.
      assertNew(standIn, name)
      assertWithinLimit(standIn, request)
      // First, because a job that is there has to run.
      setTags(standIn, arnOf('training-job', name), request.Tags)
      jobs.put(newJob(request, standIn.clock.now()))
      const job = runJob(standIn, name)
      running.set(name, job)
      void job.done.then(() => running.delete(name))
      return { TrainingJobArn: arnOf('training-job', name) }
    },
    DescribeTrainingJob(request: Checked<DescribeTrainingJobRequest>): DescribeTrainingJobResponse {
      return describe(find(request.TrainingJobName))
    },
    ListTrainingJobs(request: Checked<ListTrainingJobsRequest>): ListTrainingJobsResponse {
      const { page, NextToken } = listPage(jobs.all(), request)
      return { TrainingJobSummaries: page.map(summarize), NextToken }
    },
    StopTrainingJob({ TrainingJobName: name }: Checked<StopTrainingJobRequest>): undefined {
      const job = find(name)
      if (!isRunning(job)) {
        throw invalid(
          `The request was rejected because the training job is in status ${job.status}.`,
        )
      }
      if (job.status === 'Stopping') return
      const now = standIn.clock.now()
      const stopping = withTransition(job, 'Stopping', 'Stopping the training job', now)
      jobs.put({ ...stopping, status: 'Stopping' })
      running.get(name)?.stop('asked')
    },
    /** Ends what runs, because the stand-in itself ends. */
    async close(): Promise<void> {
      const open = [...running.values()]
      for (const job of open) job.stop('shutdown')
      await Promise.all(open.map(({ done }) => done))
    },
  }
}

function assertNew({ stores }: StandIn, name: string): void {
  if (stores.jobs.get(name) === undefined) return
  throw new Refusal(
    'ResourceInUse',
    `Training job names must be unique within an AWS account and region, and a training job with this name already exists (${arnOf('training-job', name)})`,
  )
}

/** @throws what SageMaker refuses beyond single values, and what this stand-in does not do */
function assertPossible(standIn: StandIn, request: TrainingRequest): void {
  const { AlgorithmSpecification: spec, ResourceConfig: resources, InputDataConfig = [] } = request
  // The type says that it is there; what came over the wire may say otherwise.
  if (spec?.TrainingImage === undefined) {
    throw invalid(
      'You must specify either an AlgorithmName or a TrainingImage in AlgorithmSpecification; the stand-in needs the image.',
    )
  }
  if (resources?.InstanceType === undefined)
    throw invalid('InstanceType must be specified in ResourceConfig.')
  if (request.StoppingCondition === undefined) {
    throw invalid(
      "1 validation error detected: Value null at 'stoppingCondition' failed to satisfy constraint: Member must not be null",
    )
  }
  const { MaxRuntimeInSeconds, MaxWaitTimeInSeconds } = request.StoppingCondition
  if (
    request.EnableManagedSpotTraining === true &&
    (MaxWaitTimeInSeconds ?? 0) < (MaxRuntimeInSeconds ?? 86_400)
  ) {
    throw invalid(
      'MaxWaitTimeInSeconds above MaxRuntimeInSeconds is required when EnableManagedSpotTraining is set.',
    )
  }
  const names = InputDataConfig.map(({ ChannelName }) => ChannelName)
  if (new Set(names).size < names.length)
    throw invalid('Channel names must be unique in InputDataConfig.')
  const modes = [spec.TrainingInputMode, ...InputDataConfig.map(({ InputMode }) => InputMode)]
  if (modes.includes('Pipe'))
    throw invalid('The stand-in has no TrainingInputMode Pipe; use File or FastFile.')
  metricFinder(spec.MetricDefinitions)
  findImage(standIn.containers(), spec.TrainingImage)
  assertNew(standIn, request.TrainingJobName)
  assertWithinLimit(standIn, request)
}

/** @throws `ResourceLimitExceeded` */
function assertWithinLimit(standIn: StandIn, { ResourceConfig: resources }: TrainingRequest): void {
  const { limits } = standIn.containers()
  const used = standIn.stores.jobs.all().filter(isRunning).length
  const wanted = resources?.InstanceCount ?? 1
  if (wanted > 1 || used + wanted > limits.training_jobs) {
    const limit = wanted > 1 ? 1 : limits.training_jobs
    throw new Refusal(
      'ResourceLimitExceeded',
      `The account-level service limit '${resources?.InstanceType} for training job usage' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of ${wanted} Instances. Please use AWS Service Quotas to request an increase for this quota.`,
    )
  }
}

function describe(job: TrainingJob): DescribeTrainingJobResponse {
  const { request, transitions, startedAt, endedAt } = job
  // Tags are not part of the answer; ListTags has them.
  const { Tags: _tags, TrainingJobName, ...asked } = request
  const seconds =
    startedAt === undefined
      ? undefined
      : Math.ceil(((endedAt ?? job.modifiedAt) - startedAt) / 1000)
  const last = transitions.at(-1)
  const place = below(outputPlace(request, job.name), 'model.tar.gz')
  return {
    // The request is readonly throughout; the SDK's types are not.
    ...(asked as Omit<DescribeTrainingJobResponse, 'TrainingJobName' | 'ModelArtifacts'>),
    TrainingJobName,
    TrainingJobArn: arnOf('training-job', job.name),
    // Where it goes, also as long as it is not there.
    ModelArtifacts: { S3ModelArtifacts: `s3://${place.bucket}/${place.key}` },
    TrainingJobStatus: job.status,
    SecondaryStatus: last?.status ?? 'Starting',
    FailureReason: job.failureReason,
    StoppingCondition: { ...request.StoppingCondition },
    CreationTime: new Date(job.createdAt),
    TrainingStartTime: dateOf(startedAt),
    TrainingEndTime: dateOf(endedAt),
    LastModifiedTime: new Date(job.modifiedAt),
    SecondaryStatusTransitions: transitions.map((each) => ({
      Status: each.status,
      StartTime: new Date(each.startedAt),
      EndTime: dateOf(each.endedAt),
      StatusMessage: each.message,
    })),
    FinalMetricDataList: job.metrics.map(({ name, value, at }) => ({
      MetricName: name,
      Value: value,
      Timestamp: new Date(at),
    })),
    EnableNetworkIsolation: request.EnableNetworkIsolation ?? false,
    EnableManagedSpotTraining: request.EnableManagedSpotTraining ?? false,
    EnableInterContainerTrafficEncryption: request.EnableInterContainerTrafficEncryption ?? false,
    TrainingTimeInSeconds: seconds === undefined ? undefined : Math.max(1, seconds),
    BillableTimeInSeconds:
      endedAt === undefined || seconds === undefined ? undefined : Math.max(1, seconds),
  }
}

function summarize(job: TrainingJob) {
  return {
    TrainingJobName: job.name,
    TrainingJobArn: arnOf('training-job', job.name),
    CreationTime: new Date(job.createdAt),
    TrainingEndTime: dateOf(job.endedAt),
    LastModifiedTime: new Date(job.modifiedAt),
    TrainingJobStatus: job.status,
    SecondaryStatus: job.transitions.at(-1)?.status,
  }
}

function dateOf(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at)
}
