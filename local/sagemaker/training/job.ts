/** A training job as it is kept: what was asked for, and how far it is. */
import type {
  CreateTrainingJobRequest,
  SecondaryStatus,
  TrainingJobStatus,
} from '@aws-sdk/client-sagemaker'
import type { Checked } from '../api/checked.ts'
import type { Stored } from '../store.ts'

type AnyTrainingRequest = Checked<CreateTrainingJobRequest>

/** SageMaker also has jobs that are not made of an image; the stand-in has not. */
export type TrainingRequest = AnyTrainingRequest &
  Required<Pick<AnyTrainingRequest, 'AlgorithmSpecification'>>

/** Times in milliseconds since 1970. */
type Transition = {
  readonly status: SecondaryStatus
  readonly startedAt: number
  readonly endedAt?: number
  readonly message: string
}

export type MetricValue = {
  readonly name: string
  readonly value: number
  readonly at: number
}

export type TrainingJob = Stored & {
  readonly modifiedAt: number
  readonly request: TrainingRequest
  readonly status: TrainingJobStatus
  /** The last is what it is doing now. */
  readonly transitions: readonly Transition[]
  readonly failureReason?: string
  /** When the container was started. */
  readonly startedAt?: number
  readonly endedAt?: number
  readonly metrics: readonly MetricValue[]
}

export function newJob(request: TrainingRequest, now: number): TrainingJob {
  return {
    name: request.TrainingJobName,
    createdAt: now,
    modifiedAt: now,
    request,
    status: 'InProgress',
    transitions: [{ status: 'Starting', startedAt: now, message: 'Starting the training job' }],
    metrics: [],
  }
}

/** The job, one step on: the step before ends where this one begins. */
export function withTransition(
  job: TrainingJob,
  status: SecondaryStatus,
  message: string,
  now: number,
): TrainingJob {
  const before = job.transitions.map((each) => ({ endedAt: now, ...each }))
  const transitions = [...before, { status, startedAt: now, message }]
  return { ...job, modifiedAt: now, transitions }
}

/** The job, over. */
export function withEnd(
  job: TrainingJob,
  end: { readonly status: TrainingJobStatus; readonly secondary?: SecondaryStatus },
  message: string,
  now: number,
): TrainingJob {
  const secondary = end.secondary ?? finalSteps[end.status] ?? 'Failed'
  const { transitions, ...rest } = withTransition(job, secondary, message, now)
  const ended = transitions.map((each) => ({ endedAt: now, ...each }))
  return { ...rest, status: end.status, endedAt: now, transitions: ended }
}

const finalSteps: Readonly<Partial<Record<TrainingJobStatus, SecondaryStatus>>> = {
  Completed: 'Completed',
  Failed: 'Failed',
  Stopped: 'Stopped',
}

/** The longest reason that DescribeTrainingJob can give. */
const maxReason = 1024

export function withFailure(job: TrainingJob, reason: string, now: number): TrainingJob {
  const failed = withEnd(job, { status: 'Failed' }, 'Training job failed', now)
  return { ...failed, failureReason: reason.slice(0, maxReason) }
}

export function isRunning({ status }: TrainingJob): boolean {
  return status === 'InProgress' || status === 'Stopping'
}
